//! `cargo xtask gc`: what no release needs any more.

use std::io::Write;

use clap::value_parser;
use protocol::{Collect, Event, Garbage, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::{Error, count};
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

/// Delete code and templates from the artifact bucket that no release needs any more
///
/// Only shows what it would delete, until `--yes` is given. Everything stays that the newest releases, the live one and the one before
/// it were made of, what a deployed stack names in its parameters, and what is younger than a day. The bucket keeps deleted objects as
/// old versions for as long as `artifacts.old_version_days` says. While it deletes, nobody can deploy.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask gc --env staging
  cargo xtask gc --env staging --keep 50 --yes")]
pub(crate) struct Args {
    /// Environment to clean, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// How many of the newest releases that succeeded can still be returned to
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = value_parser!(u32).range(1..))]
    keep: u32,
    /// Delete it
    #[arg(long, short)]
    yes: bool,
    /// Write one JSON object on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::with_engine_alone(ctx, &args.env)?;
    let interrupts = Interrupts::catch()?;
    let collect = Collect { ledger: session.ledger(), keep: args.keep as usize, delete: args.yes };
    let mut found = None;
    session.converse(&Request::Collect(collect), &interrupts, &mut |event: &Event| {
        if let Event::Garbage(garbage) = event {
            found = Some(garbage.clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;
    if let Some(garbage) = found {
        if args.json {
            json_line(out, &garbage)?;
        } else {
            text(&garbage).iter().try_for_each(|text| line(out, text))?;
        }
    }
    Ok(Outcome::Done)
}

fn text(garbage: &Garbage) -> Vec<String> {
    let mut lines: Vec<String> = garbage.keys.clone();
    let megabytes = format!("{}.{} MB", garbage.bytes / 1_000_000, garbage.bytes % 1_000_000 / 100_000);
    let found = count(garbage.keys.len(), "object");
    let verb = if garbage.deleted { "deleted" } else { "would be deleted" };
    lines.push(format!("{found} ({megabytes}) {verb}; {} kept whole", count(garbage.kept, "release")));
    if 0 < garbage.young {
        lines.push(format!("{} of the last 24 hours left alone", count(garbage.young, "more object")));
    }
    if !garbage.deleted && !garbage.keys.is_empty() {
        lines.push("nothing was deleted; `--yes` does it".to_owned());
    }
    lines
}
