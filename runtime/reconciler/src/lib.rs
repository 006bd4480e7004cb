#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod aws;
pub mod cloud;
pub mod decide;
pub mod event;

mod capacity;
mod orders;
mod power;
mod reconciler;
mod unsent;

pub use reconciler::Reconciler;
