//! What the peers need, fetched once, and their programs, written anew each time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::child::{answer, cargo, shown};
use super::super::metadata::{Metadata, in_root};
use super::super::{Error, Workspace, read, write};
use crate::python::{Lookup, Purpose, Venv};

/// Where everything is.
#[derive(Debug, Clone)]
pub(super) struct Installed {
    /// Our own program.
    pub(super) platform: PathBuf,
    /// The Python with troposphere, and its program.
    pub(super) python: PathBuf,
    pub(super) troposphere: PathBuf,
    /// CDK's command, and its program.
    pub(super) cdk: PathBuf,
    pub(super) app: PathBuf,
}

pub(super) fn install(workspace: &Workspace, folder: &Path, most: u32, tell: &dyn Fn(&str)) -> Result<Installed, Error> {
    let sources = workspace.root().join("stacks/cfn-kit/benches/peers");
    let venv = Venv::ensure(&Purpose::PEERS, workspace.target(), &Lookup::from_environment(), tell)?;
    packages(&sources, folder, tell)?;

    let features = Metadata::read(workspace)?.features_of_target("platform")?;
    tell("building our own program in release (minutes the first time: all of EC2 is compiled)");
    let mut cargo = cargo();
    in_root(&mut cargo, workspace).env("CARGO_TARGET_DIR", workspace.target());
    shown(cargo.args(["build", "--quiet", "--release", "--package", "cfn-kit", "--example", "platform", "--features", &features]))?;
    let platform = workspace.target().join("release/examples/platform");

    let (template, environments) = (folder.join("placeholders.json"), folder.join("environments.json"));
    write(&template, answer(Command::new(&platform).arg("--placeholders"))?)?;
    write(&environments, answer(Command::new(&platform).args(["--environments", &most.to_string()]))?)?;
    let python = venv.program("python");
    // The sources' folder stays free of bytecode.
    let mut generate = Command::new(&python);
    generate.env("PYTHONDONTWRITEBYTECODE", "1").arg(sources.join("generate.py"));
    answer(generate.args([&template, &environments]).arg(folder))?;
    Ok(Installed {
        platform,
        python,
        troposphere: folder.join("platform.py"),
        cdk: folder.join("node_modules/.bin/cdk"),
        app: folder.join("platform.js"),
    })
}

/// AWS CDK, as the committed lock file has it.
pub(in super::super) fn packages(sources: &Path, folder: &Path, tell: &dyn Fn(&str)) -> Result<(), Error> {
    let (list, lock) = ("package.json", "package-lock.json");
    let wanted = read(&sources.join(lock))?;
    let ready = folder.join("ready");
    if fs::read_to_string(&ready).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    tell("fetching AWS CDK (once; about a minute)");
    write(&folder.join(list), read(&sources.join(list))?)?;
    write(&folder.join(lock), &wanted)?;
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
    answer(Command::new("npm").args(arguments).current_dir(folder))?;
    // Last, so that half of an installation does not count as one.
    write(&ready, wanted)
}
