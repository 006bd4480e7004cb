#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod cloud;

mod cause;
mod deploy;
mod destroy;
mod drift;
mod engine;
mod failure;
mod interrupt;
mod phase;
mod preflight;
mod read;
mod verify;
mod watch;

pub use engine::{Engine, Talk};
pub use interrupt::Interrupt;
