//! `cargo xtask send`: a message into a queue.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use protocol::{Event, Request, Send};

use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::platform;
use crate::progress::tell;
use crate::session::Session;

/// Put a message into a queue, to see what becomes of it
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask send --env local --stack jobs --queue JobQueue --group maria job.json
  echo '{}' | cargo xtask send --env local --stack jobs --queue JobQueue --group maria --deduplication 1")]
pub(crate) struct Args {
    /// Environment of the queue, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Stack that holds the queue
    #[arg(long)]
    stack: String,
    /// The queue's logical ID, as in `queues`
    #[arg(long, value_name = "LOGICAL_ID")]
    queue: String,
    /// Message group, for a FIFO queue
    #[arg(long)]
    group: Option<String>,
    /// Deduplication ID, for a FIFO queue: the same within five minutes is not put in twice
    #[arg(long, value_name = "ID")]
    deduplication: Option<String>,
    /// File with the message; standard input without one
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, ctx: &Context, _out: &mut dyn Write) -> Result<Outcome, Error> {
    let body = match &args.file {
        Some(path) => fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source })?,
        None => {
            let mut body = String::new();
            io::stdin().read_to_string(&mut body).map_err(|source| Error::Read { path: PathBuf::from("standard input"), source })?;
            body
        }
    };
    let mut session = Session::open(ctx, &args.env)?;
    session.platform = platform::chosen(session.platform, std::slice::from_ref(&args.stack))?;
    let stack =
        session.stack_refs().into_iter().next().ok_or_else(|| Error::UnknownStack { name: args.stack.clone(), known: Vec::new() })?;
    let send = Send {
        target: session.target(),
        stack,
        logical_id: args.queue.clone(),
        body: body.trim_end_matches('\n').to_owned(),
        group: args.group.clone(),
        deduplication: args.deduplication.clone(),
    };
    session.read(&Request::Send(send), |event| {
        if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}
