#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod event;
mod failure;
mod guards;
mod plan;
mod request;

pub use event::{Answer, Calls, Change, ChangeAction, Event, Intent, Outcome, Outputs, Replacement, StackStatus};
pub use failure::{Failure, FailureKind, Sent};
pub use guards::{AlarmRef, Guards, RoleRef, Rollback};
pub use plan::{PLAN_VERSION, Plan, PlannedParameter, PlannedValue, Seen, StackPlan};
pub use request::{Artifact, Deploy, Destroy, Logs, OutputRef, Request, Source, StackRef, StackSpec, Stacks, Target};
