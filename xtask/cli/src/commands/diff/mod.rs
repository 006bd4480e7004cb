//! `cargo xtask diff`: what a change means.

pub(crate) mod gates;
mod markdown;
mod pairs;

use std::io::Write;
use std::path::PathBuf;

use cfn_kit::{Diff, Json, Mark};
use clap::ArgGroup;
use serde::Serialize;

use self::gates::Gate;
use self::pairs::Pair;
use super::{json_line, line};
use crate::cli::Context;
use crate::error::{Error, count};
use crate::guards::{self, Compared};
use crate::outcome::Outcome;
use crate::progress::{Paint, tell};

/// Show what a change means for what is deployed, and what it would replace
///
/// Compares the templates of an environment with those that were reviewed in another revision (its snapshots), or with those that are
/// deployed; the reviewed templates of two revisions (`A..B`); or any two template files. What means the same is no difference, in
/// whatever order or form it is written. Nothing is changed, and only `--deployed` asks AWS. Ends with 0 when nothing differs and with
/// 3 when something does; with `--fail-on`, with 3 only when that happens. A change of what a template marks as `must-never-change`
/// ends with 3 until `--allow-change` names it. With `--deployed`, what is lost or opened gets a token that `deploy --accept` takes.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("what").args(["env", "templates"]).required(true),
    group = ArgGroup::new("form").args(["json", "markdown"]),
    after_long_help = "\
Examples:
  cargo xtask diff --env staging
  cargo xtask diff --env prod --against v1.4.0
  cargo xtask diff --env prod --against v1.4.0..v1.5.0 --markdown
  cargo xtask diff --env prod --deployed --fail-on replace,delete,broaden
  cargo xtask diff --env prod --deployed --json | jq 'select(.resources[].fate == \"deleted\")'
  cargo xtask diff --templates old.yaml new.json"
)]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to compare, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// Git revision to compare with, or `A..B` for two revisions with each other
    #[arg(long, value_name = "REV", default_value = "HEAD", conflicts_with_all = ["deployed", "templates"])]
    against: String,
    /// Compare with what is deployed
    #[arg(long, conflicts_with = "templates")]
    deployed: bool,
    /// Two template files, YAML or JSON, whoever wrote them
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    templates: Option<Vec<PathBuf>>,
    /// End with 3 only when this happens, and say on stderr what does it
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    fail_on: Vec<Gate>,
    /// Allow a change of what a template says must never change
    #[arg(long, value_name = "LOGICAL_ID.PROPERTY")]
    allow_change: Vec<String>,
    /// Write one JSON object per stack that differs on stdout, for other programs
    #[arg(long)]
    json: bool,
    /// Write the comment for a pull request on stdout, short enough for GitHub
    #[arg(long)]
    markdown: bool,
}

/// What `--json` prints. Other programs rely on these names.
#[derive(Debug, Serialize)]
struct Told<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(flatten)]
    diff: &'a Diff,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    // Clap asks for one of the two.
    let name = args.env.as_deref().unwrap_or_default();
    let pairs = match (args.templates.as_deref(), args.against.split_once("..")) {
        (Some([old, new]), _) => pairs::files(old, new)?,
        _ if args.deployed => pairs::deployed(ctx, name)?,
        (_, Some((from, to))) => pairs::between(ctx, name, from, to)?,
        (_, None) => pairs::reviewed(ctx, name, &args.against)?,
    };
    let compared = pairs.into_iter().map(|Pair { stack, old, new }| {
        let exists = old.template.get("Resources").is_some_and(Json::is_object);
        Compared { stack, exists, diff: cfn_kit::diff_documents(&old, &new) }
    });
    let differing: Vec<Compared> = compared.filter(|one| !one.diff.is_empty()).collect();

    if args.markdown {
        line(out, &markdown::comment(&heading(args), &command(args), &differing)?)?;
    } else {
        for one in &differing {
            show(one, args, out)?;
        }
    }
    Ok(end(args, &differing))
}

fn show(one: &Compared, args: &Args, out: &mut dyn Write) -> Result<(), Error> {
    let stack = one.stack.as_deref();
    if args.json {
        return json_line(out, &Told { environment: args.env.as_deref(), stack, diff: &one.diff });
    }
    let paint = Paint::for_stdout();
    if let Some(stack) = stack {
        line(out, &paint.strong(stack))?;
    }
    one.diff.lines().iter().try_for_each(|text| line(out, &coloured(text, paint)))
}

/// Says how it ended, and why.
fn end(args: &Args, differing: &[Compared]) -> Outcome {
    let bad = |text: &str| tell(&Paint::for_stderr().bad(text));
    let lost = differing.iter().flat_map(|one| one.diff.destructive()).filter(|resource| resource.lost.is_some() && resource.stateful);
    let lost = lost.count();
    if 0 < lost {
        bad(&format!("{} would lose data", count(lost, "resource")));
    }
    if differing.is_empty() {
        tell("nothing differs");
    }
    let mut closed: Vec<String> = args.fail_on.iter().filter_map(|gate| gate.closed_by(differing)).collect();
    let refused = gates::refused(differing, &args.allow_change);
    closed.extend(refused.iter().map(|one| one.text.clone()));
    closed.iter().for_each(|text| bad(text));
    if let Some(first) = refused.first() {
        tell(&Paint::for_stderr().hint(&format!("hint: if it has to be, say so: `--allow-change {}`", first.name)));
    }
    gates::needless(differing, &args.allow_change)
        .for_each(|name| tell(&format!("`--allow-change {name}` allows nothing: it does not change, or nothing guards it")));

    if args.deployed
        && let Some(token) = guards::token(differing)
    {
        tell(&Paint::for_stderr().hint(&format!("hint: a deploy that may do exactly this: `--accept {token}`")));
    }

    match (closed.is_empty(), args.fail_on.is_empty()) {
        (true, true) if differing.is_empty() => Outcome::Done,
        (true, false) => Outcome::Done,
        (true, true) | (false, _) => Outcome::Different,
    }
}

/// What is compared with what, in words.
fn heading(args: &Args) -> String {
    match (&args.env, &args.templates) {
        (_, Some(files)) => files.iter().map(|file| format!("`{}`", file.display())).collect::<Vec<_>>().join(" → "),
        (Some(env), _) if args.deployed => format!("`{env}` against what is deployed"),
        (Some(env), _) => format!("`{env}` against `{}`", args.against),
        (None, None) => String::new(),
    }
}

/// The command that shows all of it.
fn command(args: &Args) -> String {
    let rest = match (&args.env, &args.templates) {
        (_, Some(files)) => format!("--templates {}", files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")),
        (Some(env), _) if args.deployed => format!("--env {env} --deployed"),
        (Some(env), _) => format!("--env {env} --against {}", args.against),
        (None, None) => String::new(),
    };
    format!("cargo xtask diff {rest}")
}

pub(super) fn coloured(line: &cfn_kit::Line, paint: Paint) -> String {
    match line.mark {
        Mark::Added | Mark::Narrowed => paint.good(&line.text),
        Mark::Changed => paint.notable(&line.text),
        Mark::Removed | Mark::Replaced | Mark::Warning => paint.bad(&line.text),
        Mark::Heading => paint.strong(&line.text),
        Mark::Detail => line.text.clone(),
    }
}
