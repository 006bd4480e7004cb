#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod lines;
mod log;

pub use lines::Lines;
pub use log::{Line, Log, with_causes};
