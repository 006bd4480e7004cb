//! Client request tokens: CloudFormation takes two calls with the same token for one, so that a call whose answer was lost can be
//! made again.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

use engine::cloud::NewChangeSet;

/// The tokens of one process. The same call has the same token as long as the process lives, and another one in every other process.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    chance: RandomState,
    /// How many change sets were deleted: one that is made again under the same name is no repeated call.
    forgotten: Cell<u64>,
}

impl Tokens {
    /// The token of a call with these arguments.
    pub(super) fn of(&self, operation: &str, arguments: &[&str]) -> String {
        // Letters, digits and hyphens, at most 128 of them.
        format!("cloudwright-{operation}-{:016x}", self.chance.hash_one((operation, arguments)))
    }

    /// The token of a call that makes a change set.
    pub(super) fn of_change_set(&self, new: &NewChangeSet<'_>) -> String {
        self.of("CreateChangeSet", &[new.stack, new.name, &self.forgotten.get().to_string()])
    }

    /// A change set is deleted.
    pub(super) fn forget_one(&self) {
        self.forgotten.set(self.forgotten.get().wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_call_has_the_same_token_and_every_other_another() {
        let (one, other) = (Tokens::default(), Tokens::default());

        let token = one.of("DeleteStack", &["arn"]);

        assert_eq!(token, one.of("DeleteStack", &["arn"]), "a call whose answer was lost would be done twice");
        assert_ne!(token, one.of("DeleteStack", &["arn", "Bucket"]), "a call that asks for more would not be done at all");
        assert_ne!(token, other.of("DeleteStack", &["arn"]), "a later deploy's call would be taken for this one");
        assert!(token.len() <= 128 && token.chars().all(|char| char.is_ascii_alphanumeric() || char == '-'), "{token}");
    }
}
