#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod cloud;

mod cause;
mod deploy;
mod destroy;
mod engine;
mod failure;
mod interrupt;
mod ledger;
mod phase;
mod read;
mod watch;

pub use engine::{Engine, Talk};
pub use interrupt::Interrupt;
