//! `cargo xtask queues`: what waits, and where.

use std::io::Write;

use protocol::{Event, QueueDepth, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::session::Session;

/// Show how much waits in every queue of an environment
///
/// The numbers are SQS's own, and approximate. Dead letters are what nobody could get done: `logs` says why.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask queues --env local
  cargo xtask queues --env prod --json | jq 'select(.dead_letters and .waiting > 0)'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per queue on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let mut queues = Vec::new();
    session.read(&Request::Queues(session.stacks()), |event| {
        if let Event::Queue(queue) = event {
            queues.push(queue.clone());
        }
        Ok(())
    })?;
    if args.json {
        queues.iter().try_for_each(|queue| json_line(out, queue))?;
    } else {
        text(&queues).iter().try_for_each(|text| line(out, text))?;
    }
    Ok(Outcome::Done)
}

fn text(queues: &[QueueDepth]) -> Vec<String> {
    let name = |queue: &QueueDepth| format!("{}.{}", queue.stack.stack, queue.logical_id);
    let width = queues.iter().map(|queue| name(queue).chars().count()).max().unwrap_or_default();
    let row = |queue: &QueueDepth| {
        let mark = if queue.dead_letters && 0 < queue.waiting { "  dead letters: nobody could get these done" } else { "" };
        format!(
            "{:width$}  {:>7} waiting  {:>5} in flight  {:>5} delayed{mark}",
            name(queue),
            queue.waiting,
            queue.in_flight,
            queue.delayed
        )
    };
    queues.iter().map(row).collect()
}
