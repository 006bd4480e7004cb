//! `cargo xtask test`: everything that must hold before a change goes in.

use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::suite;

/// Run all tests, installing what they need
///
/// Formatting, lints, every test of the workspace, the judges of templates (cfn-lint and others, pinned), and a deploy to the local
/// cloud. This is what the pipeline runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    options: suite::Options,
}

pub(crate) fn run(args: &Args, ctx: &Context) -> Result<Outcome, Error> {
    let passed = suite::run(&ctx.workspace()?, &args.options, &Interrupts::catch()?, &tell)?;
    Ok(if passed { Outcome::Done } else { Outcome::Failed })
}
