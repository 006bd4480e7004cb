//! How an environment is: every stack with what comes next for it, and who deploys now.

use serde::{Deserialize, Serialize};

use crate::{Intent, Ledger, Stacks};

/// After so many seconds without being renewed, a lease has run out, and the next deploy takes it: five renewals were missed.
pub const LEASE_SECONDS: u64 = 120;

/// Tell in what state the stacks are, what comes next for each, and who holds the lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The stacks.
    pub stacks: Stacks,
    /// Where the lease lies.
    pub ledger: Ledger,
}

/// What comes next for a stack, as a deploy decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    /// What a deploy does first; none when it refuses, because a person has to do something before. Of a stack at rest it is `update`,
    /// although there may be nothing to do: only a plan, for which the functions are built, can tell.
    pub intent: Option<Intent>,
    /// The same in words, in one line: what a deploy does, or what the person has to do.
    pub text: String,
}
