//! `cargo xtask rollback`: an environment becomes what it was.

mod changes;

use std::collections::BTreeMap;
use std::io::Write;

use protocol::{Deploy, Event, FindRelease, FoundRelease, Guards, Intended, Outcome as EngineOutcome, ReleaseKind, Request, Stacks};

use self::changes::Changes;
use super::line;
use crate::ask::Yes;
use crate::cli::Context;
use crate::engine::End;
use crate::error::Error;
use crate::guards;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::{Paint, Reporter};
use crate::session::{Session, TOOL, is_local};
use crate::watcher::Watcher;

/// Bring an environment back to an earlier release: infrastructure, code and parameters
///
/// Everything comes from the ledger in the artifact bucket: no git, no build. Shows what differs from what is deployed, deploys the
/// release's own templates and code through the same steps as `deploy`, and shows at the end that the digests of all stacks are those of
/// that release. A change that loses data is refused, unless `--accept` names each resource that may go. Stacks that came after the
/// release stay.
///
/// `--dry-run` only shows, and ends with 3 when something differs. Otherwise the ends are those of `deploy`, and 3 when a change was
/// refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask rollback --env prod --to previous --dry-run
  cargo xtask rollback --env prod --to v1.4.0
  cargo xtask rollback --env staging --to 0123abcd --accept jobs/JobQueue --yes")]
pub(crate) struct Args {
    /// Environment to bring back, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Release to return to: a commit, a tag, an id from `releases`, or `previous`
    #[arg(long, value_name = "RELEASE")]
    to: String,
    /// Show what differs, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Resource that may go with its data, or property that may change although it must never
    #[arg(long, value_name = "LOGICAL_ID")]
    accept: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    rollback(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn rollback(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::with_engine_alone(ctx, &args.env)?;
    let ask = !args.dry_run && !args.yes && !is_local(&session.environment);
    ctx.terminal.can_answer(ask, &args.env)?;
    let interrupts = Interrupts::catch()?;

    let (found, end) = find(&session, &args.to, &interrupts)?;
    let changes = Changes::of(&found)?;
    show(args, &found, &changes, reporter, out)?;
    let refused = changes.refused(&args.accept);
    if args.dry_run || changes.is_empty() {
        refused.iter().for_each(|one| reporter.note(&format!("would be refused: {}", one.text)));
        reporter.event(&Event::Done { outcome: EngineOutcome::Read, calls: end.calls, seconds: end.seconds }, out)?;
        return Ok(if changes.is_empty() { Outcome::Done } else { Outcome::Different });
    }
    if !refused.is_empty() {
        return Err(Error::Losses {
            release: found.release.id.clone(),
            texts: refused.iter().map(|one| one.text.clone()).collect(),
            names: refused.into_iter().map(|one| one.name).collect(),
        });
    }

    let release = Intended {
        commit: found.release.commit.clone(),
        tool: TOOL.to_owned(),
        kind: ReleaseKind::Rollback { of: found.release.id.clone() },
        expects: Some(found.live.iter().map(|live| (live.stack.name.clone(), live.digest.clone())).collect()),
    };
    // With the role and the alarms of today; what is lost was asked about above already.
    let guards = Guards { review: false, ..guards::of_engine(ctx, &session.environment, &session.platform)? };
    let request = Request::Deploy(Deploy { guards, ..found.release.deploy_again(session.target(), release, ask) });
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Word);
    let end = session.converse(&request, &interrupts, &mut watcher)?;
    if end.outcome == EngineOutcome::Declined {
        watcher.end()?;
        return Ok(Outcome::Declined);
    }
    prove(&session, &found)?;
    watcher.reporter.note(&format!("the digests of all stacks are those of {}", found.release.id));
    watcher.end()?;
    Ok(Outcome::Done)
}

fn find(session: &Session, which: &str, interrupts: &Interrupts) -> Result<(FoundRelease, End), Error> {
    let request = FindRelease { ledger: session.ledger(), which: which.to_owned(), stacks: session.stack_refs() };
    let mut found = None;
    let end = session.converse(&Request::Release(request), interrupts, &mut |event: &Event| {
        if let Event::Found(release) = event {
            found = Some((**release).clone());
        }
        Ok(())
    })?;
    // The engine ends well only after it has told what it found.
    Ok((found.ok_or(Error::Interrupted)?, end))
}

fn show(args: &Args, found: &FoundRelease, changes: &Changes, reporter: &mut Reporter, out: &mut dyn Write) -> Result<(), Error> {
    if args.json {
        return reporter.foreign("rollback", &changes.told(found), None, out);
    }
    let mut lines = changes.lines(found, Paint::for_stderr());
    for other in &found.others {
        lines.push(format!(
            "{} did not exist then: it stays as it is (`cargo xtask destroy --env {} --stack {}` would delete it)",
            other.stack, args.env, other.stack
        ));
    }
    if !args.dry_run {
        lines.iter().for_each(|text| reporter.note(text));
        return Ok(());
    }
    lines.iter().try_for_each(|text| line(out, text))
}

/// Reads the states once more: what was deployed has to be that release, digit for digit.
fn prove(session: &Session, found: &FoundRelease) -> Result<(), Error> {
    let stacks = found.release.stacks.iter().map(protocol::ReleasedStack::reference).collect();
    let mut live = BTreeMap::new();
    session.read(&Request::Status(Stacks { target: session.target(), stacks }), |event| {
        if let Event::Status(status) = event {
            live.insert(status.stack.name.clone(), status.digest.clone());
        }
        Ok(())
    })?;
    let digests = found.release.digests();
    let others = digests.iter().filter(|(name, digest)| digest.is_none() || live.get(*name) != Some(*digest));
    let others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
    if others.is_empty() { Ok(()) } else { Err(Error::NotThatRelease { release: found.release.id.clone(), stacks: others }) }
}
