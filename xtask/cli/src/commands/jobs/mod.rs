//! `cargo xtask jobs`: where jobs stand.

pub(super) mod follow;
mod text;

use std::io::Write;

use clap::builder::PossibleValuesParser;
use contract::outputs;
use protocol::{Event, FindJob, ListJobs, Request, StackRef};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

const STATES: [&str; 6] = ["queued", "running", "done", "failed", "expired", "cancelled"];

/// Show the newest jobs of an environment, or one of them whole
///
/// The list reads the whole table of jobs, without texts and prompts. A job that failed says why; what it left in the dead-letter queue
/// shows `dlq`, and its way through the platform `logs --job`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask jobs --env local
  cargo xtask jobs --env prod --state failed --json | jq -r .reason
  cargo xtask jobs --env prod 01KATX3W7G2M8Z9QCVB4R5NDEF --follow")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// The job to show whole, with its prompt and its text
    id: Option<String>,
    /// Only jobs in this state
    #[arg(long, value_parser = PossibleValuesParser::new(STATES), conflicts_with = "id")]
    state: Option<String>,
    /// How many jobs to list at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20, conflicts_with = "id")]
    limit: usize,
    /// Show its text as it grows, until it has come to its end
    #[arg(long, short, requires = "id")]
    follow: bool,
    /// Write one JSON object per job on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    if let (Some(id), true) = (&args.id, args.follow) {
        return follow::to_its_end(&session, id, None, args.json, out);
    }
    let request = match &args.id {
        Some(job_id) => {
            let (target, stack) = (session.target(), stack(&session)?);
            Request::Job(FindJob { target, stack, job_id: job_id.clone(), follow: false, save: None })
        }
        None => {
            let (target, state) = (session.target(), args.state.clone());
            Request::Jobs(ListJobs { target, stack: stack(&session)?, state, limit: args.limit })
        }
    };
    let mut jobs = Vec::new();
    session.converse(&request, &Interrupts::default(), &mut |event: &Event| {
        if let Event::Job(job) = event {
            jobs.push((**job).clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;
    if args.json {
        jobs.iter().try_for_each(|job| json_line(out, job))?;
    } else {
        let now = crate::age::now_milliseconds();
        let lines = match &args.id {
            Some(_) => jobs.iter().flat_map(|job| text::whole(job, now)).collect(),
            None => text::list(&jobs, now),
        };
        lines.iter().try_for_each(|text| line(out, text))?;
    }
    Ok(Outcome::Done)
}

/// The stack that holds jobs.
pub(super) fn stack(session: &Session) -> Result<StackRef, Error> {
    let stacks = session.stack_refs();
    let known = stacks.iter().map(|stack| stack.stack.clone()).collect();
    let found = stacks.into_iter().find(|stack| stack.stack == outputs::jobs::STACK);
    found.ok_or_else(|| Error::UnknownStack { name: outputs::jobs::STACK.to_owned(), known })
}
