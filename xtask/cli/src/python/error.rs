//! Why there is no Python to work with.

use std::io;
use std::path::PathBuf;

use super::find::{CHOICE, OLDEST, Version};
use crate::error::causes;

/// Why there is no Python to work with. Whichever it is, nothing has been sent to AWS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no Python was found, and {OLDEST} or newer is needed")]
    Missing,

    #[error("Python {version} (`{}`) is too old: {OLDEST} or newer is needed", program.display())]
    TooOld { program: PathBuf, version: Version },

    #[error("Python {version} (`{}`) cannot make virtual environments: it has no `{module}`", program.display())]
    NoVenv { program: PathBuf, version: Version, module: String },

    #[error("`{}` in {CHOICE} is no Python that can be started", program.display())]
    Chosen { program: PathBuf, source: io::Error },

    #[error("cannot {what} `{}`", path.display())]
    Files { what: &'static str, path: PathBuf, source: io::Error },

    #[error("`{command}` cannot be started")]
    Start { command: String, source: io::Error },

    #[error("`{command}` failed")]
    Make { command: String, said: Vec<String> },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let what = match self {
            Self::Missing => format!("install it (Debian: `apt install python3 python3-venv`), or set {CHOICE} to the one to use"),
            Self::TooOld { .. } => format!("install a newer one beside it, or set {CHOICE} to the one to use"),
            Self::NoVenv { version, .. } => {
                format!("on Debian and Ubuntu that is a package of its own: `apt install python{version}-venv`; or set {CHOICE} to another one")
            }
            Self::Chosen { .. } => format!("set {CHOICE} to a Python {OLDEST} or newer, or unset it to take the one on the PATH"),
            Self::Files { .. } => "check the space and the permissions of the target folder".to_owned(),
            Self::Start { .. } => "remove target/python and try again".to_owned(),
            Self::Make { .. } => {
                "packages come from the registry that pip is configured for (PIP_INDEX_URL, PIP_CERT, HTTPS_PROXY); what is half made is made again next time".to_owned()
            }
        };
        format!("nothing was sent; {what}")
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Make { said, .. } => said.clone(),
            Self::Missing | Self::TooOld { .. } | Self::NoVenv { .. } | Self::Chosen { .. } | Self::Files { .. } | Self::Start { .. } => {
                causes(self)
            }
        }
    }
}
