//! A commit goes from one environment to the next.

use foundation::environment::Environment;

use protocol::{Event, ListReleases, ReleaseLine, ReleaseOutcome, Request};

use crate::cli::Context;
use crate::error::Error;
use crate::session::Session;
use crate::workspace::Workspace;
use crate::{environments, git};

/// Refuses a commit that was not released in the environment that comes before.
pub(super) fn must_be_before(ctx: &Context, workspace: &Workspace, environment: &Environment) -> Result<(), Error> {
    let Some(after) = &environment.deploy.after else { return Ok(()) };
    let before = environments::read(workspace, after.as_str())?;
    let commit = git::commit(workspace)?;
    let released = match &commit {
        Some(commit) => released_in(ctx, &before, commit)?,
        None => false,
    };
    if released {
        return Ok(());
    }
    Err(Error::Unreleased { environment: environment.name.clone(), before: before.name, commit })
}

/// Whether a commit was released in an environment, as it stands, according to that environment's own ledger.
fn released_in(ctx: &Context, environment: &Environment, commit: &str) -> Result<bool, Error> {
    let session = Session::with_engine_alone(ctx, &environment.name)?;
    let mut released = false;
    session.read(&Request::Releases(ListReleases { ledger: session.ledger(), limit: usize::MAX }), |event| {
        let Event::Release(ReleaseLine { details: Some(details), .. }) = event else { return Ok(()) };
        let whole = details.outcome == Some(ReleaseOutcome::Succeeded);
        released |= whole && details.commit.as_ref().is_some_and(|released| released.id == commit && !released.dirty);
        Ok(())
    })?;
    Ok(released)
}
