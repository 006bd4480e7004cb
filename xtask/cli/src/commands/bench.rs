//! `cargo xtask bench`: how long things take.

use std::io::Write;

use super::{json_line, line};
use crate::bench::{self, What};
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::workspace::Workspace;
use crate::{environments, platform};

/// Measure how long things take: the kit, an edit, a compile, other tools with the same resources
///
/// Medians, and what each may be at most where that was said; ends with 1 when something is above that. Figures depend on the machine
/// and on what else it does, so look at several runs before you believe one. What is needed is installed into cargo's target folder,
/// and the working tree is never written. `reproducible` measures no time but what differs between two builds, and is a test in all but
/// the minutes that it takes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask bench kit
  cargo xtask bench edit --rounds 3
  cargo xtask bench compile --all
  cargo xtask bench reproducible
  cargo xtask bench deploys --json | jq -c '[.name, .value, .counts]'
  cargo xtask bench inference
  cargo xtask bench kills --times 50 --seed 7
  cargo xtask bench jobs --jobs 1000 --seed 7
  cargo xtask bench transcode --rounds 3 --only 12mp
  cargo xtask bench small-function
  cargo xtask bench peers --json | jq -c '[.name, .value, .times_our_cpu]'")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
    /// Write one JSON object per figure on stdout, for other programs
    #[arg(long, global = true)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let shipped = match &args.what {
        What::Reproducible => shipped(ctx, &workspace)?,
        What::Kit
        | What::Edit { .. }
        | What::Compile { .. }
        | What::Peers { .. }
        | What::Deploys { .. }
        | What::Inference { .. }
        | What::FrontDoor { .. }
        | What::Kills { .. }
        | What::Jobs { .. }
        | What::SmallFunction
        | What::Transcode { .. } => Vec::new(),
    };
    let figures = bench::run(args.what.clone(), ctx, &shipped, &Interrupts::catch()?, &tell)?;
    for figure in &figures {
        if args.json {
            json_line(out, figure)?;
        } else {
            line(out, &figure.line())?;
        }
    }
    let above = figures.iter().any(|figure| figure.holds() == Some(false));
    Ok(if above { Outcome::Failed } else { Outcome::Done })
}

/// What any environment ships, each once: the same package is built for all of them.
fn shipped(ctx: &Context, workspace: &Workspace) -> Result<Vec<&'static str>, Error> {
    let environments = environments::read_all(workspace)?;
    let mut names: Vec<_> = environments
        .iter()
        .flat_map(|environment| platform::shipped(&(ctx.platform.stacks)(environment)))
        .map(|shipped| shipped.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
