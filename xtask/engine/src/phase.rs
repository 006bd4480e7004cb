//! What can be done from each state of a stack.

/// The states of a stack, by what a deploy can do next. AWS's own words stay in the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It does not exist, or only as the empty shell of a change set that was never executed.
    Absent,
    /// It is at rest and was deployed at least once.
    Settled,
    /// Its last update was rolled back: at rest, but not on what the last deploy wanted.
    RolledBack,
    /// Its first deploy failed. It was never in use, and CloudFormation lets nobody update it.
    NeverBorn,
    /// CloudFormation is at work on it.
    Moving,
    /// It needs a person: a rollback or a deletion has failed.
    Stuck,
    /// AWS has a word that this engine does not know.
    Unknown,
}

impl Phase {
    /// The phase that AWS's word for a stack's state stands for.
    pub(crate) fn of(status: &str) -> Self {
        match status {
            "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => Self::Absent,
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Self::Settled,
            "UPDATE_ROLLBACK_COMPLETE" | "IMPORT_ROLLBACK_COMPLETE" => Self::RolledBack,
            "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" => Self::NeverBorn,
            "UPDATE_FAILED" | "UPDATE_ROLLBACK_FAILED" | "DELETE_FAILED" | "IMPORT_ROLLBACK_FAILED" => Self::Stuck,
            word if word.ends_with("_IN_PROGRESS") => Self::Moving,
            _ => Self::Unknown,
        }
    }

    /// Whether an operation on a stack is over when the stack reports this word.
    ///
    /// `CREATE_FAILED` and `UPDATE_FAILED` are not the end: with rollback on, as it always is here, the rollback follows.
    pub(crate) fn is_end(status: &str) -> bool {
        !matches!(status, "CREATE_FAILED" | "UPDATE_FAILED") && (status.ends_with("_COMPLETE") || status.ends_with("_FAILED"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_aws_may_invent_is_survived() {
        let word = "UPDATE_PAUSED_FOR_LUNCH";

        let phase = Phase::of(word);

        assert_eq!(phase, Phase::Unknown, "an unknown state must be shown to a person, not guessed at");
    }

    #[test]
    fn a_failed_update_is_not_over_before_its_rollback() {
        let words = ["CREATE_FAILED", "UPDATE_FAILED", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"];

        let ended: Vec<_> = words.into_iter().filter(|word| Phase::is_end(word)).collect();

        assert!(ended.is_empty(), "the deploy would stop watching while CloudFormation still works: {ended:?}");
    }

    #[test]
    fn every_state_of_a_stack_that_aws_documents_has_a_phase() {
        // The list of StackStatus in CloudFormation's API reference.
        let words = [
            ("CREATE_IN_PROGRESS", Phase::Moving),
            ("CREATE_FAILED", Phase::NeverBorn),
            ("CREATE_COMPLETE", Phase::Settled),
            ("ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("ROLLBACK_FAILED", Phase::NeverBorn),
            ("ROLLBACK_COMPLETE", Phase::NeverBorn),
            ("DELETE_IN_PROGRESS", Phase::Moving),
            ("DELETE_FAILED", Phase::Stuck),
            ("DELETE_COMPLETE", Phase::Absent),
            ("UPDATE_IN_PROGRESS", Phase::Moving),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Moving),
            ("UPDATE_COMPLETE", Phase::Settled),
            ("UPDATE_FAILED", Phase::Stuck),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("UPDATE_ROLLBACK_FAILED", Phase::Stuck),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Moving),
            ("UPDATE_ROLLBACK_COMPLETE", Phase::RolledBack),
            ("REVIEW_IN_PROGRESS", Phase::Absent),
            ("IMPORT_IN_PROGRESS", Phase::Moving),
            ("IMPORT_COMPLETE", Phase::Settled),
            ("IMPORT_ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("IMPORT_ROLLBACK_FAILED", Phase::Stuck),
            ("IMPORT_ROLLBACK_COMPLETE", Phase::RolledBack),
        ];

        for (word, expected) in words {
            assert_eq!(Phase::of(word), expected, "a deploy would do the wrong thing from {word}");
        }
    }
}
