//! The environments that the repository has: `environments/<name>.yaml`.

use std::ffi::OsStr;
use std::fs;

use foundation::environment::{self, Environment};

use crate::error::Error;
use crate::workspace::Workspace;

/// Their names, sorted.
pub(crate) fn names(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let folder = workspace.environments().to_owned();
    let unreadable = |source| Error::Read { path: folder.clone(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension() == Some(OsStr::new("yaml")) {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Reads one, strictly.
pub(crate) fn read(workspace: &Workspace, name: &str) -> Result<Environment, Error> {
    let known = names(workspace)?;
    if !known.iter().any(|one| one == name) {
        let nearest = environment::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        return Err(Error::UnknownEnvironment { name: name.to_owned(), known, nearest });
    }
    // As people call it: in the repository, not from the root of the machine.
    let called = workspace.environments().strip_prefix(workspace.root()).unwrap_or(workspace.environments());
    let file = called.join(format!("{name}.yaml")).display().to_string();
    let path = workspace.environments().join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    Environment::read(name, &file, &text).map_err(Error::EnvironmentFile)
}

/// Reads all of them.
pub(crate) fn read_all(workspace: &Workspace) -> Result<Vec<Environment>, Error> {
    names(workspace)?.iter().map(|name| read(workspace, name)).collect()
}
