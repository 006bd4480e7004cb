//! What can be done from each state of a stack.

use crate::status::{StackWord, Stage, stage_by_ending};

/// The states of a stack, by what a deploy does next. AWS's own words stay in the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It does not exist. Next: create it.
    Absent,
    /// It is at rest and was deployed at least once. Next: update it where it differs.
    Settled,
    /// Its last update was rolled back: at rest, but not on what the last deploy wanted. Next: update it.
    RolledBack,
    /// Its first deploy failed, or never came to its execution. It was never in use, and CloudFormation lets nobody update it.
    /// Next: delete what is left, then create it.
    NeverBorn,
    /// CloudFormation is at work on it. Next: watch that to its end, then look again.
    Moving,
    /// The rollback of an update failed half way. Next: continue it (ContinueUpdateRollback), then look again.
    HalfRolledBack,
    /// An update failed while the rollback of failures was off: the half-done update stands. Next: roll it back (RollbackStack),
    /// then look again.
    HalfUpdated,
    /// Its deletion failed: some resources are gone, others stay. Next: a person mends what AWS names, or names what may stay.
    HalfDeleted,
    /// It needs a person, and CloudFormation has no call that brings it further.
    Stuck,
    /// AWS has a word that this engine does not know. Next: a person looks at it.
    Unknown,
}

impl Phase {
    /// The phase that AWS's word for a stack's state stands for.
    pub(crate) fn of(status: &str) -> Self {
        match StackWord::from(status) {
            StackWord::DeleteComplete => Self::Absent,
            StackWord::CreateComplete | StackWord::UpdateComplete | StackWord::ImportComplete => Self::Settled,
            StackWord::UpdateRollbackComplete | StackWord::ImportRollbackComplete => Self::RolledBack,
            StackWord::ReviewInProgress | StackWord::RollbackComplete | StackWord::CreateFailed | StackWord::RollbackFailed => {
                Self::NeverBorn
            }
            StackWord::UpdateRollbackFailed => Self::HalfRolledBack,
            StackWord::UpdateFailed => Self::HalfUpdated,
            StackWord::DeleteFailed => Self::HalfDeleted,
            StackWord::ImportRollbackFailed => Self::Stuck,
            StackWord::CreateInProgress
            | StackWord::RollbackInProgress
            | StackWord::UpdateInProgress
            | StackWord::UpdateCompleteCleanupInProgress
            | StackWord::UpdateRollbackInProgress
            | StackWord::UpdateRollbackCompleteCleanupInProgress
            | StackWord::DeleteInProgress
            | StackWord::ImportInProgress
            | StackWord::ImportRollbackInProgress => Self::Moving,
            StackWord::Other(word) if stage_by_ending(&word) == Stage::Moving => Self::Moving,
            StackWord::Other(_) => Self::Unknown,
        }
    }

    /// Whether an operation on a stack is over when an event of the stack itself has this word.
    ///
    /// `CREATE_FAILED` and `UPDATE_FAILED` may be followed by a rollback or a deletion, as they always are in a deploy of this engine;
    /// that none follows is only known from the stack itself ([`Phase::is_rest`]).
    pub(crate) fn is_end(status: &str) -> bool {
        !matches!(StackWord::from(status), StackWord::CreateFailed | StackWord::UpdateFailed)
            && matches!(stage_by_ending(status), Stage::Done | Stage::Failed)
    }

    /// Whether a stack that is described with this word is at rest.
    pub(crate) fn is_rest(status: &str) -> bool {
        status != "REVIEW_IN_PROGRESS" && stage_by_ending(status) != Stage::Moving
    }

    /// Whether an event of the stack itself with this word begins an operation, given the word of its event before.
    pub(crate) fn is_beginning(status: &str, before: Option<&str>) -> bool {
        match StackWord::from(status) {
            StackWord::CreateInProgress | StackWord::UpdateInProgress | StackWord::DeleteInProgress | StackWord::ImportInProgress => true,
            // A rollback belongs to what failed, unless it was asked for when all was at rest.
            StackWord::RollbackInProgress | StackWord::UpdateRollbackInProgress | StackWord::ImportRollbackInProgress => {
                before.is_some_and(Self::is_end)
            }
            StackWord::ReviewInProgress
            | StackWord::CreateComplete
            | StackWord::CreateFailed
            | StackWord::RollbackComplete
            | StackWord::RollbackFailed
            | StackWord::UpdateCompleteCleanupInProgress
            | StackWord::UpdateComplete
            | StackWord::UpdateFailed
            | StackWord::UpdateRollbackCompleteCleanupInProgress
            | StackWord::UpdateRollbackComplete
            | StackWord::UpdateRollbackFailed
            | StackWord::DeleteComplete
            | StackWord::DeleteFailed
            | StackWord::ImportComplete
            | StackWord::ImportRollbackComplete
            | StackWord::ImportRollbackFailed
            | StackWord::Other(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_aws_may_invent_is_survived() {
        let words = ["UPDATE_PAUSED_FOR_LUNCH", "REFRESH_IN_PROGRESS"];

        let phases = words.map(Phase::of);

        assert_eq!(phases, [Phase::Unknown, Phase::Moving], "an unknown state must be shown to a person, not guessed at");
    }

    #[test]
    fn a_failed_update_is_not_over_before_its_rollback() {
        let words = ["CREATE_FAILED", "UPDATE_FAILED", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"];

        let ended: Vec<_> = words.into_iter().filter(|word| Phase::is_end(word)).collect();

        assert!(ended.is_empty(), "the deploy would stop watching while CloudFormation still works: {ended:?}");
    }

    #[test]
    fn a_rollback_that_a_person_asked_for_is_an_operation_of_its_own() {
        let begun = [
            Phase::is_beginning("UPDATE_ROLLBACK_IN_PROGRESS", Some("UPDATE_ROLLBACK_FAILED")),
            Phase::is_beginning("UPDATE_ROLLBACK_IN_PROGRESS", Some("UPDATE_IN_PROGRESS")),
            Phase::is_beginning("UPDATE_ROLLBACK_IN_PROGRESS", None),
        ];

        assert_eq!(begun, [true, false, false], "somebody who attaches would be told the wrong half");
    }

    #[test]
    fn every_state_of_a_stack_that_aws_documents_has_a_phase() {
        let words = [
            ("CREATE_IN_PROGRESS", Phase::Moving),
            ("CREATE_FAILED", Phase::NeverBorn),
            ("CREATE_COMPLETE", Phase::Settled),
            ("ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("ROLLBACK_FAILED", Phase::NeverBorn),
            ("ROLLBACK_COMPLETE", Phase::NeverBorn),
            ("DELETE_IN_PROGRESS", Phase::Moving),
            ("DELETE_FAILED", Phase::HalfDeleted),
            ("DELETE_COMPLETE", Phase::Absent),
            ("UPDATE_IN_PROGRESS", Phase::Moving),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Moving),
            ("UPDATE_COMPLETE", Phase::Settled),
            ("UPDATE_FAILED", Phase::HalfUpdated),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("UPDATE_ROLLBACK_FAILED", Phase::HalfRolledBack),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Phase::Moving),
            ("UPDATE_ROLLBACK_COMPLETE", Phase::RolledBack),
            ("REVIEW_IN_PROGRESS", Phase::NeverBorn),
            ("IMPORT_IN_PROGRESS", Phase::Moving),
            ("IMPORT_COMPLETE", Phase::Settled),
            ("IMPORT_ROLLBACK_IN_PROGRESS", Phase::Moving),
            ("IMPORT_ROLLBACK_FAILED", Phase::Stuck),
            ("IMPORT_ROLLBACK_COMPLETE", Phase::RolledBack),
        ];

        assert_eq!(words.len(), StackWord::KNOWN.len(), "a word has no row here");
        for (word, expected) in words {
            assert_eq!(Phase::of(word), expected, "a deploy would do the wrong thing from {word}");
        }
    }
}
