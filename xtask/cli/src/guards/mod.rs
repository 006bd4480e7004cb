//! What a deploy does not do unasked.
//!
//! The engine watches over what it does; what is decided by files, by git and by the templates' meaning is decided here, before the
//! engine is asked to send anything.

mod alarms;
mod model;
mod released;
mod review;
mod tree;

pub(crate) use model::check as model;
pub(crate) use review::{Compared, Review, token};
pub(crate) use tree::must_be_clean;

use std::collections::BTreeMap;

use foundation::environment::Environment;
use foundation::{ENVIRONMENT_TAG, Finished, ROLE_ARN};
use protocol::{Guards, RoleRef};

use crate::cli::Context;
use crate::error::Error;
use crate::session::is_local;
use crate::workspace::Workspace;

/// What the engine watches over while it deploys.
pub(crate) fn of_engine(ctx: &Context, environment: &Environment, platform: &[Finished]) -> Result<Guards, Error> {
    let role = (ctx.platform.execution_role)(environment, platform);
    let deploy = &environment.deploy;
    let on_aws = environment.endpoint_url.is_none();
    Ok(Guards {
        belongs: BTreeMap::from([(ENVIRONMENT_TAG.to_owned(), environment.name.clone())]),
        execution_role: Some(RoleRef { name: role.name, output: ROLE_ARN.to_owned() }),
        rollback: deploy.rollback.as_ref().map(|rollback| alarms::checked(environment, rollback, platform)).transpose()?,
        express: deploy.express,
        review: deploy.confirm_destructive.unwrap_or(on_aws),
        stand_in: !on_aws,
    })
}

/// What a person lets a deploy do all the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// A tree that no commit holds.
    pub(crate) dirty: bool,
    /// A commit that was not released where it had to be before.
    pub(crate) unreleased: bool,
}

/// Whether this tree may be deployed to an environment.
pub(crate) fn may_be_deployed(ctx: &Context, workspace: &Workspace, environment: &Environment, allowed: Allowed) -> Result<(), Error> {
    if is_local(environment) {
        return Ok(());
    }
    model::must_be_known(environment)?;
    if !allowed.dirty {
        must_be_clean(workspace, environment)?;
    }
    if !allowed.unreleased {
        released::must_be_before(ctx, workspace, environment)?;
    }
    Ok(())
}
