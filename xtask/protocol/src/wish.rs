//! What a person wants in the middle of a request: one line on the engine's standard input, at any time.

use serde::{Deserialize, Serialize};

/// A wish to stop. The end of the input is the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "kebab-case")]
pub enum Wish {
    /// Stop between two steps, and say how things stand.
    Stop,
    /// Cancel what CloudFormation is at as well, where it can be cancelled, and watch it being rolled back.
    Cancel,
}
