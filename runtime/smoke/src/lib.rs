#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod api;
mod http;
mod job;
mod pictures;
mod run;

pub use run::{Failure, run};
