#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod age;
mod artifacts;
mod ask;
mod bench;
mod cli;
mod codegen;
mod commands;
mod engine;
mod environments;
mod error;
mod findings;
mod git;
mod graph;
mod guards;
mod hardening;
mod interrupts;
mod judges;
mod local;
mod omissions;
mod outcome;
mod plans;
mod platform;
mod progress;
mod python;
mod reading;
mod sarif;
mod session;
mod smoke;
mod suite;
mod surroundings;
mod told;
mod tools;
mod try_next;
mod watcher;
mod workspace;

pub use cli::main;
