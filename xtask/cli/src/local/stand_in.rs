//! The stand-in for image models: what the local cloud has instead of Bedrock's, as a process that outlives the command.
//!
//! MiniStack's own Bedrock answers every model with words. This one answers with pictures; functions find it by an address of its own,
//! which follows from the local cloud's, so that functions that were started before it find it as well.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use super::process::Process;
use super::server::{self, DETACH};
use super::state::{self, State};
use super::{Error, agent};
use crate::python::Venv;

/// The variable by which every SDK finds the models.
pub(super) const ENDPOINT_VARIABLE: &str = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";

/// How far its port is from the local cloud's: no folder begins its search for a port there.
const DISTANCE: u16 = 10_000;

/// How long it gets to end.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// What is remembered of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StandIn {
    /// None when it was stopped: the next start of the local cloud starts it again.
    process: Option<Process>,
    port: u16,
    /// Its binary, and when it was written: another build is another stand-in.
    program: PathBuf,
    written: u64,
}

/// Where it answers beside a local cloud on this port.
pub(super) fn port(cloud: u16) -> u16 {
    if cloud <= u16::MAX - DISTANCE { cloud + DISTANCE } else { cloud - DISTANCE }
}

/// Starts it beside a running local cloud, unless that very one runs.
pub(super) fn ensure(folder: &Folder, venv: &Venv, cloud: &State, program: &Path) -> Result<(), Error> {
    let wanted = StandIn { process: None, port: port(cloud.port), program: program.to_owned(), written: agent::written(program) };
    if let Some(known) = state::read::<StandIn>(&folder.stand_in()) {
        if known.process.as_ref().is_some_and(Process::is_alive) && (StandIn { process: None, ..known.clone() }) == wanted {
            return Ok(());
        }
        end(&known)?;
    }
    start(folder, venv, wanted)
}

/// Starts again what was stopped together with the local cloud.
pub(super) fn resume(folder: &Folder, venv: &Venv, cloud: &State) -> Result<(), Error> {
    match state::read::<StandIn>(&folder.stand_in()) {
        Some(known) if known.program.exists() => ensure(folder, venv, cloud, &known.program),
        Some(_) | None => Ok(()),
    }
}

/// Stops it. Never ends a process that we did not start.
pub(super) fn stop(folder: &Folder) -> Result<(), Error> {
    let Some(known) = state::read::<StandIn>(&folder.stand_in()) else { return Ok(()) };
    end(&known)?;
    state::write(&folder.stand_in(), &StandIn { process: None, ..known })
}

fn end(stand_in: &StandIn) -> Result<(), Error> {
    let Some(process) = &stand_in.process else { return Ok(()) };
    process.end(ENDS_WITHIN);
    if process.is_alive() { Err(Error::WillNotEnd { pid: process.pid }) } else { Ok(()) }
}

fn start(folder: &Folder, venv: &Venv, stand_in: StandIn) -> Result<(), Error> {
    if !server::is_free(stand_in.port) {
        return Err(Error::PortTaken { port: stand_in.port, holder: super::holder(stand_in.port) });
    }
    let path = folder.stand_in_log();
    let fails = |source| Error::Files { what: "write", path: path.clone(), source };
    let log = File::options().create(true).append(true).open(&path).map_err(fails)?;
    let errors = log.try_clone().map_err(fails)?;
    let mut command = Command::new(venv.program("python"));
    command.args(["-I", "-c", DETACH]).arg(&stand_in.program).arg(stand_in.port.to_string());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("HOME", folder.home());
    fs::create_dir_all(folder.home()).map_err(|source| Error::Files { what: "make the folder", path: folder.home(), source })?;
    let child = command.current_dir(folder.home()).stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
    let child = child.map_err(|source| Error::Start { program: stand_in.program.clone(), source })?;
    let process = Process::with(child.id());
    state::write(&folder.stand_in(), &StandIn { process, ..stand_in })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::folder::PORTS;

    #[test]
    fn a_stand_in_takes_no_port_that_a_local_cloud_could_have() {
        for cloud in [PORTS.start, PORTS.end - 1] {
            assert!(!PORTS.contains(&port(cloud)), "beside {cloud}, another local cloud could not be started");
        }
        assert_eq!(port(60_000), 50_000, "there is no port above 65,535");
    }
}
