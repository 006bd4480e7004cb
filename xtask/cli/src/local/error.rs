//! Why the local cloud cannot be started, asked or stopped.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::folder::LOCATION;
use crate::error::causes;
use crate::python;

/// Why the local cloud cannot be started, asked or stopped. None of it has anything to do with AWS: nothing leaves this machine.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Python(#[from] python::Error),

    #[error("port {port} is taken{}", by(holder.as_deref()))]
    PortTaken { port: u16, holder: Option<String> },

    #[error("port {port}, on which the local cloud was when it was stopped, is taken{}", by(holder.as_deref()))]
    PortTakenMeanwhile { port: u16, holder: Option<String> },

    #[error("no port between {first} and {last} is free")]
    NoPort { first: u16, last: u16 },

    #[error("the local cloud already runs on port {actual}, not on `{asked}`")]
    OtherPort { asked: u16, actual: u16 },

    #[error("the local cloud was last on port {kept}, not on `{asked}`")]
    KeptPort { asked: u16, kept: u16 },

    #[error("the local cloud cannot be started as `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("the local cloud ended while it was starting")]
    Died { log: PathBuf, last: Vec<String> },

    #[error("the local cloud runs (process {pid}), but has not been ready for {seconds} s")]
    NotReady { pid: u32, seconds: u64, log: PathBuf, last: Vec<String> },

    #[error("the local cloud listens on {address}, where other machines can reach it")]
    OpenToOthers { address: SocketAddr },

    #[error("the local cloud does not forget what it holds")]
    NotEmptied { source: io::Error },

    #[error("the local cloud (process {pid}) does not end")]
    WillNotEnd { pid: u32 },

    #[error("cannot {what} `{}`", path.display())]
    Files { what: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let what = match self {
            Self::Python(error) => return error.hint(),
            Self::PortTaken { .. } => "stop what holds it, or leave out `--port` to have a free one found".to_owned(),
            Self::PortTakenMeanwhile { .. } => {
                "stop what holds it, or start anew and empty on another port: `cargo xtask local up --fresh`".to_owned()
            }
            Self::NoPort { .. } => "name one with `cargo xtask local up --port`".to_owned(),
            Self::OtherPort { .. } => "use it where it is, or stop it first: `cargo xtask local down`".to_owned(),
            Self::KeptPort { asked, .. } => {
                format!(
                    "what it holds belongs to that port: leave out `--port`, or start empty: `cargo xtask local up --fresh --port {asked}`"
                )
            }
            Self::Start { .. } => "remove target/python and try again".to_owned(),
            Self::Died { log, .. } => {
                format!(
                    "its log is {}; `cargo xtask local up --fresh` starts it empty, if it is what it held that it cannot read",
                    log.display()
                )
            }
            Self::NotReady { log, .. } => format!("its log is {}; stop it with `cargo xtask local down`", log.display()),
            Self::OpenToOthers { .. } => "it has been stopped again; please report this".to_owned(),
            Self::NotEmptied { .. } => "start it anew and empty: `cargo xtask local up --fresh`".to_owned(),
            Self::WillNotEnd { pid } => format!("end it by hand: `kill -9 {pid}`"),
            Self::Files { .. } => format!("check the space and the permissions, or set {LOCATION} to another folder"),
        };
        format!("nothing was sent; {what}")
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Python(error) => error.causes(),
            Self::Died { last, .. } | Self::NotReady { last, .. } => last.clone(),
            Self::PortTaken { .. }
            | Self::PortTakenMeanwhile { .. }
            | Self::NoPort { .. }
            | Self::OtherPort { .. }
            | Self::KeptPort { .. }
            | Self::Start { .. }
            | Self::OpenToOthers { .. }
            | Self::NotEmptied { .. }
            | Self::WillNotEnd { .. }
            | Self::Files { .. } => causes(self),
        }
    }
}

fn by(holder: Option<&str>) -> String {
    holder.map(|holder| format!(" by {holder}")).unwrap_or_default()
}
