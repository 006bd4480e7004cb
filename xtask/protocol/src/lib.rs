#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod event;
mod failure;
mod release;
mod request;

pub use event::{Answer, Calls, Change, ChangeAction, Event, Intent, Outcome, Outputs, Replacement, StackStatus};
pub use failure::{Failure, FailureKind, Sent};
pub use release::{
    Collect, Commit, FindRelease, FoundRelease, Garbage, Intended, LeaseState, Ledger, ListReleases, LiveStack, RELEASE_VERSION, Release,
    ReleaseDetails, ReleaseKind, ReleaseLine, ReleaseOutcome, ReleasedArtifact, ReleasedStack, Unlock,
};
pub use request::{Artifact, Deploy, Destroy, Logs, OutputRef, Request, Source, StackRef, StackSpec, Stacks, Target};
