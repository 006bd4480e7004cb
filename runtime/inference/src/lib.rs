#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod engine;

pub use engine::{Engine, Failure, Generation, Piece, Prompt};
