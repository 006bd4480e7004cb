//! `cargo xtask local`: the cloud on this machine.

use std::io::Write;

use clap::Subcommand;
use serde::Serialize;

use super::{json_line, line};
use crate::cli::Context;
use crate::environments;
use crate::error::Error;
use crate::local::{self, Cloud, Down, Origin, Up};
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session;
use crate::workspace::Workspace;

/// Start, stop or look at the local cloud
///
/// It speaks the AWS APIs on a loopback port and runs the real functions as processes: no account, no Docker, and nothing that
/// listens to other machines. `deploy --env local` starts it by itself.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask local up
  cargo xtask local status --json | jq -r .endpoint
  cargo xtask local down")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start it, unless it is running
    Up {
        /// Port to listen on, on loopback; without it, a free one is found and kept
        #[arg(long)]
        port: Option<u16>,
        /// Forget what it held when it was stopped
        #[arg(long)]
        fresh: bool,
    },
    /// Stop it; what it holds is there again after the next start
    Down,
    /// Show whether it is running, and where
    Status {
        /// Write one JSON object on stdout, for other programs
        #[arg(long)]
        json: bool,
    },
}

/// What `local status --json` prints. Other programs rely on these names.
#[derive(Debug, Serialize)]
struct Status<'a> {
    running: bool,
    endpoint: Option<&'a str>,
    pid: Option<u32>,
    account: String,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    match args.action {
        Action::Up { port, fresh } => {
            let running = local::up(&workspace, &account(&workspace)?, Up { port, fresh }, &tell)?;
            tell(match running.origin {
                Origin::Found => "the local cloud was running already",
                Origin::Resumed => "the local cloud is started, with what it held",
                Origin::Empty => "the local cloud is started, and empty: `cargo xtask deploy --env local` fills it",
            });
            line(out, &running.endpoint)?;
        }
        Action::Down => tell(match local::down(&workspace, &tell)? {
            Down::Kept => "the local cloud is stopped; what it holds is there again after `cargo xtask local up`",
            Down::Lost => "the local cloud is stopped; what it held is lost",
            Down::NotRunning => "the local cloud was not running",
        }),
        Action::Status { json } => {
            let cloud = local::status(&workspace);
            match &cloud {
                _ if json => {
                    let status = Status {
                        running: cloud.is_some(),
                        endpoint: cloud.as_ref().map(|cloud| cloud.endpoint.as_str()),
                        pid: cloud.as_ref().map(|cloud| cloud.pid),
                        account: account(&workspace)?,
                    };
                    json_line(out, &status)?;
                }
                Some(Cloud { endpoint, pid, account, .. }) => {
                    line(out, &format!("running at {endpoint} as process {pid}, account {account}"))?;
                    if let (logs, Some(agent)) = local::compute_status(&workspace) {
                        line(out, &format!("workers are kept by process {agent}; what they write is in {}", logs.display()))?;
                    }
                }
                None => line(out, "not running")?,
            }
        }
    }
    Ok(Outcome::Done)
}

/// The account of the environment that lives in the local cloud.
fn account(workspace: &Workspace) -> Result<String, Error> {
    let environments = environments::read_all(workspace)?;
    let local = environments.iter().find(|environment| session::is_local(environment));
    local.map(|environment| environment.account.to_string()).ok_or(Error::NoLocalEnvironment)
}
