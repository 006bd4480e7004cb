#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
// Nobody panics in the middle of a deploy: whatever AWS says becomes a failure that says what to do.
#![cfg_attr(
    not(test),
    deny(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::unreachable, clippy::todo)
)]

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
mod jobs;
mod ledger;
mod overview;
mod pace;
mod patient;
mod phase;
mod preflight;
mod publish;
mod push;
mod queues;
mod read;
mod recover;
mod status;
mod verify;
mod watch;

pub use engine::{Engine, Talk};
pub use interrupt::{Interrupt, Wish, Wishes};
