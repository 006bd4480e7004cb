#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod cloud;
mod jobs;
mod leash;
mod tenant;

pub use cloud::{Cloud, Error};
pub use jobs::{Failed, Jobs, Taken};
pub use leash::{end_with_parent, leash};
pub use tenant::Tenant;
