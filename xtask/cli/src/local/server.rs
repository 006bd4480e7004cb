//! MiniStack as a process: how it is started, and how to know that it is ready.
//!
//! Nothing outside this file and `folder.rs` knows that it is MiniStack.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Error;
use super::folder::{Folder, PORTS};
use super::http;
use super::sockets::{holder, open_to_others};
use super::stand_in;
use super::state::State;
use crate::python::Venv;

/// How long it may take to be ready. It takes about a second; the first time on a slow machine, several.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How often to ask whether it is ready.
const GLANCE: Duration = Duration::from_millis(50);

/// How long one question may take.
const QUESTION: Duration = Duration::from_secs(2);

/// How long it may take to forget everything: it also ends the functions that it runs.
const EMPTY_WITHIN: Duration = Duration::from_secs(60);

/// Leaves the terminal's session, so that neither Ctrl-C nor closing the window ends what is started, and becomes the program.
pub(super) const DETACH: &str = "import os, sys; os.setsid(); os.execv(sys.argv[1], sys.argv[1:])";

/// The address that the local cloud answers at.
pub(super) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Whether it answers, and has read what it held before.
pub(super) fn is_ready(port: u16) -> bool {
    http::status_of(port, "GET", "/_ministack/ready", QUESTION).is_ok_and(|status| status == 200)
}

/// Makes it forget everything.
pub(super) fn empty(port: u16) -> Result<(), Error> {
    let status = http::status_of(port, "POST", "/_ministack/reset", EMPTY_WITHIN);
    match status {
        Ok(200) => Ok(()),
        Ok(status) => Err(Error::NotEmptied { source: io::Error::other(format!("it answers with {status}")) }),
        Err(source) => Err(Error::NotEmptied { source }),
    }
}

/// Whether a port can be had, for it alone and on loopback.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The first free port, beginning where this folder always begins.
pub(super) fn free_port(folder: &Folder) -> Result<u16, Error> {
    let first = folder.first_port();
    let ports = (first..PORTS.end).chain(PORTS.start..first);
    ports.into_iter().find(|port| is_free(*port)).ok_or(Error::NoPort { first: PORTS.start, last: PORTS.end - 1 })
}

/// Starts it, with an environment in which nothing of ours or of the person's is left.
pub(super) fn spawn(venv: &Venv, folder: &Folder, port: u16, account: &str) -> Result<Child, Error> {
    let program = venv.program("ministack");
    let log = new_log(&folder.log()).map_err(|source| Error::Files { what: "write", path: folder.log(), source })?;
    let errors = log.try_clone().map_err(|source| Error::Files { what: "write", path: folder.log(), source })?;
    Command::new(venv.program("python"))
        .args(["-I", "-c", DETACH])
        .arg(&program)
        .env_clear()
        // Functions are started by it and inherit what follows.
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", folder.home())
        .env("TMPDIR", folder.tmp())
        // Without an endpoint, a function of ours would call AWS itself; and it has no business with a machine's own role.
        .env("AWS_ENDPOINT_URL", endpoint(port))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        // Its own Bedrock answers every model with words.
        .env(stand_in::ENDPOINT_VARIABLE, endpoint(stand_in::port(port)))
        // Every address otherwise; and two services would open ports of their own to the network.
        .env("BIND_HOST", "127.0.0.1")
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        .env("GATEWAY_PORT", port.to_string())
        .env("MINISTACK_ACCOUNT_ID", account)
        // Roles and policies are enforced: a function that lacks a permission fails here and not first on AWS.
        .env("AUTH", "true")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", folder.services())
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", folder.objects())
        .current_dir(folder.home())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|source| Error::Start { program, source })
}

/// Keeps the log of the run before, in which the reason stands why somebody looks for it.
fn new_log(path: &Path) -> io::Result<File> {
    if path.exists() {
        fs::rename(path, path.with_extension("log.before"))?;
    }
    File::create(path)
}

/// Waits until it is ready. `child` is at hand when we have just started it ourselves.
pub(super) fn wait(folder: &Folder, state: &State, mut child: Option<&mut Child>) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        let ended = match child.as_mut() {
            // Burying it also tells how it is.
            Some(child) => child.try_wait().is_ok_and(|status| status.is_some()),
            None => !state.process.is_alive(),
        };
        if ended {
            return Err(why_it_died(folder, state.port));
        }
        if is_ready(state.port) {
            return stays_at_home(state);
        }
        if READY_WITHIN < started.elapsed() {
            let (pid, seconds) = (state.process.pid, READY_WITHIN.as_secs());
            return Err(Error::NotReady { pid, seconds, log: folder.log(), last: folder.last_lines() });
        }
        std::thread::sleep(GLANCE);
    }
}

/// Somebody may have taken the port between our look and its start.
fn why_it_died(folder: &Folder, port: u16) -> Error {
    match holder(port) {
        Some(holder) => Error::PortTaken { port, holder: Some(holder) },
        None => Error::Died { log: folder.log(), last: folder.last_lines() },
    }
}

/// It has no password, so it must not be reachable from elsewhere.
fn stays_at_home(state: &State) -> Result<(), Error> {
    open_to_others(&state.process.family()).first().map_or(Ok(()), |address| Err(Error::OpenToOthers { address: *address }))
}
