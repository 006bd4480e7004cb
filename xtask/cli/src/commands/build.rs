//! `cargo xtask build`: what would be shipped.

use std::io::Write;

use super::{json_line, line};
use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::Building;
use crate::{artifacts, environments, session, tools};

/// Build the functions of an environment as they would be shipped
///
/// One `cargo build`, then one zip per function: checked against the machine that its function runs on and against Amazon Linux 2023,
/// and the same bytes for the same binary. Nothing is uploaded.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask build --env staging
  cargo xtask build --env staging --json | jq -r .sha256")]
pub(crate) struct Args {
    /// Environment to build for, as named in environments/; a local one is built quickly, others for AWS
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Write one JSON object per artifact on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &args.env)?;
    let platform = (ctx.platform.stacks)(&environment);

    let (built, profile) = if session::is_local(&environment) {
        (tools::for_this_machine(&workspace, &platform, &Building::tools(ctx.terminal))?, artifacts::Profile::Dev)
    } else {
        (tools::for_aws(ctx, &workspace, &platform)?, artifacts::Profile::Lambda)
    };
    for artifact in tools::pack(&workspace, &platform, &built, profile)? {
        if args.json {
            json_line(out, &artifact)?;
        } else {
            line(out, &format!("{}  {}  {} bytes  {}", artifact.name, artifact.sha256, artifact.bytes, artifact.path.display()))?;
        }
    }
    Ok(Outcome::Done)
}
