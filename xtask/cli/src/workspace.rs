//! Where things are in the repository.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The repository that a command works on.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    environments: PathBuf,
}

/// Names another folder of environments than the repository's: measuring puts a changed value there, and leaves the tree alone.
pub(crate) const ENVIRONMENTS_VARIABLE: &str = "CLOUDWRIGHT_ENVIRONMENTS";

impl Workspace {
    /// Finds it from a folder upwards, as cargo and git do.
    pub(crate) fn find(from: &Path) -> Result<Self, Error> {
        let root = from
            .ancestors()
            .find(|folder| folder.join("environments").is_dir() && folder.join("Cargo.toml").is_file())
            .ok_or_else(|| Error::NoWorkspace { from: from.to_owned() })?
            .to_owned();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| from.join(folder));
        let environments = env::var_os(ENVIRONMENTS_VARIABLE).map_or_else(|| root.join("environments"), |folder| from.join(folder));
        Ok(Self { root, target, environments })
    }

    /// The same repository, with another folder of environments.
    pub(crate) fn with_environments(&self, folder: &Path) -> Self {
        Self { environments: folder.to_owned(), ..self.clone() }
    }

    /// The repository in a folder, for tests.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), target: root.join("target"), environments: root.join("environments") }
    }

    /// Another copy of the repository, with another folder for what is built from it.
    pub(crate) fn in_folders(root: &Path, target: &Path) -> Self {
        Self { root: root.to_owned(), target: target.to_owned(), environments: root.join("environments") }
    }

    /// The folder that holds everything.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the environments' files.
    pub(crate) fn environments(&self) -> &Path {
        &self.environments
    }

    /// Cargo's target folder, in which everything that can be made again is kept.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Our own folder inside cargo's target folder.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}
