//! `cargo xtask check`: what CloudFormation would refuse, and what it accepts and you regret, before either happens.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cfn_kit::rules::{self, Rule};
use cfn_kit::{Finding, Severity};
use foundation::Finished;
use foundation::environment::Environment;
use serde::Serialize;

use super::{json_line, line};
use crate::cli::Context;
use crate::error::{Error, count};
use crate::outcome::Outcome;
use crate::progress::{Paint, tell};
use crate::{environments, findings, sarif};

/// Find what CloudFormation would refuse, and what it would accept and you would regret
///
/// Every property against CloudFormation's own schemas, references of the wrong kind, cycles, limits; and the rules: alarms that never
/// fire, consumers that may not consume, secrets, open doors. In the templates of environments, or in any template file (YAML or JSON).
/// Everything that is wrong is found in one go, each with the line that made it. Nothing is asked of AWS. Ends with 1 when something
/// would be refused, and with `--fail-on warning` when there is anything at all.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
A rule is switched off for one resource by `allow(\"rule\", \"reason\")` in Rust, or in a template's
  Metadata: { cfn-kit: { allow: { rule: reason } } }

Examples:
  cargo xtask check
  cargo xtask check --env prod --fail-on warning
  cargo xtask check --template some/template.yaml --production --region eu-central-1
  cargo xtask check --sarif > findings.sarif
  cargo xtask check --list")]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to check, as named in environments/; without it, all of them
    #[arg(long, value_name = "ENVIRONMENT", conflicts_with_all = ["all", "template"])]
    env: Option<String>,
    /// Check every environment, which is what happens without any option
    #[arg(long, conflicts_with = "template")]
    all: bool,
    /// Check this template instead, whoever wrote it
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Region that the template is for, such as eu-central-1
    #[arg(long, requires = "template")]
    region: Option<String>,
    /// People depend on what the template makes: data and zones must not be lost
    #[arg(long, requires = "template")]
    production: bool,
    /// Requests per second that one user may send, which no route may be limited below
    #[arg(long, requires = "template", value_name = "PER_SECOND")]
    user_rate: Option<f64>,
    /// What makes the command end with 1
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Write one JSON object per finding on stdout, for other programs
    #[arg(long)]
    json: bool,
    /// Write the findings as one SARIF log on stdout, for GitHub and editors
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
    /// List the rules instead, with what each demands and why
    #[arg(long, conflicts_with_all = ["env", "all", "template", "sarif"])]
    list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// What CloudFormation would refuse, or what surely goes wrong
    Error,
    /// Anything
    Warning,
}

/// A finding, and in which template of ours it is.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<String>,
    #[serde(flatten)]
    finding: Finding,
}

impl Found {
    /// `prod/jobs`, or nothing for a template of somebody else.
    fn place(&self) -> String {
        let place: Vec<&str> = self.environment.as_deref().into_iter().chain(self.stack.as_deref()).collect();
        place.join("/")
    }
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    if args.list {
        list(args.json, out)?;
        return Ok(Outcome::Done);
    }
    let (templates, found) = match &args.template {
        Some(path) => (1, foreign(path, args)?),
        None => ours(ctx, args.env.as_deref())?,
    };
    let errors = found.iter().filter(|found| found.finding.severity == Severity::Error).count();
    let warnings = found.len() - errors;

    if args.sarif {
        let named: Vec<_> = found.into_iter().map(|found| (found.place(), found.finding)).collect();
        json_line(out, &sarif::log(&named))?;
    } else {
        for one in &found {
            show(one, args.json, out)?;
        }
    }
    tell(&format!("{} checked: {}, {}", count(templates, "template"), count(errors, "error"), count(warnings, "warning")));
    let closed = match args.fail_on {
        FailOn::Error => errors,
        FailOn::Warning => errors + warnings,
    };
    Ok(if closed == 0 { Outcome::Done } else { Outcome::Failed })
}

fn foreign(path: &Path, args: &Args) -> Result<Vec<Found>, Error> {
    let context = rules::Context {
        production: args.production,
        region: args.region.clone(),
        user_rate_per_second: args.user_rate,
        ..rules::Context::default()
    };
    let found = findings::of(&read(path)?, &context);
    Ok(found.into_iter().map(|finding| Found { environment: None, stack: None, finding }).collect())
}

fn ours(ctx: &Context, env: Option<&str>) -> Result<(usize, Vec<Found>), Error> {
    let workspace = ctx.workspace()?;
    let environments = match env {
        Some(name) => vec![environments::read(&workspace, name)?],
        None => environments::read_all(&workspace)?,
    };
    let (mut templates, mut found) = (0, Vec::new());
    for environment in &environments {
        for finished in &ctx.platform.with_administered(environment) {
            templates += 1;
            let stack = finished.stack.to_owned();
            found.extend(of_stack(environment, finished).into_iter().map(|finding| Found {
                environment: Some(environment.name.clone()),
                stack: Some(stack.clone()),
                finding,
            }));
        }
    }
    Ok((templates, found))
}

fn of_stack(environment: &Environment, finished: &Finished) -> Vec<Finding> {
    findings::of(&finished.document(), &findings::context(environment, finished))
}

/// Any template, also one that this kit did not write.
pub(crate) fn read(path: &Path) -> Result<cfn_kit::Document, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    cfn_kit::read(&text, &path.display().to_string()).map_err(|error| Error::Template { path: path.to_owned(), source: Box::new(error) })
}

/// Stops whoever is about to send templates that would be refused, and says on stderr why.
pub(crate) fn must_pass(environment: &Environment, platform: &[Finished]) -> Result<(), Error> {
    let mut errors = 0;
    for finished in platform {
        for finding in of_stack(environment, finished).iter().filter(|finding| finding.severity == Severity::Error) {
            tell(&format!("{}: {finding}", finished.stack));
            errors += 1;
        }
    }
    if errors == 0 { Ok(()) } else { Err(Error::Findings { environment: environment.name.clone(), errors }) }
}

fn show(found: &Found, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    if json {
        return json_line(out, found);
    }
    let place = found.place();
    let place = if place.is_empty() { place } else { format!("{place}: ") };
    line(out, &format!("{place}{}", found.finding))
}

/// What `--list --json` prints. Other programs rely on these names.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    rule: &'a str,
    severity: Severity,
    title: &'a str,
    why: &'a str,
}

fn list(json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let paint = Paint::for_stdout();
    for Rule { id, severity, title, why, .. } in rules::rules() {
        if json {
            json_line(out, &Listed { rule: id, severity: *severity, title, why })?;
            continue;
        }
        let severity = match severity {
            Severity::Error => paint.bad("error"),
            Severity::Warning => paint.notable("warning"),
        };
        line(out, &format!("{} ({severity}): {title}\n    {why}", paint.strong(id)))?;
    }
    Ok(())
}
