//! Only what a commit holds is deployed: it is what can be looked up, reviewed and returned to.

use foundation::environment::Environment;

use crate::error::Error;
use crate::git;
use crate::workspace::Workspace;

/// Refuses a tree that differs from its commit, and a folder that has no commit at all.
pub(crate) fn must_be_clean(workspace: &Workspace, environment: &Environment) -> Result<(), Error> {
    let files = git::changed_files(workspace)?;
    let environment = environment.name.clone();
    if !files.is_empty() {
        return Err(Error::DirtyTree { environment, files });
    }
    if git::head(workspace).is_none() { Err(Error::NoCommit { environment }) } else { Ok(()) }
}
