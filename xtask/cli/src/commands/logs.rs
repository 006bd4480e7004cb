//! `cargo xtask logs`: what the functions of an environment write.

use std::io::Write;
use std::time::Duration;

use protocol::{Event, FailureKind, Logs, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::platform;
use crate::session::Session;

/// Read the logs of an environment
///
/// Lines of all log groups of the stacks, in the order of their times.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask logs --env local --stack images --follow
  cargo xtask logs --env prod --since 2h --filter '{ $.level = \"ERROR\" }' --json")]
pub(crate) struct Args {
    /// Environment to read, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this stack; can be given several times
    #[arg(long)]
    stack: Vec<String>,
    /// How far to look back: a number with s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = ago)]
    since: Duration,
    /// Only lines that match this CloudWatch Logs filter pattern
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// Go on reading until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Write one JSON object per line on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut session = Session::open(ctx, &args.env)?;
    session.platform = platform::chosen(session.platform, &args.stack)?;
    let request = Request::Logs(Logs {
        target: session.target(),
        stacks: session.stack_refs(),
        since_seconds: args.since.as_secs(),
        filter: args.filter.clone(),
        follow: args.follow,
    });

    let mut hear = |event: &Event| {
        let Event::Log { stack, at, message, .. } = event else { return Ok(()) };
        if args.json {
            json_line(out, event)?;
        } else {
            line(out, &format!("{at} {}: {}", stack.stack, message.trim_end()))?;
        }
        // Whoever follows wants each line when it is written.
        out.flush().map_err(Error::Output)
    };
    // Ctrl-C is how following ends, so it is no failure there.
    let interrupts = if args.follow { Interrupts::catch()? } else { Interrupts::default() };
    match session.converse(&request, &interrupts, &mut hear) {
        Ok(_) => Ok(Outcome::Done),
        Err(Error::Failed(failure)) if args.follow && failure.kind == FailureKind::Interrupted => Ok(Outcome::Done),
        Err(error) => Err(error),
    }
}

/// Reads `90s`, `15m`, `2h`, `3d`.
fn ago(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: give a number and s, m, h or d, such as 90s, 15m, 2h or 3d");
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let texts = ["90s", "15m", "2h", "3d"];

        let seconds = texts.map(|text| ago(text).unwrap().as_secs());

        assert_eq!(seconds, [90, 900, 7_200, 259_200], "somebody would read the logs of another hour");
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        let texts = ["", "15", "m", "1w", "-5m", "99999999999999999999d", "18446744073709551615d"];

        let refusals = texts.map(ago);

        assert!(refusals.iter().all(|refusal| refusal.as_ref().is_err_and(|text| text.contains("15m"))), "{refusals:?}");
    }
}
