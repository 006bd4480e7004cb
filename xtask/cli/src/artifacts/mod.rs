//! What is shipped: binaries built in one go, checked against the machine they
//! will run on and for credentials that nobody meant to ship, and zipped so that the same binary always gives the same bytes.

mod cargo;
mod elf;
mod error;
mod fresh;
mod memory;
mod pack;
mod secrets;

pub(crate) use cargo::{Built, Order, Profile, build};
pub(crate) use elf::Machine;
pub(crate) use error::Error;
pub(crate) use pack::{Shipped, pack};
