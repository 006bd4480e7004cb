//! What is shipped: binaries built in one go, the same bytes from the same sources whoever builds, checked against the machine they
//! will run on and for credentials that nobody meant to ship, and zipped so that the same binary always gives the same bytes.

mod cargo;
mod elf;
mod error;
mod fresh;
mod image;
mod memory;
mod nasm;
mod native;
mod pack;
mod reproducible;
mod secrets;

pub(crate) use cargo::{Built, Order, Profile, build, build_for};
pub(crate) use elf::Machine;
pub(crate) use error::Error;
pub(crate) use image::{Image, image};
pub(crate) use native::{C_PROCESSOR, Native};
pub(crate) use pack::{BOOTSTRAP, Shipped, pack};
