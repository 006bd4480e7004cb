//! `cargo xtask unlock`: the lease of a deploy that is dead.

use std::io::Write;

use protocol::{Outcome as EngineOutcome, Request, Unlock};

use crate::ask::Yes;
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::Reporter;
use crate::session::{Session, is_local};
use crate::watcher::Watcher;

/// Take the lease of an environment away from a deploy that is dead
///
/// While a deploy writes, it holds a lease, and others wait. A lease that is no longer renewed runs out after two minutes by itself, so
/// this saves at most the waiting. Shows who holds it, looks for half a minute whether it is renewed, and wants the environment's name
/// typed. What its holder began is in the ledger as abandoned.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask unlock --env staging
  cargo xtask unlock --env staging --yes --force")]
pub(crate) struct Args {
    /// Environment to unlock, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Also when it is renewed: the deploy that holds it stops before its next write
    #[arg(long)]
    force: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    unlock(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn unlock(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::with_engine_alone(ctx, &args.env)?;
    let ask = !args.yes && !is_local(&session.environment);
    ctx.terminal.can_answer(ask, &args.env)?;
    let interrupts = Interrupts::catch()?;
    let request = Request::Unlock(Unlock { ledger: session.ledger(), ask, force: args.force });
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Typed(&args.env));
    let end = session.converse(&request, &interrupts, &mut watcher)?;
    watcher.end()?;
    Ok(match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Changed | EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
    })
}
