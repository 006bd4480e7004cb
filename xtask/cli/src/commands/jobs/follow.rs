//! One job until its end, its text as it grows.

use std::io::Write;
use std::path::{self, Path};

use protocol::{Event, FindJob, JobRecord, Request};

use super::stack;
use crate::age::span;
use crate::commands::{json_line, line};
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

/// Shows a job until it has come to its end. One that has not come to a good one is a failure.
///
/// A result that is an object is written to the file `save`.
pub(in crate::commands) fn to_its_end(
    session: &Session,
    job_id: &str,
    save: Option<&Path>,
    json: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Error> {
    let (target, stack) = (session.target(), stack(session)?);
    let save = save.and_then(|file| path::absolute(file).ok());
    let request = Request::Job(FindJob { target, stack, job_id: job_id.to_owned(), follow: true, save });
    let mut shown = Shown::default();
    let mut last = None;
    // Ctrl-C only ends the looking.
    let interrupts = Interrupts::catch()?;
    session.converse(&request, &interrupts, &mut |event: &Event| {
        if let Event::Job(job) = event {
            if json {
                json_line(out, job)?;
            } else {
                shown.news(job, out)?;
            }
            out.flush().map_err(Error::Output)?;
            last = Some((**job).clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;
    if !json {
        shown.end(out)?;
    }
    let Some(job) = last else { return Ok(Outcome::Done) };
    match job.state.as_str() {
        "failed" | "expired" | "cancelled" => Err(Error::JobEnded {
            reason: job.error.or(job.reason),
            job_id: job.job_id,
            state: job.state,
            environment: session.environment.name.clone(),
        }),
        _ => Ok(Outcome::Done),
    }
}

/// What a person has seen of a job.
#[derive(Debug, Default)]
struct Shown {
    state: String,
    text: String,
}

impl Shown {
    /// Writes what is new: text to `out`, all else to stderr.
    fn news(&mut self, job: &JobRecord, out: &mut dyn Write) -> Result<(), Error> {
        let text = job.text.as_deref().unwrap_or_default();
        let new = match text.strip_prefix(self.text.as_str()) {
            Some(new) => new,
            // Another worker has begun anew.
            None => {
                self.end(out)?;
                tell("begun anew");
                text
            }
        };
        if self.state != job.state {
            telling(job).iter().for_each(|words| tell(words));
            self.state.clone_from(&job.state);
        }
        out.write_all(new.as_bytes()).map_err(Error::Output)?;
        text.clone_into(&mut self.text);
        Ok(())
    }

    /// The text ends with a line's end, whatever the model wrote.
    fn end(&mut self, out: &mut dyn Write) -> Result<(), Error> {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            line(out, "")?;
        }
        self.text.clear();
        Ok(())
    }
}

fn telling(job: &JobRecord) -> Option<String> {
    let worker = job.worker.as_deref().unwrap_or("a worker");
    match job.state.as_str() {
        "queued" => Some(format!("job {} waits for a worker", job.job_id)),
        "running" => Some(format!("job {} is with {worker}", job.job_id)),
        "done" => {
            let tokens = job.tokens.map(|tokens| format!(", {tokens} tokens")).unwrap_or_default();
            let took = job.started_at.zip(job.ended_at).map(|(from, to)| format!(" in {}", span(to.saturating_sub(from))));
            Some(format!("job {} is done{tokens}{}", job.job_id, took.unwrap_or_default()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: &str, text: &str) -> JobRecord {
        JobRecord { state: state.to_owned(), text: Some(text.to_owned()), ..JobRecord::default() }
    }

    #[test]
    fn only_what_is_new_of_a_text_is_written() {
        let mut out = Vec::new();
        let mut shown = Shown::default();

        for text in ["", "Once", "Once upon", "Once upon"] {
            shown.news(&job("running", text), &mut out).unwrap();
        }
        shown.end(&mut out).unwrap();

        assert_eq!(String::from_utf8(out).unwrap(), "Once upon\n");
    }

    #[test]
    fn a_text_that_begins_anew_stands_on_its_own_line() {
        let mut out = Vec::new();
        let mut shown = Shown::default();

        shown.news(&job("running", "Once up"), &mut out).unwrap();
        shown.news(&job("running", "There"), &mut out).unwrap();
        shown.end(&mut out).unwrap();

        assert_eq!(String::from_utf8(out).unwrap(), "Once up\nThere\n", "two workers' texts would run into each other");
    }
}
