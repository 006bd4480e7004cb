//! One `cargo build` for everything that a command needs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::SystemTime;

use serde::Deserialize;

use super::reproducible::{Places, at_home};
use super::{Error, Machine, Native, memory};
use crate::progress::Building;
use crate::workspace::Workspace;

/// How binaries are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build: the engine, and functions that run on this machine.
    Dev,
    /// Small and quick to start: functions that run on AWS.
    Lambda,
}

impl Profile {
    /// Cargo's name for it; also the name of the folder that the zips go to.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Lambda => "lambda",
        }
    }

    /// How hard zips are squeezed: on the way to this machine not at all hard, on the way to AWS once and well.
    pub(super) const fn compression(self) -> i64 {
        match self {
            Self::Dev => 1,
            Self::Lambda => 9,
        }
    }
}

/// What to build.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    /// Packages with a binary of the same name.
    pub(crate) packages: &'a [&'a str],
    pub(crate) profile: Profile,
    /// The machine to build for; none for this one.
    pub(crate) machine: Option<Machine>,
}

/// Where the binaries are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Built {
    executables: BTreeMap<String, PathBuf>,
}

impl Built {
    /// Binaries that are known to be somewhere.
    pub(crate) fn of(executables: impl IntoIterator<Item = (String, PathBuf)>) -> Self {
        Self { executables: executables.into_iter().collect() }
    }

    /// The path of a binary.
    pub(crate) fn executable(&self, name: &str) -> Result<&Path, Error> {
        self.executables.get(name).map(PathBuf::as_path).ok_or_else(|| Error::NotBuilt { name: name.to_owned() })
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.executables.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }
}

/// The parts of cargo's messages that matter here.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

/// Builds, in one call of cargo, so that everything that the packages share is built once; not at all when nothing has changed.
pub(crate) fn build(workspace: &Workspace, order: Order<'_>, building: &Building) -> Result<Built, Error> {
    if let Some(built) = memory::recall(workspace, order) {
        return Ok(built);
    }
    let began = SystemTime::now();
    let built = build_for(None, workspace, order, building)?;
    memory::remember(workspace, order, &built, began);
    Ok(built)
}

/// Builds without asking the memory, and as somebody would whose home is another folder, when one is given.
pub(crate) fn build_for(home: Option<&Path>, workspace: &Workspace, order: Order<'_>, building: &Building) -> Result<Built, Error> {
    let mut command = at_home(command(workspace, order), home);
    if order.profile == Profile::Lambda {
        Places::find(workspace, home, building)?.settle(&mut command);
    }
    // After that, which drops what a person has set of the same names.
    let native = Native::of(workspace, Some(order.packages))?;
    command.args(native.arguments()).envs(native.variables(workspace, &|line| building.say(line))?);
    let line = format!("cargo {}", command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "));
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|source| Error::NoTool { program: program.clone(), source })?;

    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let built = thread::scope(|scope| {
        scope.spawn(|| {
            // Cargo's words end when cargo does; what cannot be read cannot be shown either.
            for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines()).map_while(Result::ok) {
                building.line(&line);
            }
        });
        read(stdout)
    });
    let status = child.wait().map_err(|source| Error::NoTool { program, source })?;
    building.end();

    match (status.success(), status.signal()) {
        (true, _) => built,
        (false, Some(signal)) => Err(Error::Stopped { command: line, signal }),
        (false, None) => Err(Error::Build { command: line }),
    }
}

/// The cargo that runs us, or the one on the PATH.
pub(super) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

fn command(workspace: &Workspace, order: Order<'_>) -> Command {
    let mut command = cargo();
    command.arg("build").args(["--profile", order.profile.name()]).arg("--message-format=json-render-diagnostics");
    for package in order.packages {
        command.args(["--package", package]);
    }
    if let Some(machine) = order.machine.filter(|machine| Some(*machine) != Machine::host()) {
        command.args(["--target", machine.target()]);
    }
    command.current_dir(workspace.root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn read(stdout: Option<impl Read>) -> Result<Built, Error> {
    let mut built = Built::default();
    for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
        let message: Message = serde_json::from_str(&line).map_err(|source| Error::Message { line, source })?;
        if let (Some(executable), Some(target), "compiler-artifact") = (message.executable, message.target, message.reason.as_str()) {
            built.executables.insert(target.name, executable);
        }
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_build_scripts_are_no_binaries() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"name":"contract"},"executable":null}"#,
            r#"{"reason":"build-script-executed","package_id":"x"}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"transcode"},"executable":"/target/debug/transcode"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ]
        .join("\n");

        let built = read(Some(messages.as_bytes())).unwrap();

        assert_eq!(built.executable("transcode").unwrap(), Path::new("/target/debug/transcode"));
        assert_eq!(built.iter().count(), 1, "something that is no program would be shipped: {built:?}");
        assert!(matches!(built.executable("contract"), Err(Error::NotBuilt { .. })), "a library would be started");
    }

    #[test]
    fn something_that_is_not_cargo_is_noticed() {
        let messages = "usage: cargo-impostor [options]\n";

        let error = read(Some(messages.as_bytes())).unwrap_err();

        assert!(error.to_string().contains("cargo-impostor"), "nobody would know what CARGO points at: {error}");
    }
}
