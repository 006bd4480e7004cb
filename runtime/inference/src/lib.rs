#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(any(test, feature = "llama"))]
mod batching;
#[cfg(any(test, feature = "llama"))]
mod chat;
mod engine;
mod gguf;
pub mod http;
#[cfg(feature = "llama")]
pub mod llama;
pub mod random;
pub mod tiny;

pub use engine::{Engine, Failure, Generation, Piece, Prompt};
