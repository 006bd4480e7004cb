//! `cargo xtask codegen`: the facts that resource types are generated from.

use crate::cli::Context;
use crate::codegen;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;

/// Refresh the facts about CloudFormation's resource types
///
/// The facts are committed, so nothing else needs this. It reads the schemas that AWS publishes, fetched through pip and npm.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: codegen::Options,
}

pub(crate) fn run(args: &Args, ctx: &Context) -> Result<Outcome, Error> {
    let changed = codegen::run(&ctx.workspace()?, &args.options, &tell)?;
    tell(if changed { "the facts changed: review them like code" } else { "the facts are up to date" });
    Ok(Outcome::Done)
}
