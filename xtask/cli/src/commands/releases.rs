//! `cargo xtask releases`: what was deployed when, and by whom.

use std::io::Write;

use protocol::{Event, ListReleases, ReleaseDetails, ReleaseKind, ReleaseLine, ReleaseOutcome, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

/// List what was deployed to an environment, newest first, and which of it is live
///
/// Live is the release whose digests are those of all deployed stacks; none is, when a deploy ended half way. Every release that
/// succeeded can be returned to: `cargo xtask rollback --env ENVIRONMENT --to RELEASE`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask releases --env staging
  cargo xtask releases --env prod --limit 100 --json | jq -r 'select(.outcome == \"failed\") | .message'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// How many to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Write one JSON object per release on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::with_engine_alone(ctx, &args.env)?;
    let mut releases = Vec::new();
    session.read(&Request::Releases(ListReleases { ledger: session.ledger(), limit: args.limit }), |event| {
        if let Event::Release(release) = event {
            releases.push(release.clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;
    if args.json {
        releases.iter().try_for_each(|release| json_line(out, release))?;
    } else {
        text(&releases).iter().try_for_each(|text| line(out, text))?;
        if !releases.is_empty() && releases.iter().all(|release| !release.live) {
            tell("none of these is live: a deploy ended half way, or somebody changed a stack by other means");
        }
    }
    Ok(Outcome::Done)
}

/// One line per release, in columns.
fn text(releases: &[ReleaseLine]) -> Vec<String> {
    let rows: Vec<[String; 7]> = releases.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let aligned = |row: &[String; 7]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(aligned).collect()
}

fn row(release: &ReleaseLine) -> [String; 7] {
    let mark = if release.live { "live" } else { "" };
    let Some(details) = &release.details else {
        let why = format!("its record has form {}, which this program does not understand", release.version);
        return [mark.to_owned(), release.id.clone(), "unknown".to_owned(), String::new(), String::new(), String::new(), why];
    };
    let who = details.by.rsplit_once('/').map_or(details.by.as_str(), |(_, name)| name);
    let (began, who, outcome) = (details.began.clone(), who.to_owned(), outcome(details.outcome).to_owned());
    [mark.to_owned(), release.id.clone(), outcome, began, took(details), who, what(details)]
}

fn outcome(outcome: Option<ReleaseOutcome>) -> &'static str {
    match outcome {
        Some(ReleaseOutcome::Succeeded) => "succeeded",
        Some(ReleaseOutcome::Failed) => "failed",
        Some(ReleaseOutcome::RolledBack) => "rolled back",
        Some(ReleaseOutcome::Interrupted) => "interrupted",
        Some(ReleaseOutcome::Abandoned) => "abandoned",
        None => "under way",
    }
}

/// What was released, in words: a commit with its tags, or what it went back to.
fn what(details: &ReleaseDetails) -> String {
    let mut words = Vec::new();
    if let ReleaseKind::Rollback { of } = &details.kind {
        words.push(format!("rollback to {of}:"));
    }
    match &details.commit {
        Some(commit) => {
            words.push(commit.id.chars().take(8).collect());
            words.extend((!commit.tags.is_empty()).then(|| format!("({})", commit.tags.join(", "))));
            words.extend(commit.dirty.then(|| "[dirty]".to_owned()));
            words.push(commit.subject.clone());
        }
        None => words.push("no commit".to_owned()),
    }
    words.extend(details.message.as_ref().map(|message| format!("- {message}")));
    words.join(" ")
}

/// How long it took, from two times in the form `2026-11-23T10:00:00Z`.
fn took(details: &ReleaseDetails) -> String {
    let seconds = |time: &str| {
        let clock = time.get(11..19)?;
        let parts: Vec<i64> = clock.split(':').filter_map(|part| part.parse().ok()).collect();
        if let [hours, minutes, seconds] = parts[..] { Some(3600 * hours + 60 * minutes + seconds) } else { None }
    };
    let both = details.ended.as_deref().and_then(seconds).zip(seconds(&details.began));
    // No deploy takes a day: after midnight, the clock begins anew.
    both.map(|(ended, began)| (ended - began).rem_euclid(86_400)).map(duration).unwrap_or_default()
}

fn duration(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}
