//! Whether a file is still the one that was looked at.

use std::path::Path;
use std::time::SystemTime;
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// What tells a file apart from its next version without reading it: its length and the time of its last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    bytes: u64,
    modified: SystemTime,
}

impl Stamp {
    /// The stamp of a file as it is now.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        Ok(Self { bytes: metadata.len(), modified: metadata.modified()? })
    }

    /// Whether the file is still there and the same.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        Self::of(path).is_ok_and(|now| now == *self)
    }

    /// When it was last changed.
    pub(crate) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Its length.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
