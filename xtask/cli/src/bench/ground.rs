//! Where deploys are measured: a local cloud of its own, empty again before each measurement, and the local environment twice, as it is
//! written and with one property changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use foundation::Finished;
use foundation::environment::Environment;

use super::{Error, make_folder, read, write};
use crate::cli::Context;
use crate::local::{self, Cloud, LOCATION};
use crate::session::is_local;
use crate::surroundings::Surroundings;
use crate::workspace::{ENVIRONMENTS_VARIABLE, Workspace};
use crate::{environments, tools};

/// The setting that is changed: one property of one resource, the threshold of an alarm.
const SETTING: &str = "depth: ";

/// The environment as it is written, or with one property changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Written,
    Changed,
}

/// A local cloud to measure in. It is stopped when this is dropped.
#[derive(Debug)]
pub(super) struct Ground {
    workspace: Workspace,
    folder: PathBuf,
    pub(super) cloud: Cloud,
    pub(super) environment: Environment,
}

impl Ground {
    /// Starts the cloud, and writes the changed environment. Everything lies in `folder`.
    pub(super) fn prepare(ctx: &Context, folder: &Path, tell: &dyn Fn(&str)) -> Result<Self, Error> {
        let workspace = ctx.workspace()?;
        let all = environments::read_all(&workspace)?;
        let environment = all.into_iter().find(is_local).ok_or(crate::error::Error::NoLocalEnvironment)?;
        make_folder(folder)?;
        change(&workspace, &environment.name, &changed_folder(folder))?;
        let cloud = local::up_in(&folder.join("cloud"), &workspace, environment.account.as_str(), tell)?;
        Ok(Self { workspace, folder: folder.to_owned(), cloud, environment })
    }

    /// Makes the cloud forget everything.
    pub(super) fn empty(&self) -> Result<(), Error> {
        Ok(local::empty(&self.cloud)?)
    }

    /// Where a command finds this cloud.
    pub(super) fn place(&self) -> PathBuf {
        self.folder.join("cloud")
    }

    /// The stacks of a version of the environment.
    pub(super) fn stacks(&self, ctx: &Context, version: Version) -> Result<Vec<Finished>, Error> {
        let workspace = match version {
            Version::Written => self.workspace.clone(),
            Version::Changed => self.workspace.with_environments(&changed_folder(&self.folder)),
        };
        Ok((ctx.platform.stacks)(&environments::read(&workspace, &self.environment.name)?))
    }

    /// Makes a command of ours work on this version, in the cloud that is found in a folder.
    pub(super) fn direct<'a>(&self, command: &'a mut Command, version: Version, cloud: &Path) -> &'a mut Command {
        command.current_dir(self.workspace.root()).env("CARGO_TARGET_DIR", self.workspace.target()).env(LOCATION, cloud);
        // Only what this repository builds is measured.
        command.env_remove(tools::ENGINE_VARIABLE);
        match version {
            Version::Written => command.env_remove(ENVIRONMENTS_VARIABLE),
            Version::Changed => command.env(ENVIRONMENTS_VARIABLE, changed_folder(&self.folder)),
        }
    }

    /// Makes any other command talk to what answers on a port of this machine, and to nothing else.
    pub(super) fn surround<'a>(&self, command: &'a mut Command, port: u16) -> &'a mut Command {
        let endpoint = format!("http://127.0.0.1:{port}");
        Surroundings::local(&endpoint, self.environment.account.as_str(), self.environment.region.as_str()).apply(command);
        // What a tool keeps for a person stays out of the person's own folders.
        command.env("HOME", self.folder.join("home")).current_dir(&self.folder)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        // Whoever starts the next one in this folder ends one that stayed.
        drop(local::down_in(&self.place(), &self.workspace));
    }
}

fn changed_folder(folder: &Path) -> PathBuf {
    folder.join("changed")
}

/// All environments, one of them with another value.
fn change(workspace: &Workspace, name: &str, to: &Path) -> Result<(), Error> {
    make_folder(to)?;
    for other in environments::names(workspace)? {
        let file = format!("{other}.yaml");
        let from = workspace.environments().join(&file);
        let text = read(&from)?;
        let text = if other == name { changed(&text).ok_or(Error::NoLine { path: from })? } else { text };
        write(&to.join(&file), text)?;
    }
    drop(fs::remove_file(to.join("schema.json")));
    Ok(())
}

/// The text with one more.
fn changed(text: &str) -> Option<String> {
    let (before, after) = text.split_once(SETTING)?;
    let digits = after.split(|letter: char| !letter.is_ascii_digit()).next()?;
    let number: u32 = digits.parse().ok()?;
    Some(format!("{before}{SETTING}{}{}", number + 1, after.strip_prefix(digits)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_one_environment_is_changed_and_nothing_in_the_tree() {
        let tree = tempfile::tempdir().unwrap();
        let folder = tree.path().join("environments");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("local.yaml"), "jobs:\n  depth: 30\n  tries: 3\n").unwrap();
        fs::write(folder.join("prod.yaml"), "jobs:\n  depth: 99\n").unwrap();
        let out = tree.path().join("out");

        change(&Workspace::at(tree.path()), "local", &out).unwrap();

        let text = |path: PathBuf| fs::read_to_string(path).unwrap();
        assert_eq!(text(out.join("local.yaml")), "jobs:\n  depth: 31\n  tries: 3\n");
        assert_eq!(text(out.join("prod.yaml")), "jobs:\n  depth: 99\n");
        assert!(text(folder.join("local.yaml")).contains(": 30\n"), "measuring would change what is deployed");
    }

    #[test]
    fn an_environment_without_the_setting_cannot_be_changed() {
        assert_eq!(changed("jobs: {}\n"), None);
        assert_eq!(changed("depth: many\n"), None);
    }
}
