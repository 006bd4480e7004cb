#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod cloud;

mod cause;
mod deploy;
mod destroy;
mod drift;
mod engine;
mod explain;
mod failure;
mod feed;
mod import;
mod interrupt;
mod ledger;
mod pace;
mod patient;
mod phase;
mod preflight;
mod publish;
mod read;
mod recover;
mod status;
mod verify;
mod watch;

pub use engine::{Engine, Talk};
pub use interrupt::{Interrupt, Wish, Wishes};
