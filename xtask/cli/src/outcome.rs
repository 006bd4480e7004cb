//! How a command can end. Scripts and pipelines branch on these numbers, so a number never changes its meaning.

use std::process::ExitCode;

/// How a command ended; the number is the exit code of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Outcome {
    /// Done, or there was nothing to do.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line cannot be understood, or names something that does not exist.
    Usage = 2,
    /// There are differences, or a gate is closed.
    Different = 3,
    /// A person said no, and nothing was changed.
    Declined = 4,
    /// The deploy failed, and AWS brought everything back to what it was.
    RolledBack = 5,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome as u8)
    }
}
