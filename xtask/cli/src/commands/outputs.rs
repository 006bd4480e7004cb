//! `cargo xtask outputs`: what the stacks give to the outside.

use std::io::Write;

use indexmap::IndexMap;
use protocol::{Event, Outputs, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::session::Session;

/// Show what the stacks of an environment give to the outside: bucket names, queue URLs
///
/// With `--json`, one object on stdout: stack → output → value.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask outputs --env local
  cargo xtask outputs --env local --json | jq -r .images.SourceBucketName")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let all = read(&session)?;
    if args.json {
        json_line(out, &all)?;
    } else {
        for (stack, outputs) in &all {
            for (name, value) in outputs {
                line(out, &format!("{stack}.{name}  {value}"))?;
            }
        }
    }
    Ok(Outcome::Done)
}

/// All outputs of all stacks that exist, by stack.
pub(crate) fn read(session: &Session) -> Result<IndexMap<String, Outputs>, Error> {
    let mut all = IndexMap::new();
    session.read(&Request::Outputs(session.stacks()), |event| {
        if let Event::Outputs { stack, outputs } = event {
            all.insert(stack.stack.clone(), outputs.clone());
        }
        Ok(())
    })?;
    Ok(all)
}
