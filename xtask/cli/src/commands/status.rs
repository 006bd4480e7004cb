//! `cargo xtask status`: in what state the stacks are, what comes next for each, and who deploys now.

use std::io::Write;

use protocol::{Event, LeaseState, Overview, Request, StackStatus};
use serde::Serialize;

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

/// Show in what state the stacks of an environment are, and what comes next
///
/// One line per stack: AWS's word for its state, when it last changed, and the first digits of the digest of what was deployed. Below
/// it, what a deploy would do first, by the deploy's own decision, or what a person has to do before one can begin. When a deploy is
/// at work, its lease comes first: who, since when, and how long nothing was heard of it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask status --env staging
  cargo xtask status --env prod --json | jq -r 'select(.status == null) | .stack'
  cargo xtask status --env prod --json | jq -r 'select(.next.intent == null) | .next.text'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per stack on stdout, for other programs
    #[arg(long)]
    json: bool,
}

/// A stack as programs get it. The lease is the environment's, and stands with every stack, so that every line is a stack.
#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    status: &'a StackStatus,
    lease: Option<&'a LeaseState>,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let mut stacks = Vec::new();
    let mut lease = None;

    let request = Request::Overview(Overview { stacks: session.stacks(), ledger: session.ledger() });
    session.read(&request, |event| {
        if let Event::Status(status) = event {
            stacks.push(status.clone());
        } else if let Event::Lease(held) = event {
            lease = Some(held.clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    })?;

    if args.json {
        stacks.iter().try_for_each(|status| json_line(out, &Line { status, lease: lease.as_ref() }))?;
    } else {
        let held = lease.iter().map(|lease| held(lease, &args.env));
        held.chain(text(&stacks)).try_for_each(|text| line(out, &text))?;
    }
    Ok(Outcome::Done)
}

/// Who deploys now, and whether a deploy could begin.
fn held(lease: &LeaseState, environment: &str) -> String {
    let LeaseState { by, since, purpose, silent_seconds, lasts_seconds } = lease;
    let means = if silent_seconds < lasts_seconds {
        format!("a deploy waits for its end; `cargo xtask unlock --env {environment}` when it is dead")
    } else {
        "it has run out, and the next deploy takes it".to_owned()
    };
    format!("lease: held by {by} for {purpose}, since {since}, renewed {silent_seconds} s ago: {means}")
}

fn text(stacks: &[StackStatus]) -> Vec<String> {
    let state = |status: &StackStatus| status.status.clone().unwrap_or_else(|| "does not exist".to_owned());
    let names = stacks.iter().map(|status| status.stack.stack.len()).max().unwrap_or(0);
    let states = stacks.iter().map(|status| state(status).len()).max().unwrap_or(0);
    let lines = stacks.iter().flat_map(|status| {
        let digest = status.digest.as_ref().map(|digest| digest.chars().take(12).collect::<String>()).unwrap_or_default();
        let changed = status.changed_at.as_deref().unwrap_or_default();
        let reason = status.reason.as_deref().unwrap_or_default();
        let text = format!("{:names$}  {:states$}  {changed}  {digest}  {reason}", status.stack.stack, state(status));
        let next = status.next.as_ref().map(|next| format!("{:names$}  next: {}", "", next.text));
        std::iter::once(text.trim_end().to_owned()).chain(next)
    });
    lines.collect()
}
