//! `cargo xtask status`: in what state the stacks are.

use std::io::Write;

use protocol::{Event, Request, StackStatus};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::session::Session;

/// Show in what state the stacks of an environment are
///
/// One line per stack: AWS's word for its state, when it last changed, and the first digits of the digest of what was deployed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask status --env staging
  cargo xtask status --env prod --json | jq -r 'select(.status == null) | .stack'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per stack on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let mut stacks = Vec::new();

    session.read(&Request::Status(session.stacks()), |event| {
        if let Event::Status(status) = event {
            stacks.push(status.clone());
        }
        Ok(())
    })?;

    if args.json {
        stacks.iter().try_for_each(|status| json_line(out, status))?;
    } else {
        text(&stacks).iter().try_for_each(|text| line(out, text))?;
    }
    Ok(Outcome::Done)
}

fn text(stacks: &[StackStatus]) -> Vec<String> {
    let state = |status: &StackStatus| status.status.clone().unwrap_or_else(|| "does not exist".to_owned());
    let names = stacks.iter().map(|status| status.stack.stack.len()).max().unwrap_or(0);
    let states = stacks.iter().map(|status| state(status).len()).max().unwrap_or(0);
    stacks
        .iter()
        .map(|status| {
            let digest = status.digest.as_ref().map(|digest| digest.chars().take(12).collect::<String>()).unwrap_or_default();
            let changed = status.changed_at.as_deref().unwrap_or_default();
            let reason = status.reason.as_deref().unwrap_or_default();
            let text = format!("{:names$}  {:states$}  {changed}  {digest}  {reason}", status.stack.stack, state(status));
            text.trim_end().to_owned()
        })
        .collect()
}
