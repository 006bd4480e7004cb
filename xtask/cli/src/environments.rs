//! The environments that the repository has: `environments/<name>.yaml`.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use foundation::environment::{self, Environment};

use crate::error::Error;
use crate::workspace::Workspace;

/// Names another folder of environments than the repository's: for accounts that shall not stand in it, and for trying a change.
const FOLDER_VARIABLE: &str = "CLOUDWRIGHT_ENVIRONMENTS";

/// Where they are, and how people call it.
fn folder(workspace: &Workspace) -> (PathBuf, String) {
    match env::var_os(FOLDER_VARIABLE) {
        Some(folder) => (workspace.root().join(&folder), folder.to_string_lossy().into_owned()),
        None => (workspace.root().join("environments"), "environments".to_owned()),
    }
}

/// Their names, sorted.
pub(crate) fn names(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let (folder, _) = folder(workspace);
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
    let (folder, called) = folder(workspace);
    let file = format!("{called}/{name}.yaml");
    let path = folder.join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).map_err(|source| Error::Read { path, source })?;
    Environment::read(name, &file, &text).map_err(Error::EnvironmentFile)
}

/// Reads all of them.
pub(crate) fn read_all(workspace: &Workspace) -> Result<Vec<Environment>, Error> {
    names(workspace)?.iter().map(|name| read(workspace, name)).collect()
}
