//! `cargo xtask destroy`: an environment goes.

use std::io::Write;

use protocol::{Destroy, Outcome as EngineOutcome, Request};

use crate::ask::Yes;
use crate::cli::Context;
use crate::environments;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::Reporter;
use crate::session::{Session, is_local};
use crate::watcher::Watcher;

/// Delete all stacks of an environment, and say what stays and why
///
/// Stacks that use others go first. What is kept on purpose (data with `protection.data: keep`) stays and is listed. Without `--yes` the
/// environment's name has to be typed; a protected environment (`protection.termination: true`) is refused in any case.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask destroy --env local
  cargo xtask destroy --env qa --purge")]
pub(crate) struct Args {
    /// Environment to delete, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Empty the buckets that are deleted: all objects in them are lost, all versions of them
    #[arg(long)]
    purge: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    destroy(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn destroy(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let environment = environments::read(&ctx.workspace()?, &args.env)?;
    let ask = !is_local(&environment) && !args.yes;
    if environment.protection.termination {
        return Err(Error::Protected { environment: environment.name });
    }
    ctx.terminal.can_answer(ask, &environment.name)?;

    let session = Session::open(ctx, &args.env)?;
    let interrupts = Interrupts::catch()?;
    let needs = |finished: &foundation::Finished| finished.needs().into_iter().map(str::to_owned).collect();
    let request = Request::Destroy(Destroy {
        target: session.target(),
        stacks: session.stack_refs(),
        needs: session.platform.iter().map(|finished| (finished.stack.to_owned(), needs(finished))).collect(),
        purge: args.purge,
        ask,
    });
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Typed(&args.env));
    let end = session.converse(&request, &interrupts, &mut watcher)?;
    watcher.end()?;
    Ok(match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Changed | EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
    })
}
