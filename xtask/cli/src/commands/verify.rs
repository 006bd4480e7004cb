//! `cargo xtask verify`: what is written, read back from the services.

use std::io::Write;

use protocol::{Request, Verify};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::Paint;
use crate::reading::{self, Tally};
use crate::session::Session;

/// Compare what is written with what the services say
///
/// Every declared property is read back, because CloudFormation's word is not taken for it: SQS is asked about queues, IAM about roles,
/// with calls that only read. What cannot be compared is listed with its reason and never counted as equal. What the local cloud is known
/// not to keep is listed too, and is no failure. Ends with 0 when everything that was compared is as written, and with 3 when something
/// differs.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask verify --env staging
  cargo xtask verify --env prod --stack jobs
  cargo xtask verify --env prod --json | jq 'select(.verdict == \"differs\") | .differences[]'")]
pub(crate) struct Args {
    /// Environment to compare, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this stack; can be given several times
    #[arg(long, value_name = "STACK")]
    stack: Vec<String>,
    /// Write one JSON object per resource on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let (stacks, beside) = reading::declared(&session, &args.stack)?;
    let mut tally = Tally::default();

    let ended = session.read(&Request::Verify(Verify { target: session.target(), stacks, beside }), |event| {
        let Some(verified) = reading::verified(event) else { return Ok(()) };
        if args.json {
            return json_line(out, verified);
        }
        tally.lines(verified, Paint::for_stdout()).iter().try_for_each(|text| line(out, text))
    });

    if !args.json {
        line(out, &tally.line())?;
    }
    ended.map(|_| Outcome::Done)
}
