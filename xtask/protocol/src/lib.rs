#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod adoption;
mod event;
mod failure;
mod guards;
mod job;
mod overview;
mod plan;
mod publication;
mod queue;
mod reading;
mod release;
mod request;
mod wish;

pub use adoption::{Adopted, Import};
pub use event::{Answer, Calls, Change, ChangeAction, Event, Intent, Outcome, Outputs, Replacement, StackStatus};
pub use failure::{Failure, FailureKind, Sent};
pub use guards::{AlarmRef, Guards, RoleRef, Rollback};
pub use job::{DeadLetter, DeadLetters, Done, Fate, FindJob, JobRecord, ListJobs, Submit, Undertaking};
pub use overview::{LEASE_SECONDS, NextStep, Overview};
pub use plan::{PLAN_VERSION, Plan, PlannedParameter, PlannedValue, Seen, StackPlan};
pub use publication::{Publish, Push};
pub use queue::{QueueDepth, Send};
pub use reading::{
    Check, CheckState, Declared, Detected, DetectedResource, Difference, Drift, Excuse, NotCompared, Preflight, Verdict, Verified, Verify,
};
pub use release::{
    Collect, Commit, FindRelease, FoundRelease, Garbage, Intended, LeaseState, Ledger, ListReleases, LiveStack, RELEASE_VERSION, Release,
    ReleaseDetails, ReleaseKind, ReleaseLine, ReleaseOutcome, ReleasedArtifact, ReleasedStack, Unlock,
};
pub use request::{Artifact, Deploy, Destroy, Logs, OutputRef, Request, Source, StackRef, StackSpec, Stacks, Target};
pub use wish::Wish;
