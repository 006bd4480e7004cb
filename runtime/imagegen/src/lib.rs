#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod aws;
pub mod bodies;
pub mod clock;
pub mod cloud;

mod handler;
mod job;
mod pause;

pub use handler::Imagegen;
