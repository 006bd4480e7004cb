//! `cargo xtask drift`: what is deployed against what is live.

use std::io::Write;

use protocol::{Detected, Drift, Event, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::{Error, count};
use crate::outcome::Outcome;
use crate::progress::Paint;
use crate::reading::{self, Tally, difference_line};
use crate::session::Session;

/// Show what was changed behind CloudFormation's back
///
/// What is deployed is compared with what is live, twice: as `verify` does it, with the template that CloudFormation keeps in place of
/// the one that is written, and by CloudFormation's own drift detection where the endpoint has it. Each sees what the other does not.
/// Nothing is changed. Ends with 0 when both see no drift, and with 3 when one does.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask drift --env prod
  cargo xtask drift --env prod --stack jobs
  cargo xtask drift --env prod --json | jq 'select(.event == \"detected\") | .resources[]'")]
pub(crate) struct Args {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this stack; can be given several times
    #[arg(long, value_name = "STACK")]
    stack: Vec<String>,
    /// Write one JSON object per resource and one per stack on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let (stacks, beside) = reading::declared(&session, &args.stack)?;
    let paint = Paint::for_stdout();
    let mut tally = Tally::default();
    let mut detections = Vec::new();

    let ended = session.read(&Request::Drift(Drift { target: session.target(), stacks, beside }), |event| {
        let answer = matches!(event, Event::Verified(_) | Event::Detected(_));
        if answer && args.json {
            return json_line(out, event);
        }
        if let Event::Detected(detected) = event {
            detections.extend(detection_lines(detected, paint));
        }
        let lines = reading::verified(event).map(|verified| tally.lines(verified, paint)).unwrap_or_default();
        lines.iter().try_for_each(|text| line(out, text))
    });

    if !args.json {
        line(out, &tally.line())?;
        detections.iter().try_for_each(|text| line(out, text))?;
    }
    ended.map(|_| Outcome::Done)
}

/// What CloudFormation says itself, in its own words.
fn detection_lines(detected: &Detected, paint: Paint) -> Vec<String> {
    let stack = paint.strong(&detected.stack.stack);
    let reason = detected.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let Some(status) = &detected.status else {
        return vec![format!("{stack}: CloudFormation's own detection cannot tell{reason}")];
    };
    let mut lines = vec![format!("{stack}: CloudFormation says {status}, {} drifted{reason}", count(detected.resources.len(), "resource"))];
    for resource in &detected.resources {
        lines.push(format!("  {} ({}) {}", resource.logical_id, resource.resource_type, paint.bad(&resource.status)));
        lines.extend(resource.differences.iter().map(|difference| format!("      {}", difference_line(difference, paint))));
    }
    lines
}
