#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod form;
pub mod server;
pub mod store;

mod declared;
mod judge;
mod receive;
mod service;
mod show;

pub use service::Uploads;
