//! AWS's words for states, as values. A word that AWS invents later is kept and survived.

/// An enum with one variant per word of AWS, and one for words that this engine does not know.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$word_doc])* $variant,)+
            /// A word newer than this engine.
            Other(String),
        }

        impl $name {
            /// Every word that AWS documents.
            #[cfg(test)]
            pub(crate) const KNOWN: &[&str] = &[$($word,)+];

            /// AWS's word, as it came.
            #[cfg(test)]
            pub(crate) fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

words! {
    /// The state of a stack: `StackStatus` in CloudFormation's API reference.
    StackWord {
        /// A change set for a new stack waits; the stack itself is an empty shell.
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        /// At rest only when the rollback of failures is off; otherwise a rollback or a deletion follows.
        CreateFailed = "CREATE_FAILED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// A first deploy failed and was undone; what is left can only be deleted.
        RollbackComplete = "ROLLBACK_COMPLETE",
        RollbackFailed = "ROLLBACK_FAILED",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// The update has succeeded; what it replaced is being deleted.
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        /// At rest only when the rollback of failures is off; otherwise a rollback follows.
        UpdateFailed = "UPDATE_FAILED",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// Some resources could not be brought back; ContinueUpdateRollback tries again.
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
    }
}

words! {
    /// The state of a resource in a stack: `ResourceStatus` in CloudFormation's API reference.
    ResourceWord {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateFailed = "CREATE_FAILED",
        CreateComplete = "CREATE_COMPLETE",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateFailed = "UPDATE_FAILED",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackComplete = "ROLLBACK_COMPLETE",
        RollbackFailed = "ROLLBACK_FAILED",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        /// It is kept on purpose: by its deletion policy, or because a person named it.
        DeleteSkipped = "DELETE_SKIPPED",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportFailed = "IMPORT_FAILED",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
        ExportInProgress = "EXPORT_IN_PROGRESS",
        ExportFailed = "EXPORT_FAILED",
        ExportComplete = "EXPORT_COMPLETE",
        ExportRollbackInProgress = "EXPORT_ROLLBACK_IN_PROGRESS",
        ExportRollbackFailed = "EXPORT_ROLLBACK_FAILED",
        ExportRollbackComplete = "EXPORT_ROLLBACK_COMPLETE",
    }
}

/// Where something is on its way, whatever the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// CloudFormation is at work.
    Moving,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// AWS has a word that says none of these.
    Unclear,
}

impl ResourceWord {
    /// Where the resource is on its way.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::CreateInProgress
            | Self::UpdateInProgress
            | Self::UpdateRollbackInProgress
            | Self::RollbackInProgress
            | Self::DeleteInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress
            | Self::ExportInProgress
            | Self::ExportRollbackInProgress => Stage::Moving,
            Self::CreateComplete
            | Self::UpdateComplete
            | Self::UpdateRollbackComplete
            | Self::RollbackComplete
            | Self::DeleteComplete
            | Self::DeleteSkipped
            | Self::ImportComplete
            | Self::ImportRollbackComplete
            | Self::ExportComplete
            | Self::ExportRollbackComplete => Stage::Done,
            Self::CreateFailed
            | Self::UpdateFailed
            | Self::UpdateRollbackFailed
            | Self::RollbackFailed
            | Self::DeleteFailed
            | Self::ImportFailed
            | Self::ImportRollbackFailed
            | Self::ExportFailed
            | Self::ExportRollbackFailed => Stage::Failed,
            Self::Other(word) => stage_by_ending(word),
        }
    }
}

/// AWS ends all its words alike, so a new one is understood as far as its ending goes.
pub(crate) fn stage_by_ending(word: &str) -> Stage {
    if word.ends_with("_IN_PROGRESS") {
        Stage::Moving
    } else if word.ends_with("_COMPLETE") || word.ends_with("_SKIPPED") {
        Stage::Done
    } else if word.ends_with("_FAILED") {
        Stage::Failed
    } else {
        Stage::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back_as_it_went_in() {
        for word in StackWord::KNOWN.iter().chain(ResourceWord::KNOWN).chain(&["UPDATE_PAUSED_FOR_LUNCH"]) {
            assert_eq!(StackWord::from(*word).as_str(), *word, "a person would read another word than AWS said");
            assert_eq!(ResourceWord::from(*word).as_str(), *word, "a person would read another word than AWS said");
        }
    }

    #[test]
    fn a_resources_stage_is_what_its_words_ending_says() {
        for word in ResourceWord::KNOWN {
            assert_eq!(ResourceWord::from(*word).stage(), stage_by_ending(word), "{word}");
        }
        assert_eq!(ResourceWord::from("REFRESH_IN_PROGRESS").stage(), Stage::Moving, "a new operation of AWS would be taken for an end");
    }

    #[test]
    fn aws_documents_as_many_words_as_there_are_variants() {
        assert_eq!((StackWord::KNOWN.len(), ResourceWord::KNOWN.len()), (23, 28), "the API reference lists so many");
    }
}
