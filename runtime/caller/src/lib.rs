#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod answer;
pub mod aws;
pub mod body;
pub mod clock;
pub mod event;
pub mod keys;
pub mod limits;
pub mod token;

mod cors;
mod failure;
mod gate;
mod routes;

pub use answer::Answer;
pub use event::{Request, Response};
pub use failure::StoreError;
pub use gate::{Gate, Passed, Settings};
pub use routes::Routes;
