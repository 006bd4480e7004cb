//! `cargo xtask smoke`: a real picture and a real job go through an environment.

use std::io::Write;
use std::path::PathBuf;

use contract::smoke::Wanted;

use super::{json_line, outputs};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::{Building, tell};
use crate::session::Session;
use crate::{smoke, tools};

/// Send a real picture and a real job through an environment, and look at what comes out
///
/// Puts pictures into the source bucket, waits for their proxies, decodes them, and sends one job through the job queue. Where there is
/// an API, a user asks it for a text: the fleet comes and goes, and what must be refused is. Local deploys end with this; on AWS it costs
/// a few cents, and the user is one that CLOUDWRIGHT_SMOKE_USER and CLOUDWRIGHT_SMOKE_PASSWORD name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask smoke --env local
  cargo xtask smoke --env staging --json")]
pub(crate) struct Args {
    /// Environment to try, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// File to put into the bucket of models when the workers' model is not there yet
    #[arg(long, value_name = "FILE")]
    model_file: Option<PathBuf>,
    /// Write one JSON object per step on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let binaries = tools::for_this_machine(&ctx.workspace()?, &session.platform, &Building::tools(ctx.terminal))?;
    let outputs = outputs::read(&session)?;
    let request = smoke::request(&session, &outputs, Wanted::Everything, args.model_file.as_deref());
    smoke::converse(&tools::smoke_among(&binaries)?, &session, &request, &mut |event| {
        if args.json {
            return json_line(out, event);
        }
        smoke::text(event).iter().for_each(|line| tell(line));
        Ok(())
    })?;
    Ok(Outcome::Done)
}
