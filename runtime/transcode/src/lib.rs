#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod event;
pub mod spool;
pub mod store;

mod handler;
mod object;

pub use handler::Transcoder;
pub use object::recipe;
