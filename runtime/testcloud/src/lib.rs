#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod cloud;
mod jobs;
mod tenant;

pub use cloud::{Cloud, Error};
pub use jobs::{Failed, Jobs};
pub use tenant::Tenant;
