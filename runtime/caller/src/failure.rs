//! A service did not do what was asked.

use std::error::Error;

/// A service did not do what was asked: the network, too many requests, a missing permission. It may work the next time.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct StoreError {
    /// What was being done, such as `read the job`.
    pub doing: &'static str,
    /// What the service said.
    pub source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// An error of a call.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }

    /// The error with all its causes, for the log.
    #[must_use]
    pub fn with_causes(&self) -> String {
        telemetry::with_causes(self)
    }
}
