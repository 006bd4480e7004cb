//! `cargo xtask check`: what CloudFormation would refuse, before it does.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cfn_kit::{Finding, Severity};
use serde::Serialize;
use stacks::Finished;

use super::{json_line, line};
use crate::cli::Context;
use crate::environments;
use crate::error::{Error, count};
use crate::outcome::Outcome;
use crate::progress::tell;

/// Find what CloudFormation would refuse, without asking it
///
/// Looks for references to nothing, cycles, IDs that stand twice, and limits that are passed, in the templates of environments or in
/// any template file (YAML or JSON). Everything that is wrong is found in one go. Ends with 1 when something would be refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask check
  cargo xtask check --env prod
  cargo xtask check --template some/template.yaml --json")]
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
    /// Write one JSON object per finding on stdout, for other programs
    #[arg(long)]
    json: bool,
}

/// A finding, and in which template of ours it is.
#[derive(Debug, Serialize)]
struct Found<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack: Option<&'a str>,
    #[serde(flatten)]
    finding: &'a Finding,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut sum = Sum::default();
    match &args.template {
        Some(path) => {
            let findings = cfn_kit::check(&read(path)?);
            sum.add(&findings);
            for finding in &findings {
                show(&Found { environment: None, stack: None, finding }, args.json, out)?;
            }
        }
        None => {
            let workspace = ctx.workspace()?;
            let environments = match &args.env {
                Some(name) => vec![environments::read(&workspace, name)?],
                None => environments::read_all(&workspace)?,
            };
            for environment in &environments {
                for finished in &stacks::platform(environment) {
                    let findings = finished.template.check();
                    sum.add(&findings);
                    for finding in &findings {
                        let found = Found { environment: Some(&environment.name), stack: Some(finished.stack), finding };
                        show(&found, args.json, out)?;
                    }
                }
            }
        }
    }
    tell(&sum.to_string());
    Ok(if sum.errors == 0 { Outcome::Done } else { Outcome::Failed })
}

/// Any template, also one that this kit did not write.
pub(crate) fn read(path: &Path) -> Result<cfn_kit::Document, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    cfn_kit::read(&text, &path.display().to_string()).map_err(|error| Error::Template { path: path.to_owned(), source: Box::new(error) })
}

/// Stops whoever is about to send templates that would be refused, and says on stderr why.
pub(crate) fn must_pass(environment: &str, platform: &[Finished]) -> Result<(), Error> {
    let mut errors = 0;
    for finished in platform {
        for finding in finished.template.check().iter().filter(|finding| finding.severity == Severity::Error) {
            tell(&format!("{}: {finding}", finished.stack));
            errors += 1;
        }
    }
    if errors == 0 { Ok(()) } else { Err(Error::Findings { environment: environment.to_owned(), errors }) }
}

fn show(found: &Found<'_>, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    if json {
        return json_line(out, found);
    }
    let place: Vec<_> = found.environment.into_iter().chain(found.stack).collect();
    let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join("/")) };
    line(out, &format!("{place}{}", found.finding))
}

#[derive(Debug, Default)]
struct Sum {
    templates: usize,
    errors: usize,
    warnings: usize,
}

impl Sum {
    fn add(&mut self, findings: &[Finding]) {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        self.templates += 1;
        self.errors += errors;
        self.warnings += findings.len() - errors;
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { templates, errors, warnings } = *self;
        write!(f, "{} checked: {}, {}", count(templates, "template"), count(errors, "error"), count(warnings, "warning"))
    }
}
