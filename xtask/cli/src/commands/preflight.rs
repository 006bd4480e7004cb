//! `cargo xtask preflight`: would a deploy find what it needs?

use std::io::Write;

use protocol::{Check, CheckState, Event, Preflight, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::Paint;
use crate::session::{Session, is_local};
use crate::{guards, platform, reading};

/// Look whether a deploy would find what it needs
///
/// Account, region, quotas, models, confirmations: everything is looked up and nothing is changed. What the caller may not look at, or the endpoint does not know, is told as such and
/// never as fine. Ends with 0 when a deploy can go ahead, with warnings or without, and with 1 when it would fail or make something
/// that cannot work.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask preflight --env prod
  cargo xtask preflight --env prod --json | jq 'select(.state != \"ok\")'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per check on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let (stacks, _) = reading::declared(&session, &[])?;
    // The local cloud knows no deployer whose rights could be too narrow.
    let role = || (ctx.platform.execution_role)(&session.environment, &session.platform).name;
    let request = Preflight {
        target: session.target(),
        stacks,
        artifact_bucket: platform::artifact_bucket(),
        execution_role: (!is_local(&session.environment)).then(role),
    };
    let paint = Paint::for_stdout();
    let mut tell = |check: &Check| {
        if args.json {
            return json_line(out, check);
        }
        lines(check, paint).iter().try_for_each(|text| line(out, text))
    };

    let model = guards::model(&session.environment);
    model.iter().try_for_each(&mut tell)?;
    session.read(&Request::Preflight(request), |event| if let Event::Checked(check) = event { tell(check) } else { Ok(()) })?;
    let wrong = model.is_some_and(|check| check.state == CheckState::Error);
    Ok(if wrong { Outcome::Failed } else { Outcome::Done })
}

fn lines(check: &Check, paint: Paint) -> Vec<String> {
    let sign = match check.state {
        CheckState::Ok => paint.good("ok         "),
        CheckState::Warning => paint.notable("warning    "),
        CheckState::Error => paint.bad("error      "),
        CheckState::CannotTell => paint.dim("cannot tell"),
    };
    let mut lines = vec![format!("{sign}  {}: {}", check.name, check.found)];
    lines.extend(check.hint.as_ref().map(|hint| format!("             {}", paint.hint(&format!("hint: {hint}")))));
    lines
}
