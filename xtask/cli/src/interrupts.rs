//! Ctrl-C as a wish instead of a death: a deploy is told to stop, and says its last words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;

/// How often a person pressed Ctrl-C, or something else asked this process to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupts(Arc<AtomicUsize>);

impl Interrupts {
    /// Catches Ctrl-C, SIGTERM and SIGHUP from now on. Once per process.
    pub(crate) fn catch() -> Result<Self, Error> {
        let interrupts = Self::default();
        let counter = interrupts.clone();
        ctrlc::set_handler(move || counter.add()).map_err(Error::Signals)?;
        Ok(interrupts)
    }

    /// How often so far.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
