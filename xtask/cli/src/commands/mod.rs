//! One file per command: its arguments, then `run`.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod codegen;
pub(crate) mod completions;
pub(crate) mod deploy;
pub(crate) mod destroy;
pub(crate) mod diff;
pub(crate) mod dlq;
pub(crate) mod drift;
pub(crate) mod gc;
pub(crate) mod graph;
pub(crate) mod hardening;
pub(crate) mod image;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod local;
pub(crate) mod logs;
pub(crate) mod outputs;
pub(crate) mod preflight;
pub(crate) mod publish;
pub(crate) mod queues;
pub(crate) mod releases;
pub(crate) mod render;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod send;
pub(crate) mod smoke;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod token;
pub(crate) mod unlock;
pub(crate) mod verify;

use std::io::Write;

use serde::Serialize;

use crate::error::Error;

/// Writes one line of the answer.
fn line(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    writeln!(out, "{text}").map_err(Error::Output)
}

/// Writes one JSON value as one line of the answer.
fn json_line(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Error::Output(error.into()))?;
    line(out, "")
}
