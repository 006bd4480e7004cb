#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod drawing;
mod families;
mod server;

pub use server::{Call, Reply, StandIn};
