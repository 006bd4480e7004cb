#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod aws;
pub mod clock;
pub mod cloud;
pub mod event;
pub mod keys;
pub mod limits;
pub mod token;

mod admin;
mod answer;
mod cors;
mod door;
mod infer;
mod jobs;
mod picture;
mod routes;
mod submit;

pub use door::Door;
