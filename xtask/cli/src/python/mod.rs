//! Python, for the tools of ours that come as packages of it: the local cloud, the judges of templates and
//! workflows, and what builds C++.
//!
//! Each gets a private virtual environment under `target/`, made once from a committed list of packages with their hashes. Nothing
//! is installed into the machine's own Python.

mod error;
#[cfg(test)]
mod fake;
mod find;
mod venv;

pub(crate) use error::Error;
#[cfg(test)]
pub(crate) use fake::write_program;
pub(crate) use find::Lookup;
pub(crate) use venv::{Purpose, Venv};
