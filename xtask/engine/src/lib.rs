#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod cloud;

mod cause;
mod deploy;
mod destroy;
mod engine;
mod failure;
mod import;
mod interrupt;
mod phase;
mod publish;
mod read;
mod watch;

pub use engine::{Engine, Talk};
pub use interrupt::Interrupt;
