//! The API hardening suite: a Postman collection, run by newman against an environment.
//!
//! Newman is a package of npm. It is installed under cargo's target folder from a committed lock file, which holds the digest of every
//! package; no package's own scripts are run.

#[cfg(test)]
mod door;
#[cfg(test)]
mod taken;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::json;

use crate::error::causes;

/// Where the collection is, from the repository's root.
const COLLECTION: &str = "docs/api/hardening.postman_collection.json";

/// Its folders, in the order in which they are run, and what each needs.
const FOLDERS: [(&str, Needs); 7] = [
    ("Tokens", NOTHING),
    ("Origins", NOTHING),
    ("Preflights", Needs { preflights: true, ..NOTHING }),
    ("Preflights of people's pictures", Needs { preflights: true, uploads: true }),
    ("Generated pictures", NOTHING),
    ("People's pictures", Needs { uploads: true, ..NOTHING }),
    ("Limits", NOTHING),
];

/// What of an API a folder asks something of, which not every API has.
#[derive(Debug, Clone, Copy)]
struct Needs {
    preflights: bool,
    uploads: bool,
}

const NOTHING: Needs = Needs { preflights: false, uploads: false };

const PACKAGES: &str = include_str!("../../requirements/newman/package.json");
const LOCK: &str = include_str!("../../requirements/newman/package-lock.json");

/// Why the suite cannot say that the API is hard.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("`{}` cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("`{program}` cannot be started")]
    Start { program: String, source: io::Error },

    #[error("newman cannot be installed: `npm ci` ended with {status}")]
    Install { status: ExitStatus, said: String },

    #[error("the API answers otherwise than it should: newman ended with {status}")]
    Refused { status: ExitStatus },

    #[error("`{environment}` has no API")]
    NoApi { environment: String },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Write { .. } => "check that cargo's target folder can be written".to_owned(),
            Self::Start { .. } => "install Node.js 18 or newer with npm (Debian: `apt-get install npm`)".to_owned(),
            Self::Install { .. } => "npm's words above say why; it needs its registry once".to_owned(),
            Self::Refused { .. } => {
                format!("what failed stands above; {COLLECTION} holds the cases, `cargo xtask logs --stack api` the front door's side")
            }
            Self::NoApi { environment } => format!("nothing was sent; `cargo xtask deploy --env {environment}` makes the stack `api`"),
        }
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Install { said, .. } => said.lines().map(str::to_owned).collect(),
            Self::Write { .. } | Self::Start { .. } | Self::Refused { .. } | Self::NoApi { .. } => causes(self),
        }
    }
}

/// What the collection's variables stand for.
#[derive(Debug)]
pub(crate) struct Variables {
    pub(crate) base_url: String,
    pub(crate) token: String,
    /// Of somebody who has asked for nothing yet.
    pub(crate) fresh_token: String,
    /// Whether the API's own answer to OPTIONS reaches the caller; the local cloud answers each itself.
    pub(crate) preflights: bool,
    /// Whether the API itself takes pictures; in the mode `stream` servers beside it do.
    pub(crate) uploads: bool,
}

impl Variables {
    /// Why a folder cannot be run here.
    fn lacks(&self, needs: Needs) -> Option<&'static str> {
        if needs.preflights && !self.preflights {
            Some("the local cloud answers every OPTIONS itself")
        } else if needs.uploads && !self.uploads {
            Some("servers beside the API take pictures")
        } else {
            None
        }
    }
}

/// Runs the suite. Newman's own report goes where ours goes.
pub(crate) fn run(root: &Path, target: &Path, variables: &Variables, say: &dyn Fn(&str)) -> Result<(), Error> {
    let newman = newman(target, say)?;
    // Tokens stand in a file of their own for as long as it takes, and in no list of processes.
    let file = target.join("npm").join(format!("hardening-{}.json", std::process::id()));
    let value = |key: &str, value: &str| json!({ "key": key, "value": value, "enabled": true });
    let environment = json!({ "name": "hardening", "values": [
        value("baseUrl", &variables.base_url), value("token", &variables.token), value("freshToken", &variables.fresh_token),
    ] });
    write(&file, &environment.to_string())?;
    let mut command = Command::new(newman);
    command.args(["run", COLLECTION, "--color", "off", "--disable-unicode", "--timeout-request", "30000", "--environment"]).arg(&file);
    for (folder, needs) in FOLDERS {
        match variables.lacks(needs) {
            None => drop(command.args(["--folder", folder])),
            Some(why) => say(&format!("left out, because {why}: the folder {folder}")),
        }
    }
    let status = command.current_dir(root).stdin(Stdio::null()).status();
    drop(fs::remove_file(&file));
    let status = status.map_err(|source| Error::Start { program: "newman".to_owned(), source })?;
    if status.success() { Ok(()) } else { Err(Error::Refused { status }) }
}

/// Newman, installed when it is not yet.
fn newman(target: &Path, say: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let folder = target.join("npm").join("newman");
    let program = folder.join("node_modules/.bin/newman");
    let ready = folder.join("ready");
    if fs::read_to_string(&ready).is_ok_and(|found| found == LOCK) {
        return Ok(program);
    }
    say("installing newman (once; about half a minute)");
    fs::create_dir_all(&folder).map_err(|source| Error::Write { path: folder.clone(), source })?;
    write(&folder.join("package.json"), PACKAGES)?;
    write(&folder.join("package-lock.json"), LOCK)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]).current_dir(&folder);
    let output = npm.stdin(Stdio::null()).output().map_err(|source| Error::Start { program: "npm".to_owned(), source })?;
    if !output.status.success() {
        return Err(Error::Install { status: output.status, said: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    // Last, so that half of an installation does not count as one.
    write(&ready, LOCK)?;
    Ok(program)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })
}
