//! `cargo xtask publish`: code gets to the cloud before anything runs it.

use std::io::Write;

use foundation::{ARTIFACT_BUCKET, ARTIFACTS};
use protocol::{Event, Publish, Request};

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::Building;
use crate::session::{Session, is_local};
use crate::{artifacts, platform, tools};

/// Build the functions and upload them, without deploying
///
/// For pipelines that build once and deploy later: keys are made from the content, so that a deploy of the same sources finds everything
/// there. What is there already is not uploaded again.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask publish --env staging
  cargo xtask publish --env staging --json | jq -r .key")]
pub(crate) struct Args {
    /// Environment whose artifact bucket gets them, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per artifact on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, &args.env)?;
    let workspace = ctx.workspace()?;
    // Credentials that are missing, or another account's, are found now and not after minutes of building.
    session.read(&Request::Status(session.stacks()), |_| Ok(()))?;
    let (built, profile) = if is_local(&session.environment) {
        (tools::for_this_machine(&workspace, &session.platform, &Building::tools(ctx.terminal))?, artifacts::Profile::Dev)
    } else {
        (tools::for_aws(ctx, &workspace, &session.platform)?, artifacts::Profile::Lambda)
    };
    let artifacts = tools::pack(&workspace, &session.platform, &built, profile)?;
    let holder = session.platform.iter().find(|finished| finished.stack == ARTIFACTS).map(platform::stack_ref);
    let bucket_stack = holder.ok_or_else(|| Error::UnknownStack { name: ARTIFACTS.to_owned(), known: Vec::new() })?;
    let publish = Publish { target: session.target(), artifacts, bucket_stack, bucket_output: ARTIFACT_BUCKET.to_owned() };
    let interrupts = Interrupts::catch()?;
    let mut hear = |event: &Event| {
        let Event::Artifact { name, key, bytes, uploaded } = event else { return Ok(()) };
        if args.json {
            return json_line(out, event);
        }
        let how = if *uploaded { "uploaded" } else { "there already" };
        line(out, &format!("{name}  {key}  {bytes} bytes  {how}"))
    };
    session.converse(&Request::Publish(publish), &interrupts, &mut hear)?;
    Ok(Outcome::Done)
}
