#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod api;
pub mod fleet;
pub mod front_door;
pub mod imagegen;
pub mod images;
pub mod jobs;
pub mod logs;
pub mod metrics;
pub mod outputs;
pub mod smoke;
pub mod upload;
pub mod worker;

mod problem;
mod reader;
mod settings;
mod words;

pub use problem::{Problem, Problems};
pub use words::Words;
