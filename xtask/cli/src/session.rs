//! One environment, and the way to its cloud.

use std::path::PathBuf;

use foundation::Finished;
use foundation::environment::{Endpoint, Environment};
use protocol::{Event, Ledger, Request, StackRef, Stacks, Target};

use crate::cli::Context;
use crate::engine::{End, Engine, Listener};
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::surroundings::Surroundings;
use crate::tools;
use crate::workspace::Workspace;
use crate::{environments, local, platform};

/// How releases name the program that made them.
pub(crate) const TOOL: &str = concat!("cloudwright ", env!("CARGO_PKG_VERSION"));

/// What a command needs to ask something of an environment's cloud.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) environment: Environment,
    pub(crate) platform: Vec<Finished>,
    pub(crate) surroundings: Surroundings,
    engine: PathBuf,
}

impl Session {
    /// For commands that read: the local cloud must be running already.
    pub(crate) fn open(ctx: &Context, name: &str) -> Result<Self, Error> {
        Self::with(ctx, name, tools::engine)
    }

    /// The same for commands that are about what was deployed, not about what is written: no function is built for them.
    pub(crate) fn with_engine_alone(ctx: &Context, name: &str) -> Result<Self, Error> {
        Self::with(ctx, name, |ctx, workspace, _| tools::engine_alone(ctx, workspace))
    }

    fn with(
        ctx: &Context,
        name: &str,
        engine: impl FnOnce(&Context, &Workspace, &[Finished]) -> Result<PathBuf, Error>,
    ) -> Result<Self, Error> {
        let workspace = ctx.workspace()?;
        let environment = environments::read(&workspace, name)?;
        let endpoint = if is_local(&environment) { Some(running(&workspace, &environment)?) } else { None };
        let platform = (ctx.platform.stacks)(&environment);
        let engine = engine(ctx, &workspace, &platform)?;
        Ok(Self::new(environment, platform, endpoint.as_deref(), engine))
    }

    /// When everything is at hand; `local` is where the local cloud is, when that is meant.
    pub(crate) fn new(environment: Environment, platform: Vec<Finished>, local: Option<&str>, engine: PathBuf) -> Self {
        let surroundings = surroundings(&environment, local);
        Self { environment, platform, surroundings, engine }
    }

    /// Where the environment is.
    pub(crate) fn target(&self) -> Target {
        Target {
            environment: self.environment.name.clone(),
            account: self.environment.account.to_string(),
            region: self.environment.region.to_string(),
        }
    }

    /// Where the environment's releases are recorded.
    pub(crate) fn ledger(&self) -> Ledger {
        let bucket = platform::artifact_bucket();
        let made_by = self.platform.iter().find(|finished| finished.stack == bucket.stack).map(platform::stack_ref);
        let stack = made_by.unwrap_or_else(|| StackRef { stack: bucket.stack.clone(), name: bucket.stack });
        Ledger { target: self.target(), stack, output: bucket.output }
    }

    /// All stacks, as a reading request wants them.
    pub(crate) fn stacks(&self) -> Stacks {
        Stacks { target: self.target(), stacks: self.stack_refs() }
    }

    /// All stacks by name.
    pub(crate) fn stack_refs(&self) -> Vec<StackRef> {
        self.platform.iter().map(platform::stack_ref).collect()
    }

    /// Asks the engine something that changes nothing.
    pub(crate) fn read(&self, request: &Request, mut hear: impl FnMut(&Event) -> Result<(), Error>) -> Result<End, Error> {
        // Nothing is left half done by Ctrl-C here, so it may end this process as usual.
        self.converse(request, &Interrupts::default(), &mut hear)
    }

    /// Asks the engine anything.
    pub(crate) fn converse(&self, request: &Request, interrupts: &Interrupts, listener: &mut dyn Listener) -> Result<End, Error> {
        Engine::start(&self.engine, &self.surroundings, request)?.converse(interrupts, listener)
    }
}

/// Whether it lives in the local cloud.
pub(crate) fn is_local(environment: &Environment) -> bool {
    matches!(environment.endpoint_url, Some(Endpoint::LocalCloud))
}

/// Where the local cloud is.
pub(crate) fn running(workspace: &Workspace, environment: &Environment) -> Result<String, Error> {
    let cloud = local::status(workspace);
    cloud.map(|cloud| cloud.endpoint).ok_or_else(|| Error::LocalCloudDown { environment: environment.name.clone() })
}

fn surroundings(environment: &Environment, local: Option<&str>) -> Surroundings {
    let region = environment.region.as_str();
    match (&environment.endpoint_url, local) {
        (_, Some(endpoint)) => Surroundings::local(endpoint, environment.account.as_str(), region),
        (Some(Endpoint::Url(url)), None) => Surroundings::of_caller(region, Some(&url.to_string())),
        (Some(Endpoint::LocalCloud) | None, None) => Surroundings::of_caller(region, None),
    }
}
