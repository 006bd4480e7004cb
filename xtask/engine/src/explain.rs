//! Why an operation failed, in a form that a person can act on.

use protocol::{Failure, FailureKind, Sent, StackSpec};

use crate::cause::{self, Cause};
use crate::phase::Phase;
use crate::watch::Ended;

/// The failure that the end of a stack's creation or update amounts to.
pub(crate) fn explain(spec: &StackSpec, create: bool, stack_id: &str, ended: &Ended) -> Failure {
    let name = &spec.name;
    let cause = cause::of(ended, stack_id);
    let failed = match &cause {
        Some(Cause { within: Some(nested), logical_id: Some(logical_id), resource_type, .. }) => {
            format!("{logical_id} ({resource_type}) failed in `{nested}`, which is nested in `{name}`")
        }
        Some(Cause { logical_id: Some(logical_id), resource_type, .. }) => format!("{logical_id} ({resource_type}) failed in `{name}`"),
        Some(_) | None => format!("`{name}` failed"),
    };
    let reason = cause.as_ref().map(|cause| cause.reason.clone()).or_else(|| ended.reason.clone());
    let source = cause.and_then(|cause| cause.outermost).and_then(|id| spec.sources.get(&id).cloned());
    let advice = reason.as_deref().and_then(cause::advice).unwrap_or_else(|| "mend what AWS names above, and deploy again".to_owned());
    let (kind, message, state, sent) = match (ended.status.as_str(), create) {
        ("ROLLBACK_COMPLETE" | "DELETE_COMPLETE", true) => (
            FailureKind::RolledBack,
            format!("{failed}; the first deploy is undone"),
            "nothing of this stack is left".to_owned(),
            Sent::Undone,
        ),
        ("UPDATE_ROLLBACK_COMPLETE", _) => {
            let message = format!("{failed}; CloudFormation rolled it back");
            (FailureKind::RolledBack, message, "the stack is as it was before".to_owned(), Sent::Undone)
        }
        ("DELETE_COMPLETE", false) => {
            (FailureKind::Stuck, format!("{failed}: somebody deleted it"), "the next deploy creates it anew".to_owned(), Sent::Something)
        }
        (status, _) => {
            let message = format!("{failed}, and the rollback ended in {status}");
            (FailureKind::Stuck, message, next(status).to_owned(), Sent::Something)
        }
    };
    Failure { kind, message, causes: reason.into_iter().collect(), source, hint: format!("{advice}; {state}"), sent }
}

/// What the next deploy does about a stack that did not come to a good end.
fn next(status: &str) -> &'static str {
    match Phase::of(status) {
        Phase::HalfRolledBack => "the next deploy goes on with the rollback first",
        Phase::HalfUpdated => "the next deploy rolls it back first",
        Phase::NeverBorn => "the next deploy deletes what is left first",
        Phase::Absent | Phase::Settled | Phase::RolledBack | Phase::Moving | Phase::HalfDeleted | Phase::Stuck | Phase::Unknown => {
            "`cargo xtask status` shows the stack's state"
        }
    }
}
