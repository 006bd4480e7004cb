#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod event;
mod failure;
mod reading;
mod request;

pub use event::{Answer, Calls, Change, ChangeAction, Event, Intent, Outcome, Outputs, Replacement, StackStatus};
pub use failure::{Failure, FailureKind, Sent};
pub use reading::{
    Check, CheckState, Declared, Detected, DetectedResource, Difference, Drift, Excuse, NotCompared, Preflight, Verdict, Verified, Verify,
};
pub use request::{Artifact, Deploy, Destroy, Logs, OutputRef, Request, Source, StackRef, StackSpec, Stacks, Target};
