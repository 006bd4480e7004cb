//! `cargo xtask logs`: what the functions of an environment write.

use std::io::Write;
use std::time::Duration;

use protocol::{Event, FailureKind, Logs, Request};
use ulid::Ulid;

use super::{json_line, line};
use crate::age::now_milliseconds;
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::platform;
use crate::session::Session;

/// Read the logs of an environment
///
/// Lines of all log groups of the stacks, in the order of their times. With `--job`, the way of one job from the front door to the worker:
/// every line that names it, since it was asked for.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask logs --env local --stack images --follow
  cargo xtask logs --env local --job 01KATX3W7G2M8Z9QCVB4R5NDEF
  cargo xtask logs --env prod --since 2h --filter '{ $.level = \"ERROR\" }' --json")]
pub(crate) struct Args {
    /// Environment to read, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this stack; can be given several times
    #[arg(long)]
    stack: Vec<String>,
    /// How far to look back: a number with s, m, h or d; 15m without it, and with `--job` as far as the job is old
    #[arg(long, value_name = "TIME", value_parser = ago)]
    since: Option<Duration>,
    /// Only lines about this job
    #[arg(long, value_name = "ID", value_parser = job, conflicts_with = "filter")]
    job: Option<Ulid>,
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
        since_seconds: args.since.or(args.job.map(age_of)).unwrap_or(USUAL).as_secs(),
        // In quotes, so that it is a term and no pattern.
        filter: args.job.map(|job| format!("\"{job}\"")).or(args.filter.clone()),
        follow: args.follow,
    });
    let job = args.job.map(|job| job.to_string());

    let mut hear = |event: &Event| {
        let Event::Log { stack, at, message, group, .. } = event else { return Ok(()) };
        // Not every endpoint that speaks CloudWatch's words knows its patterns.
        if job.as_ref().is_some_and(|job| !message.contains(job)) {
            return Ok(());
        }
        if args.json {
            json_line(out, event)?;
        } else if job.is_some() {
            line(out, &format!("{at} {}: {}", short(group, &args.env), message.trim_end()))?;
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

/// How far back lines are read when nobody says.
const USUAL: Duration = Duration::from_secs(15 * 60);

/// Somewhat longer than a job is old: its identity begins with the time at which it was given.
fn age_of(job: Ulid) -> Duration {
    let milliseconds = now_milliseconds().saturating_sub(job.timestamp_ms());
    Duration::from_millis(milliseconds).saturating_add(Duration::from_secs(60))
}

/// `api-FrontDoor` for `/aws/lambda/cloudwright-local-api-FrontDoor`: what is the same everywhere says nothing.
fn short<'g>(group: &'g str, env: &str) -> &'g str {
    let name = group.rsplit('/').next().unwrap_or(group);
    name.strip_prefix(&format!("cloudwright-{env}-")).unwrap_or(name)
}

/// Reads a job's identity.
fn job(text: &str) -> Result<Ulid, String> {
    Ulid::from_string(text).map_err(|_| format!("`{text}` is no job: `cargo xtask jobs` lists them, such as 01KATX3W7G2M8Z9QCVB4R5NDEF"))
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
    fn a_jobs_lines_are_looked_for_from_its_beginning_on() {
        let old = Ulid::from_parts(now_milliseconds() - 3_600_000, 1);

        let seconds = age_of(old).as_secs();

        assert!((3_660..3_670).contains(&seconds), "its first line would be missing: {seconds}");
    }

    #[test]
    fn a_log_group_is_named_by_what_tells_it_from_others() {
        let groups = ["/aws/lambda/cloudwright-local-api-FrontDoor", "/apigw/tinyllama-access/local", "workers"];

        assert_eq!(groups.map(|group| short(group, "local")), ["api-FrontDoor", "local", "workers"]);
    }

    #[test]
    fn what_is_no_time_is_refused_with_examples() {
        let texts = ["", "15", "m", "1w", "-5m", "99999999999999999999d", "18446744073709551615d"];

        let refusals = texts.map(ago);

        assert!(refusals.iter().all(|refusal| refusal.as_ref().is_err_and(|text| text.contains("15m"))), "{refusals:?}");
    }
}
