#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod images;
pub mod jobs;
pub mod logs;
pub mod metrics;
pub mod outputs;
pub mod smoke;

mod problem;

pub use problem::{Problem, Problems};
