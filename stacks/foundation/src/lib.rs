#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod environment;

mod platform;
mod stack;

pub use platform::{ARTIFACT_BUCKET, ARTIFACTS, Platform};
pub use stack::{Built, Export, Finished, Shipped, Stack, Wire, pascal};
