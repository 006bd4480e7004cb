//! The list of all rules.

use super::Rule;

/// Every rule, sorted by name.
pub(super) const ALL: &[&Rule] = &[&super::queues::REDRIVE_COUNT];
