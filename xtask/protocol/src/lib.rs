#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod event;
mod failure;
mod request;
mod wish;

pub use event::{Answer, Calls, Change, ChangeAction, Event, Intent, Outcome, Outputs, Replacement, StackStatus};
pub use failure::{Failure, FailureKind, Sent};
pub use request::{Artifact, Deploy, Destroy, Logs, OutputRef, Request, Source, StackRef, StackSpec, Stacks, Target};
pub use wish::Wish;
