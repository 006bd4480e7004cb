//! A message into a queue, as it is.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use protocol::{Event, Request, Send};

use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::platform;
use crate::progress::tell;
use crate::session::Session;

/// Which queue.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For a message into a queue")]
pub(super) struct Raw {
    /// Stack that holds the queue
    #[arg(long, requires = "queue")]
    stack: Option<String>,
    /// The queue's logical ID, as in `queues`
    #[arg(long, value_name = "LOGICAL_ID", requires = "stack")]
    pub(super) queue: Option<String>,
    /// Message group, for a FIFO queue
    #[arg(long, requires = "queue")]
    group: Option<String>,
    /// Deduplication ID, for a FIFO queue: the same within five minutes is not put in twice
    #[arg(long, value_name = "ID", requires = "queue")]
    deduplication: Option<String>,
}

pub(super) fn run(env: &str, queue: &str, args: &Raw, file: Option<&str>, ctx: &Context) -> Result<Outcome, Error> {
    let body = match file.map(PathBuf::from) {
        Some(path) => fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?,
        None => {
            let mut body = String::new();
            io::stdin().read_to_string(&mut body).map_err(|source| Error::Read { path: PathBuf::from("standard input"), source })?;
            body
        }
    };
    let mut session = Session::open(ctx, env)?;
    session.platform = platform::chosen(session.platform, args.stack.as_slice())?;
    let name = args.stack.clone().unwrap_or_default();
    let stack = session.stack_refs().into_iter().next().ok_or_else(|| Error::UnknownStack { name, known: Vec::new() })?;
    let send = Send {
        target: session.target(),
        stack,
        logical_id: queue.to_owned(),
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
