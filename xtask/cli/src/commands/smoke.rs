//! `cargo xtask smoke`: a real picture and a real job go through an environment.

use std::io::Write;

use super::{json_line, outputs};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::{Building, tell};
use crate::session::Session;
use crate::{smoke, tools};

/// Send a real picture and a real job through an environment, and look at what comes out
///
/// Puts pictures into the source bucket, waits for their proxies, decodes them, and sends one job through the job queue. Local deploys
/// end with this; on AWS it costs a fraction of a cent.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask smoke --env local
  cargo xtask smoke --env staging --json")]
pub(crate) struct Args {
    /// Environment to try, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per step on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let binaries = tools::for_this_machine(&ctx.workspace()?, &session.platform, &Building::tools(ctx.terminal))?;
    let outputs = outputs::read(&session)?;
    smoke::run(&tools::smoke_among(&binaries)?, &session, &outputs, &mut |event| {
        if args.json {
            return json_line(out, event);
        }
        smoke::text(event).iter().for_each(|line| tell(line));
        Ok(())
    })?;
    Ok(Outcome::Done)
}
