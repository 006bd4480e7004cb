//! Only what a commit holds is deployed: it is what can be looked up, reviewed and returned to.

use foundation::environment::Environment;

use crate::error::Error;
use crate::git;
use crate::workspace::Workspace;

/// Refuses a tree that differs from its commit. A folder that is no checkout has no commit to differ from.
pub(super) fn must_be_clean(workspace: &Workspace, environment: &Environment) -> Result<(), Error> {
    let files = git::changed_files(workspace)?;
    if files.is_empty() { Ok(()) } else { Err(Error::DirtyTree { environment: environment.name.clone(), files }) }
}
