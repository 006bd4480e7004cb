//! `cargo xtask render`: templates as CloudFormation gets them.

use std::fs;
use std::io::Write;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use clap::ArgGroup;
use foundation::{Finished, Platform};

use super::line;
use crate::cli::Context;
use crate::error::{Error, count};
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::workspace::Workspace;
use crate::{environments, platform};

/// Write the templates as CloudFormation gets them
///
/// Needs no network, no credentials and no AWS: the same sources always give the same bytes. With `--out`, every stack becomes
/// DIR/<environment>/<stack>.json and .yaml; without it, one stack's template is printed on stdout.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("which").args(["env", "all"]).required(true),
    after_long_help = "\
Examples:
  cargo xtask render --env staging --stack jobs
  cargo xtask render --env staging --stack jobs --json | jq .Resources
  cargo xtask render --env prod --stack execution-role
  cargo xtask render --env prod --stack account
  cargo xtask render --all --out build/templates"
)]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to render, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// Render every environment
    #[arg(long, requires = "out")]
    all: bool,
    /// Only this stack
    #[arg(long)]
    stack: Option<String>,
    /// Folder to write the templates to; it is made when it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON instead of YAML
    #[arg(long, conflicts_with = "out")]
    json: bool,
    /// Tell on stderr how long it took inside this process
    #[arg(long)]
    timing: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let started = Instant::now();
    let workspace = ctx.workspace()?;
    let names = match &args.env {
        Some(name) => vec![name.clone()],
        None => environments::names(&workspace)?,
    };

    let (templates, rendering) = match &args.out {
        Some(folder) => {
            // Environments have nothing in common, so each is rendered beside the others.
            let counts = thread::scope(|scope| {
                let write = |name| write_all(ctx.platform, &workspace, name, args, folder);
                let threads: Vec<_> = names.iter().map(|name| scope.spawn(move || write(name))).collect();
                let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
                ended.collect::<Result<Vec<_>, _>>()
            })?;
            counts.into_iter().fold((0, Duration::ZERO), |(templates, time), (more, longer)| (templates + more, time + longer))
        }
        None => {
            let mut rendering = Duration::ZERO;
            for name in &names {
                let (stacks, time) = chosen(ctx.platform, &workspace, name, args)?;
                rendering += time;
                print_one(&stacks, args.json, out)?;
            }
            (names.len(), rendering)
        }
    };

    let what = format!("{} of {}", count(templates, "template"), count(names.len(), "environment"));
    if let Some(folder) = &args.out {
        tell(&format!("wrote {what} to {}", folder.display()));
    }
    if args.timing {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let whole = ms(started.elapsed());
        // Environments are read, checked against their schema and rendered beside each other.
        tell(&format!("rendered {what}: {:.1} ms of work; {whole:.1} ms in all, with reading the environments and writing", ms(rendering)));
    }
    Ok(Outcome::Done)
}

/// The stacks of the platform, and those that an administrator makes for it.
///
/// Also how long it took, without reading the environment.
fn chosen(platform: Platform, workspace: &Workspace, name: &str, args: &Args) -> Result<(Vec<Finished>, Duration), Error> {
    let environment = environments::read(workspace, name)?;
    let started = Instant::now();
    let stacks = platform.with_administered(&environment);
    Ok((platform::chosen(stacks, args.stack.as_slice())?, started.elapsed()))
}

/// Writes what differs from what is there; how many templates there are, and how long rendering them took.
fn write_all(platform: Platform, workspace: &Workspace, name: &str, args: &Args, folder: &Path) -> Result<(usize, Duration), Error> {
    let (stacks, mut rendering) = chosen(platform, workspace, name, args)?;
    let folder = folder.join(name);
    fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder.clone(), source })?;
    for finished in &stacks {
        let started = Instant::now();
        let template = finished.template.to_json();
        let texts = [("json", cfn_kit::to_json(&template)), ("yaml", cfn_kit::to_yaml(&template))];
        rendering += started.elapsed();
        for (extension, text) in texts {
            let path = folder.join(finished.stack).with_extension(extension);
            if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
                continue;
            }
            fs::write(&path, text).map_err(|source| Error::Write { path, source })?;
        }
    }
    Ok((stacks.len(), rendering))
}

fn print_one(stacks: &[Finished], json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let [finished] = stacks else {
        return Err(Error::WhichStack { known: stacks.iter().map(|finished| finished.stack.to_owned()).collect() });
    };
    let text = if json { finished.json() } else { finished.yaml() };
    line(out, text.trim_end())
}
