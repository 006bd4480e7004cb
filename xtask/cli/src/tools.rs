//! The binaries that commands drive, built when they are needed.

use std::env;
use std::path::PathBuf;

use foundation::Finished;
use protocol::Artifact;

use crate::artifacts::{self, Built, Machine, Order, Profile};
use crate::cli::Context;
use crate::error::Error;
use crate::platform;
use crate::progress::Building;
use crate::workspace::Workspace;

/// Names another engine than the one that this repository builds. Tests put one there that plays a part.
pub(crate) const ENGINE_VARIABLE: &str = "CLOUDWRIGHT_ENGINE";

/// The engine's package.
const ENGINE: &str = "deploy";

/// The smoke test's package.
const SMOKE: &str = "smoke";

/// The package of what the local cloud has instead of image models.
const STAND_IN: &str = "bedrock-stand-in";

/// The engine for a command that needs nothing else.
pub(crate) fn engine(ctx: &Context, workspace: &Workspace, platform: &[Finished]) -> Result<PathBuf, Error> {
    match env::var_os(ENGINE_VARIABLE) {
        Some(engine) => Ok(PathBuf::from(engine)),
        None => engine_among(&for_this_machine(workspace, platform, &Building::tools(ctx.terminal))?),
    }
}

/// The engine and nothing else, where nothing else will be needed.
pub(crate) fn engine_alone(ctx: &Context, workspace: &Workspace) -> Result<PathBuf, Error> {
    match env::var_os(ENGINE_VARIABLE) {
        Some(engine) => Ok(PathBuf::from(engine)),
        None => {
            let order = Order { packages: &[ENGINE], profile: Profile::Dev, machine: None };
            engine_among(&artifacts::build(workspace, order, &Building::tools(ctx.terminal))?)
        }
    }
}

/// The engine among what was built.
pub(crate) fn engine_among(built: &Built) -> Result<PathBuf, Error> {
    match env::var_os(ENGINE_VARIABLE) {
        Some(engine) => Ok(PathBuf::from(engine)),
        None => Ok(built.executable(ENGINE)?.to_owned()),
    }
}

/// The smoke test among what was built.
pub(crate) fn smoke_among(built: &Built) -> Result<PathBuf, Error> {
    Ok(built.executable(SMOKE)?.to_owned())
}

/// The stand-in for image models among what was built.
pub(crate) fn stand_in_among(built: &Built) -> Result<PathBuf, Error> {
    Ok(built.executable(STAND_IN)?.to_owned())
}

/// Everything that can run on this machine: engine, smoke test, functions, and the stand-in for image models.
///
/// It is always all of them in one call, which is quicker than one after the other. That the engine alone is compiled the same way, so
/// that nothing is compiled twice, is kept by `xtask/unify`.
pub(crate) fn for_this_machine(workspace: &Workspace, platform: &[Finished], building: &Building) -> Result<Built, Error> {
    let mut packages = vec![ENGINE, SMOKE, STAND_IN];
    packages.extend(platform::shipped(platform).iter().map(|shipped| shipped.name));
    let order = Order { packages: &packages, profile: Profile::Dev, machine: None };
    Ok(artifacts::build(workspace, order, building)?)
}

/// The functions as zips, checked against the machines that they will run on.
pub(crate) fn pack(workspace: &Workspace, platform: &[Finished], built: &Built, profile: Profile) -> Result<Vec<Artifact>, Error> {
    let folder = workspace.scratch().join("artifacts").join(profile.name());
    Ok(artifacts::pack(&platform::shipped(platform), built, profile, &folder)?)
}

/// The functions as AWS gets them: small, and built for the machine that they run on.
pub(crate) fn for_aws(ctx: &Context, workspace: &Workspace, platform: &[Finished]) -> Result<Built, Error> {
    let shipped = platform::shipped(platform);
    let mut machines: Vec<_> = shipped.iter().map(|shipped| shipped.machine).collect();
    machines.dedup();

    let mut all = Vec::new();
    for machine in machines {
        let packages: Vec<_> = shipped.iter().filter(|shipped| shipped.machine == machine).map(|shipped| shipped.name).collect();
        let order = Order { packages: &packages, profile: Profile::Lambda, machine: Some(machine) };
        let building = Building::new(format!("the functions for AWS ({})", machine.name()), ctx.terminal);
        let built = artifacts::build(workspace, order, &building)?;
        all.extend(built.iter().map(|(name, path)| (name.to_owned(), path.to_owned())));
    }
    Ok(Built::of(all))
}

/// One binary as a container of this environment gets it.
pub(crate) fn contained(ctx: &Context, workspace: &Workspace, binary: &str, machine: Machine, profile: Profile) -> Result<Built, Error> {
    let building = Building::new(format!("`{binary}` for a container ({})", machine.name()), ctx.terminal);
    let order = Order { packages: &[binary], profile, machine: Some(machine) };
    Ok(artifacts::build(workspace, order, &building)?)
}
