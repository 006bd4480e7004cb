//! `cargo xtask diff`: what a change means.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use cfn_kit::{Diff, Json, Mark};
use clap::ArgGroup;
use protocol::{Event, Request};
use serde::Serialize;
use serde_json::Map;
use stacks::Finished;

use super::{check, json_line, line};
use crate::cli::Context;
use crate::environments;
use crate::error::{Error, count};
use crate::git;
use crate::local::omissions::without_refused;
use crate::outcome::Outcome;
use crate::progress::{Paint, tell};
use crate::session::{Session, is_local};

/// Show what a change means for what is deployed, and what it would replace
///
/// Compares the templates of an environment with those that were reviewed in another revision (its snapshots), or with those that are
/// deployed; or any two template files with each other. The order of keys is no difference. Nothing is changed, and only `--deployed`
/// asks AWS. Ends with 0 when nothing differs and with 3 when something does.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("what").args(["env", "templates"]).required(true),
    after_long_help = "\
Examples:
  cargo xtask diff --env staging
  cargo xtask diff --env prod --against v1.4.0
  cargo xtask diff --env prod --deployed --json | jq 'select(.resources[].fate == \"deleted\")'
  cargo xtask diff --templates old.yaml new.json"
)]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to compare, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// Git revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD", conflicts_with_all = ["deployed", "templates"])]
    against: String,
    /// Compare with what is deployed
    #[arg(long, conflicts_with = "templates")]
    deployed: bool,
    /// Two template files, YAML or JSON, whoever wrote them
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    templates: Option<Vec<PathBuf>>,
    /// Write one JSON object per stack that differs on stdout, for other programs
    #[arg(long)]
    json: bool,
}

/// One stack before and after; none where it does not exist.
struct Pair {
    stack: String,
    old: Option<Json>,
    new: Option<Json>,
}

/// What `--json` prints. Other programs rely on these names.
#[derive(Debug, Serialize)]
struct Compared<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(flatten)]
    diff: &'a Diff,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    if let Some([old, new]) = args.templates.as_deref() {
        let diff = cfn_kit::diff(&check::read(old)?.template, &check::read(new)?.template);
        return show(&[(None, diff)], args, out);
    }
    // Clap asks for one of the two.
    let name = args.env.as_deref().unwrap_or_default();
    let pairs = if args.deployed { deployed(ctx, name)? } else { reviewed(ctx, name, &args.against)? };

    let nothing = Json::Object(Map::new());
    let diffs: Vec<_> = pairs
        .into_iter()
        .map(|Pair { stack, old, new }| {
            let diff = cfn_kit::diff(old.as_ref().unwrap_or(&nothing), new.as_ref().unwrap_or(&nothing));
            (Some(stack), diff)
        })
        .collect();
    show(&diffs, args, out)
}

/// Every stack as it was reviewed in a revision, and as it is rendered now.
fn reviewed(ctx: &Context, name: &str, rev: &str) -> Result<Vec<Pair>, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, name)?;
    let mut old: BTreeMap<_, _> = git::snapshots(&workspace, rev, name)?.into_iter().collect();

    let mut pairs = Vec::new();
    for finished in stacks::platform(&environment) {
        let file = format!("{rev}:snapshots/{name}/{}.snap", finished.stack);
        pairs.push(Pair {
            stack: finished.stack.to_owned(),
            old: old.remove(finished.stack).map(|text| read(&text, &file)).transpose()?,
            // Both sides come from text, so that what the text cannot tell apart is no difference.
            new: Some(read(&finished.yaml(), finished.stack)?),
        });
    }
    for (stack, text) in old {
        let file = format!("{rev}:snapshots/{name}/{stack}.snap");
        pairs.push(Pair { old: Some(read(&text, &file)?), new: None, stack });
    }
    Ok(pairs)
}

/// Every stack as it is deployed, and as it would be deployed now.
fn deployed(ctx: &Context, name: &str) -> Result<Vec<Pair>, Error> {
    let session = Session::open(ctx, name)?;
    let mut bodies = BTreeMap::new();
    session.read(&Request::Templates(session.stacks()), |event| {
        if let Event::Template { stack, body: Some(body) } = event {
            bodies.insert(stack.stack.clone(), body.clone());
        }
        Ok(())
    })?;

    let sent = |finished: &Finished| {
        let template = finished.template.to_json();
        if is_local(&session.environment) { without_refused(&template) } else { template }
    };
    let pair = |finished: &Finished| {
        let old = bodies.remove(finished.stack).map(|body| read(&body, &finished.name)).transpose()?;
        Ok(Pair { stack: finished.stack.to_owned(), old, new: Some(sent(finished)) })
    };
    session.platform.iter().map(pair).collect()
}

fn read(text: &str, file: &str) -> Result<Json, Error> {
    let document = cfn_kit::read(text, file);
    document.map(|document| document.template).map_err(|error| Error::Template { path: PathBuf::from(file), source: Box::new(error) })
}

fn show(diffs: &[(Option<String>, Diff)], args: &Args, out: &mut dyn Write) -> Result<Outcome, Error> {
    let paint = Paint::for_stdout();
    let differing: Vec<_> = diffs.iter().filter(|(_, diff)| !diff.is_empty()).collect();
    for (stack, diff) in &differing {
        let stack = stack.as_deref();
        if args.json {
            json_line(out, &Compared { environment: args.env.as_deref(), stack, diff })?;
            continue;
        }
        if let Some(stack) = stack {
            line(out, &paint.strong(stack))?;
        }
        for text in diff.lines() {
            line(out, &coloured(&text, paint))?;
        }
    }

    let lost = differing.iter().flat_map(|(_, diff)| diff.destructive()).filter(|resource| resource.stateful).count();
    if 0 < lost {
        tell(&Paint::for_stderr().bad(&format!("{} would lose data", count(lost, "resource"))));
    }
    if differing.is_empty() {
        tell("nothing differs");
        return Ok(Outcome::Done);
    }
    Ok(Outcome::Different)
}

fn coloured(line: &cfn_kit::Line, paint: Paint) -> String {
    match line.mark {
        Mark::Added | Mark::Narrowed => paint.good(&line.text),
        Mark::Changed => paint.notable(&line.text),
        Mark::Removed | Mark::Replaced | Mark::Warning => paint.bad(&line.text),
        Mark::Heading => paint.strong(&line.text),
        Mark::Detail => line.text.clone(),
    }
}
