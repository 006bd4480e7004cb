//! The tools to compare with, fetched once, and what each deploys, written anew each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use protocol::Artifact;

use super::super::child::answer;
use super::super::ground::{Ground, Version};
use super::super::peers::packages;
use super::super::{Error, make_folder, write};
use super::plan::{Plan, changed_properties};
use super::script::{Tool, script};
use crate::artifacts::Profile;
use crate::cli::Context;
use crate::progress::Building;
use crate::python::{Lookup, Purpose, Venv};
use crate::tools;

/// The programs, and the folders in which everything lies that they deploy, by version.
#[derive(Debug)]
pub(super) struct Installed {
    pub(super) cdk: PathBuf,
    written: PathBuf,
    changed: PathBuf,
    /// How many stacks there are.
    pub(super) stacks: usize,
}

impl Installed {
    /// What lies there for a version.
    pub(super) fn of(&self, version: Version, name: &str) -> PathBuf {
        match version {
            Version::Written => self.written.join(name),
            Version::Changed => self.changed.join(name),
        }
    }
}

pub(super) fn install(ctx: &Context, ground: &Ground, folder: &Path, tell: &dyn Fn(&str)) -> Result<Installed, Error> {
    let workspace = ctx.workspace()?;
    let aws = Venv::ensure(&Purpose::AWS_CLI, workspace.target(), &Lookup::from_environment(), tell)?.program("aws");
    let sam = Venv::ensure(&Purpose::SAM, workspace.target(), &Lookup::from_environment(), tell)?.program("sam");
    let peers = workspace.scratch().join("bench/peers");
    make_folder(&peers)?;
    packages(&workspace.root().join("stacks/cfn-kit/benches/peers"), &peers, tell)?;
    // Beside its packages, where Node.js looks for them.
    let app = peers.join("deploys.js");
    write(&app, include_str!("app.js"))?;
    settle(&folder.join("home"))?;

    let platform = ground.stacks(ctx, Version::Written)?;
    let built = tools::for_this_machine(&workspace, &platform, &Building::tools(ctx.terminal))?;
    let artifacts = tools::pack(&workspace, &platform, &built, Profile::Dev)?;
    let changed = ground.stacks(ctx, Version::Changed)?;
    let number = changed_properties(&platform, &changed);
    if number != 1 {
        return Err(Error::Answer { program: "the changed environment", what: format!("{number} properties of resources differ") });
    }

    let installed = Installed {
        cdk: peers.join("node_modules/.bin/cdk"),
        written: folder.join("plans/written"),
        changed: folder.join("plans/changed"),
        stacks: platform.len(),
    };
    tell("writing what the other tools deploy");
    for (version, platform) in [(Version::Written, platform), (Version::Changed, changed)] {
        let plan = write_plan(ground, &platform, &artifacts, &installed.of(version, ""))?;
        for (tool, name) in [(Tool::AwsCli, "aws-cli.sh"), (Tool::Sam, "sam.sh")] {
            write(&installed.of(version, name), script(tool, &plan, &aws, &sam))?;
        }
        let out = installed.of(version, "cdk.out");
        // A folder from before could hold files of stacks that are gone.
        drop(fs::remove_dir_all(&out));
        answer(Command::new("node").arg(&app).arg(installed.of(version, "plan.json")).arg(&out).current_dir(&peers))?;
    }
    Ok(installed)
}

fn write_plan(ground: &Ground, platform: &[foundation::Finished], artifacts: &[Artifact], folder: &Path) -> Result<Plan, Error> {
    let environment = &ground.environment;
    Plan::write(platform, artifacts, environment.account.as_str(), environment.region.as_str(), folder)
}

/// A home in which SAM has just looked for a newer version of itself, which it would do on the way otherwise.
fn settle(home: &Path) -> Result<(), Error> {
    let folder = home.join(".aws-sam");
    make_folder(&folder)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let settings = serde_json::json!({ "telemetryEnabled": false, "installationId": "bench", "lastVersionCheck": now });
    write(&folder.join("metadata.json"), settings.to_string())
}
