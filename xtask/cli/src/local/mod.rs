//! The local cloud: AWS's APIs on this machine, for `--env local` and for tests.
//!
//! It is MiniStack in a private Python environment, started in the background, on loopback only, with roles and policies enforced.
//! Any access key of twelve digits is an account of its own there; any secret will do.
//!
//! What it holds is kept when it is stopped in good order with [`down`], and is there again after [`up`], on
//! the same port. After any other end (a crash, a kill, a power cut) it starts empty: what it had written down last would be older
//! than what it did last. A deploy makes everything again in seconds.
//!
//! Everything is in `target/local`, or in the folder that `CLOUDWRIGHT_LOCAL_DIR` names: another folder is another local cloud,
//! beside the first and on another port.

mod agent;
mod error;
mod folder;
mod http;
pub(crate) mod omissions;
mod process;
mod references;
mod server;
mod sockets;
mod stand_in;
mod state;
mod tls_only;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use self::error::Error;
use self::folder::Folder;
pub(crate) use self::folder::LOCATION;
use self::process::Process;
use self::sockets::holder;
use self::state::{Kept, State};
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// How long it gets to write down what it holds.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// How to start it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Up {
    /// The port to be on; else the one that this folder always gets, or the next free one.
    pub(crate) port: Option<u16>,
    /// Whether to forget what it held.
    pub(crate) fresh: bool,
}

/// A local cloud that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    pub(crate) pid: u32,
    /// The account that it was started for: twelve digits, also the access key. Others exist beside it as soon as they are used.
    pub(crate) account: String,
    pub(crate) origin: Origin,
}

/// Where a running local cloud comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It ran already.
    Found,
    /// It was started, with what it held when it was stopped.
    Resumed,
    /// It was started, and is empty.
    Empty,
}

/// What stopping it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Down {
    /// It is stopped; what it held is kept.
    Kept,
    /// It is stopped, but had no time to write down what it held.
    Lost,
    /// It did not run.
    NotRunning,
}

/// Starts it, unless it runs, and waits until it is ready: about a second, half a minute the first time ever.
///
/// `account` is the twelve digits that stand in the environment's file. Two starts at once: the second waits for the first and uses
/// what that started. `say` gets a line whenever there is something to wait for.
pub(crate) fn up(workspace: &Workspace, account: &str, how: Up, say: &dyn Fn(&str)) -> Result<Cloud, Error> {
    Place::of(workspace).up(account, how, say)
}

/// What runs: the process that we started is there, is that process, and answers. Takes a few milliseconds.
pub(crate) fn status(workspace: &Workspace) -> Option<Cloud> {
    Place::of(workspace).status()
}

/// Starts the compute agent beside the running local cloud, unless it runs: `engine` is the binary that it is a mode of.
///
/// From then on workers run as Auto Scaling groups ask for them, until [`down`]; the next [`up`] starts it again.
pub(crate) fn compute(workspace: &Workspace, engine: &Path, region: &str, say: &dyn Fn(&str)) -> Result<(), Error> {
    Place::of(workspace).compute(engine, region, say)
}

/// Starts the stand-in for image models beside the running local cloud, unless it runs: `program` is its binary.
///
/// It runs until [`down`]; the next [`up`] starts it again.
pub(crate) fn image_models(workspace: &Workspace, program: &Path, say: &dyn Fn(&str)) -> Result<(), Error> {
    Place::of(workspace).image_models(program, say)
}

/// Where the workers' logs lie, and the compute agent's process while it runs.
pub(crate) fn compute_status(workspace: &Workspace) -> (PathBuf, Option<u32>) {
    let folder = Place::of(workspace).folder;
    (folder.workers().join("logs"), agent::running(&folder))
}

/// Stops it, with the functions that it runs. Never ends a process that we did not start.
pub(crate) fn down(workspace: &Workspace, say: &dyn Fn(&str)) -> Result<Down, Error> {
    Place::of(workspace).down(say)
}

/// The same, for a local cloud in a folder of its own, empty at first: whoever measures disturbs nobody and finds nothing.
pub(crate) fn up_in(folder: &Path, workspace: &Workspace, account: &str, say: &dyn Fn(&str)) -> Result<Cloud, Error> {
    Place::at(folder, workspace).up(account, Up { port: None, fresh: true }, say)
}

/// Stops the local cloud of a folder.
pub(crate) fn down_in(folder: &Path, workspace: &Workspace) -> Result<Down, Error> {
    Place::at(folder, workspace).down(&|_| ())
}

/// Makes a running local cloud look in another folder as if it were on another port: that of somebody who passes on.
pub(crate) fn show_at(folder: &Path, cloud: &Cloud, port: u16) -> Result<(), Error> {
    let folder = Folder::at(folder);
    folder.prepare()?;
    let process = Process::with(cloud.pid).ok_or_else(|| Error::Died { log: folder.log(), last: Vec::new() })?;
    let state = State { process, endpoint: server::endpoint(port), port, account: cloud.account.clone() };
    state::write(&folder.state(), &state)
}

/// Makes a running local cloud forget everything, in every account. Takes a moment.
pub(crate) fn empty(cloud: &Cloud) -> Result<(), Error> {
    server::empty(cloud.port())
}

impl Cloud {
    /// The port that it is on.
    pub(crate) fn port(&self) -> u16 {
        self.endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default()
    }
}

/// Where one local cloud is.
#[derive(Debug, Clone)]
struct Place {
    folder: Folder,
    /// Cargo's target folder, in which the Python environment is shared by all local clouds.
    target: PathBuf,
}

impl Place {
    fn of(workspace: &Workspace) -> Self {
        Self { folder: Folder::find(workspace.target()), target: workspace.target().to_owned() }
    }

    fn at(folder: &Path, workspace: &Workspace) -> Self {
        Self { folder: Folder::at(folder), target: workspace.target().to_owned() }
    }

    fn up(&self, account: &str, how: Up, say: &dyn Fn(&str)) -> Result<Cloud, Error> {
        let _lock = self.folder.lock(say)?;
        if let Some(state) = self.remembered() {
            match if how.fresh { None } else { self.attach(&state, how)? } {
                Some(cloud) => return Ok(cloud),
                None => self.stop(&state)?,
            }
        }
        let kept = if how.fresh { None } else { self.kept(how, say)? };
        // Asked before Python is made ready, which may take half a minute.
        let port = self.port(how, kept.as_ref())?;
        let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, &self.target, &Lookup::from_environment(), say)?;
        if kept.is_none() {
            self.folder.clear()?;
        }
        self.folder.prepare()?;
        let state = self.start(&venv, port, account)?;
        agent::resume(&self.folder, &venv, &state)?;
        stand_in::resume(&self.folder, &venv, &state)?;
        // What is kept is only whole until something is changed.
        self.folder.forget(&self.folder.kept())?;
        Ok(cloud(state, if kept.is_some() { Origin::Resumed } else { Origin::Empty }))
    }

    fn status(&self) -> Option<Cloud> {
        let state = self.remembered()?;
        (state.process.is_alive() && server::is_ready(state.port)).then(|| cloud(state, Origin::Found))
    }

    fn down(&self, say: &dyn Fn(&str)) -> Result<Down, Error> {
        let _lock = self.folder.lock(say)?;
        let Some(state) = self.remembered() else {
            agent::stop(&self.folder)?;
            stand_in::stop(&self.folder)?;
            return Ok(Down::NotRunning);
        };
        let ran = state.process.is_alive();
        self.stop(&state)?;
        Ok(match (ran, self.folder.kept().exists()) {
            (false, _) => Down::NotRunning,
            (true, true) => Down::Kept,
            (true, false) => Down::Lost,
        })
    }

    fn compute(&self, engine: &Path, region: &str, say: &dyn Fn(&str)) -> Result<(), Error> {
        let _lock = self.folder.lock(say)?;
        let Some(state) = self.remembered().filter(|state| state.process.is_alive()) else { return Ok(()) };
        let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, &self.target, &Lookup::from_environment(), say)?;
        agent::ensure(&self.folder, &venv, &state, engine, region)
    }

    fn image_models(&self, program: &Path, say: &dyn Fn(&str)) -> Result<(), Error> {
        let _lock = self.folder.lock(say)?;
        let Some(state) = self.remembered().filter(|state| state.process.is_alive()) else { return Ok(()) };
        let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, &self.target, &Lookup::from_environment(), say)?;
        stand_in::ensure(&self.folder, &venv, &state, program)
    }

    fn remembered(&self) -> Option<State> {
        state::read(&self.folder.state())
    }

    /// What can be resumed: whole, written by the packages that are to read it, and on the port that is wanted.
    fn kept(&self, how: Up, say: &dyn Fn(&str)) -> Result<Option<Kept>, Error> {
        let Some(kept) = state::read::<Kept>(&self.folder.kept()) else { return Ok(None) };
        if kept.packages != Purpose::LOCAL_CLOUD.digest() {
            say("the local cloud's version has changed, so it starts empty");
            return Ok(None);
        }
        match how.port {
            Some(asked) if asked != kept.port => Err(Error::KeptPort { asked, kept: kept.port }),
            _ if self.folder.drop_orphaned_buckets() => Ok(Some(kept)),
            _ => {
                say("what the local cloud held cannot be read, so it starts empty");
                Ok(None)
            }
        }
    }

    /// The port to start on, which is free.
    fn port(&self, how: Up, kept: Option<&Kept>) -> Result<u16, Error> {
        match (how.port, kept) {
            (_, Some(kept)) if server::is_free(kept.port) => Ok(kept.port),
            (_, Some(kept)) => Err(Error::PortTakenMeanwhile { port: kept.port, holder: holder(kept.port) }),
            (Some(port), None) if server::is_free(port) => Ok(port),
            (Some(port), None) => Err(Error::PortTaken { port, holder: holder(port) }),
            (None, None) => server::free_port(&self.folder),
        }
    }

    /// Uses what is remembered, unless it is gone.
    fn attach(&self, state: &State, how: Up) -> Result<Option<Cloud>, Error> {
        if !state.process.is_alive() {
            return Ok(None);
        }
        if let Some(asked) = how.port.filter(|asked| *asked != state.port) {
            return Err(Error::OtherPort { asked, actual: state.port });
        }
        // It may be that whoever started it did not live to see it ready.
        match server::wait(&self.folder, state, None) {
            Ok(()) => Ok(Some(cloud(state.clone(), Origin::Found))),
            Err(_) if !state.process.is_alive() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn start(&self, venv: &Venv, port: u16, account: &str) -> Result<State, Error> {
        let mut child = server::spawn(venv, &self.folder, port, account)?;
        let process = Process::with(child.id()).ok_or_else(|| Error::Died { log: self.folder.log(), last: self.folder.last_lines() })?;
        let state = State { process, endpoint: server::endpoint(port), port, account: account.to_owned() };
        let ready = state::write(&self.folder.state(), &state).and_then(|()| server::wait(&self.folder, &state, Some(&mut child)));
        if let Err(error) = ready {
            state.process.end(ENDS_WITHIN);
            self.folder.forget(&self.folder.state())?;
            return Err(error);
        }
        Ok(state)
    }

    /// Stops what is remembered, or clears up after it when it is gone already.
    fn stop(&self, state: &State) -> Result<(), Error> {
        // First, while there is still a local cloud that workers can put their jobs back into.
        agent::stop(&self.folder)?;
        stand_in::stop(&self.folder)?;
        let gently = state.process.end(ENDS_WITHIN);
        if state.process.is_alive() {
            return Err(Error::WillNotEnd { pid: state.process.pid });
        }
        if gently {
            let kept = Kept { port: state.port, packages: Purpose::LOCAL_CLOUD.digest() };
            state::write(&self.folder.kept(), &kept)?;
        } else {
            self.folder.forget(&self.folder.kept())?;
        }
        self.folder.forget(&self.folder.state())
    }
}

fn cloud(state: State, origin: Origin) -> Cloud {
    Cloud { endpoint: state.endpoint, pid: state.process.pid, account: state.account, origin }
}

#[cfg(test)]
mod tests;
