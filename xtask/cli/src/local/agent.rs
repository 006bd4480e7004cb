//! The compute agent: what starts and stops workers beside the local cloud, as a process that outlives the command.
//!
//! It is a mode of the engine's binary, so that nothing of the SDK comes into this crate. It is remembered like the local cloud
//! itself: by its number and the moment of its start.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Error;
use super::folder::Folder;
use super::process::Process;
use super::server::DETACH;
use super::state::{self, State};
use crate::python::Venv;
use crate::surroundings::Surroundings;

/// How long it gets to end its workers. They are asked first, and then made to.
const ENDS_WITHIN: Duration = Duration::from_secs(15);

/// What is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Agent {
    /// None when it was stopped: the next start of the local cloud starts it again.
    process: Option<Process>,
    /// The local cloud that it looks at.
    endpoint: String,
    region: String,
    /// The engine's binary, and when it was written: another build is another agent.
    program: PathBuf,
    written: u64,
}

/// Starts it beside a running local cloud, unless that very agent runs.
pub(super) fn ensure(folder: &Folder, venv: &Venv, cloud: &State, program: &Path, region: &str) -> Result<(), Error> {
    let wanted = Agent {
        process: None,
        endpoint: cloud.endpoint.clone(),
        region: region.to_owned(),
        program: program.to_owned(),
        written: written(program),
    };
    if let Some(known) = state::read::<Agent>(&folder.agent()) {
        if known.process.as_ref().is_some_and(Process::is_alive) && (Agent { process: None, ..known.clone() }) == wanted {
            return Ok(());
        }
        end(&known)?;
    }
    start(folder, venv, &cloud.account, wanted)
}

/// Starts again what was stopped together with the local cloud.
pub(super) fn resume(folder: &Folder, venv: &Venv, cloud: &State) -> Result<(), Error> {
    let Some(known) = state::read::<Agent>(&folder.agent()) else { return Ok(()) };
    if !known.program.exists() {
        return Ok(());
    }
    ensure(folder, venv, cloud, &known.program, &known.region)
}

/// Stops it and its workers. Never ends a process that we did not start.
pub(super) fn stop(folder: &Folder) -> Result<(), Error> {
    let Some(known) = state::read::<Agent>(&folder.agent()) else { return Ok(()) };
    end(&known)?;
    state::write(&folder.agent(), &Agent { process: None, ..known })
}

/// The process, if it runs.
pub(super) fn running(folder: &Folder) -> Option<u32> {
    state::read::<Agent>(&folder.agent())?.process.filter(Process::is_alive).map(|process| process.pid)
}

fn end(agent: &Agent) -> Result<(), Error> {
    let Some(process) = &agent.process else { return Ok(()) };
    // Its workers are in its group, and go with it even when it cannot end them any more.
    process.end(ENDS_WITHIN);
    if process.is_alive() { Err(Error::WillNotEnd { pid: process.pid }) } else { Ok(()) }
}

fn start(folder: &Folder, venv: &Venv, account: &str, agent: Agent) -> Result<(), Error> {
    let workers = folder.workers();
    let fails = |what: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| Error::Files { what, path, source }
    };
    fs::create_dir_all(&workers).map_err(fails("make the folder", &workers))?;
    let path = workers.join("agent.log");
    let log = File::options().create(true).append(true).open(&path).map_err(fails("write", &path))?;
    let errors = log.try_clone().map_err(fails("write", &path))?;
    let mut command = Command::new(venv.program("python"));
    command.args(["-I", "-c", DETACH]).arg(&agent.program).arg("agent").arg(&workers);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("HOME", folder.home());
    Surroundings::local(&agent.endpoint, account, &agent.region).apply(&mut command);
    let child = command.current_dir(&workers).stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
    let child = child.map_err(|source| Error::Start { program: agent.program.clone(), source })?;
    let process = Process::with(child.id());
    state::write(&folder.agent(), &Agent { process, ..agent })
}

/// When a program was written, in seconds since 1970.
pub(super) fn written(program: &Path) -> u64 {
    let modified = fs::metadata(program).and_then(|metadata| metadata.modified()).ok();
    modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs()).unwrap_or_default()
}
