//! A commit goes from one environment to the next.

use foundation::environment::Environment;

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{environments, git};

/// Refuses a commit that was not released in the environment that comes before.
pub(super) fn must_be_before(workspace: &Workspace, environment: &Environment) -> Result<(), Error> {
    let Some(after) = &environment.deploy.after else { return Ok(()) };
    let before = environments::read(workspace, after.as_str())?;
    let commit = git::commit(workspace)?;
    let released = match &commit {
        Some(commit) => released_in(&before, commit)?,
        None => false,
    };
    if released {
        return Ok(());
    }
    Err(Error::Unreleased { environment: environment.name.clone(), before: before.name, commit })
}

/// Whether a commit was released in an environment. No environment keeps a record of its releases yet, so no commit was.
fn released_in(_environment: &Environment, _commit: &str) -> Result<bool, Error> {
    Ok(false)
}
