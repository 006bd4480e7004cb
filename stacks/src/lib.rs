#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod constructs;
pub mod machines;

mod access;
mod account;
mod api;
mod artifacts;
mod fleet;
mod imagegen;
mod images;
mod jobs;
mod network;
mod upload;

pub use access::{Access, execution_role};
pub use account::{Account, account};
pub use api::{Api, api};
pub use artifacts::{Artifacts, artifacts};
pub use fleet::{Fleet, fleet};
pub use imagegen::{Imagegen, imagegen};
pub use images::{Images, images};
pub use jobs::{Jobs, QueueExport, TableExport, jobs};
pub use network::{Network, PublicSubnets, network};
pub use upload::{Upload, image, upload};

use foundation::environment::Environment;
use foundation::{Finished, Platform};

/// This platform, for the command line.
pub const PLATFORM: Platform = Platform { stacks: platform, execution_role, account, image };

/// All stacks of an environment, each after those that it needs.
#[must_use]
pub fn platform(env: &Environment) -> Vec<Finished> {
    let artifacts = artifacts(env);
    let jobs = jobs(env);
    let images = images(env, &artifacts.gives, &jobs.gives);
    let imagegen = imagegen(env, &artifacts.gives, &jobs.gives);
    let api = api(env, &artifacts.gives, &jobs.gives, &images.gives, &imagegen.gives);
    let network = network(env);
    let fleet = fleet(env, &artifacts.gives, &jobs.gives, &imagegen.gives, &network.gives);
    let upload = upload(env, &jobs.gives, &images.gives, &api.gives, &network.gives);
    let stacks = [artifacts.finished, jobs.finished, images.finished, imagegen.finished, api.finished, network.finished, fleet.finished];
    stacks.into_iter().chain(upload.map(|upload| upload.finished)).collect()
}
