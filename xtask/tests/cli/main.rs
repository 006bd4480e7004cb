//! The command line as people and scripts meet it: the built program, run in a small repository of its own.

#![expect(clippy::unwrap_used, reason = "a world that cannot be made is a failed test")]

mod answers;
mod compare;
mod deploys;
mod destroys;
mod graph;
mod image;
mod interrupts;
mod jobs;
mod offline;
mod plans;
mod readback;
mod releases;
mod words;
mod world;
