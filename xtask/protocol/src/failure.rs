//! Why a request could not be fulfilled, in a form that a person can act on.

use serde::{Deserialize, Serialize};

/// What went wrong, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The sort of failure, for other programs.
    pub kind: FailureKind,
    /// What was wrong, with the wrong value and the right ones.
    pub message: String,
    /// The causes, nearest first, in AWS's words where AWS said them.
    pub causes: Vec<String>,
    /// The line of Rust that made the resource that failed.
    pub source: Option<String>,
    /// What to do next.
    pub hint: String,
    /// Whether anything reached the cloud.
    pub sent: Sent,
}

/// Sorts of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The request itself makes no sense: an unknown output, a missing artifact.
    Request,
    /// No credentials were found, or AWS does not accept them.
    Credentials,
    /// The credentials belong to another account.
    WrongAccount,
    /// The endpoint does not answer.
    Unreachable,
    /// The caller may not do this.
    Denied,
    /// A stack is in a state that this engine does not touch by itself.
    StackState,
    /// CloudFormation refused the template or the change set.
    Refused,
    /// The deploy failed and CloudFormation rolled it back.
    RolledBack,
    /// The deploy failed, and so did the rollback, or the deletion.
    Stuck,
    /// CloudFormation reports success, but resources of the template do not exist.
    Gap,
    /// Ctrl-C, or the other process went away.
    Interrupted,
    /// AWS answered something else with an error.
    Service,
    /// Somebody else holds the environment, or took it over.
    Held,
    /// What is live differs from what is declared.
    Differs,
    /// Something that a deploy needs is not there.
    NotReady,
    /// What a plan was made from is no longer as it was.
    Moved,
}

/// How far a failed request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// Nothing was changed in the cloud.
    Nothing,
    /// Something was changed, and all of it was undone.
    Undone,
    /// Something was changed and stands.
    Something,
}
