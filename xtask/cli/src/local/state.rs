//! What is remembered of a local cloud between two commands.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Error;
use super::process::Process;

/// What runs. Written as soon as the process exists, so that whatever happens to us, the next command finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(flatten)]
    pub(super) process: Process,
    pub(super) endpoint: String,
    pub(super) port: u16,
    pub(super) account: String,
}

/// What was stopped in good order: the snapshot beside it is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The port is part of what is kept: addresses of queues and mappings hold it.
    pub(super) port: u16,
    /// The digest of the packages that wrote the snapshot; others may not be able to read it.
    pub(super) packages: String,
}

/// Reads a file of ours. One that is missing, or that another version wrote, says nothing.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a file in one piece: a reader sees the old one or the new one.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let draft = path.with_extension("draft");
    let text = serde_json::to_vec_pretty(value).map_err(std::io::Error::from);
    text.and_then(|text| fs::write(&draft, text)).and_then(|()| fs::rename(&draft, path)).map_err(|source| Error::Files {
        what: "write",
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let state = State {
            process: Process::with(std::process::id()).unwrap(),
            endpoint: "http://127.0.0.1:20001".to_owned(),
            port: 20_001,
            account: "123456789012".to_owned(),
        };

        write(&path, &state).unwrap();

        assert_eq!(read::<State>(&path), Some(state));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft was left behind");
    }

    #[test]
    fn a_file_that_cannot_be_understood_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(&path, "{\"pid\": ").unwrap();

        assert_eq!(read::<State>(&path), None, "a full disk once would stop every later deploy");
    }
}
