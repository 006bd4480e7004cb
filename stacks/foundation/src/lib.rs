#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod environment;

mod platform;
mod stack;

pub use platform::{ARTIFACT_BUCKET, ARTIFACTS, ContainerImage, ENVIRONMENT_TAG, IMAGE_REPOSITORY, Platform, ROLE_ARN};
pub use stack::{Built, Export, Finished, Kind, Shipped, Stack, Wire, pascal};
