//! What an update that succeeded could not delete.
//!
//! CloudFormation deletes what it replaced or dropped last, and calls the update complete even where that fails: the resource then
//! belongs to nobody, costs money, and may hold a name that the next deploy needs.

use indexmap::IndexMap;
use protocol::{Deploy, Failure, FailureKind, Sent, StackSpec};

use crate::cloud::StackEvent;
use crate::watch::Ended;

/// An error when something stays behind that nobody said may stay.
pub(super) fn find(request: &Deploy, spec: &StackSpec, stack_id: &str, ended: &Ended) -> Result<(), Failure> {
    let left = left_behind(&ended.events, stack_id);
    let unaccepted: Vec<&StackEvent> = left.into_values().filter(|event| !request.orphans.contains(&event.logical_id)).collect();
    let Some(first) = unaccepted.first() else { return Ok(()) };
    let names: Vec<_> =
        unaccepted.iter().map(|event| format!("{} ({}, {})", event.logical_id, event.resource_type, event.physical_id)).collect();
    let reason = |event: &&StackEvent| Some(format!("{}: {}", event.logical_id, event.reason.as_deref()?));
    let accepted: Vec<_> = unaccepted.iter().map(|event| format!("--orphan {}", event.logical_id)).collect();
    Err(Failure {
        kind: FailureKind::Stuck,
        message: format!("`{}` is updated, but what it no longer uses could not be deleted: {}", spec.name, names.join(", ")),
        causes: unaccepted.iter().filter_map(reason).collect(),
        source: spec.sources.get(&first.logical_id).cloned(),
        hint: format!(
            "delete it by hand: CloudFormation no longer knows it; `{}` lets such a thing stay, and writes its name into the release record",
            accepted.join(" ")
        ),
        sent: Sent::Something,
    })
}

/// The last word about each resource whose deletion failed; a later try may have succeeded.
fn left_behind<'e>(events: &'e [StackEvent], stack_id: &str) -> IndexMap<&'e str, &'e StackEvent> {
    let mut left = IndexMap::new();
    for event in events.iter().filter(|event| event.physical_id != stack_id) {
        match event.status.as_str() {
            "DELETE_FAILED" => drop(left.insert(event.physical_id.as_str(), event)),
            "DELETE_COMPLETE" => drop(left.shift_remove(event.physical_id.as_str())),
            _ => {}
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(physical_id: &str, status: &str) -> StackEvent {
        StackEvent {
            id: format!("{physical_id}-{status}"),
            logical_id: "Queue".to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            status: status.to_owned(),
            reason: Some("Access Denied".to_owned()),
            at: "2026-11-23T10:00:00Z".to_owned(),
        }
    }

    #[test]
    fn only_what_is_not_gone_in_the_end_stays_behind() {
        let events = [
            event("old", "DELETE_FAILED"),
            event("new", "UPDATE_COMPLETE"),
            event("old", "DELETE_COMPLETE"),
            event("older", "DELETE_FAILED"),
            event("arn:stack", "DELETE_FAILED"),
        ];

        let left = left_behind(&events, "arn:stack");

        assert_eq!(left.keys().copied().collect::<Vec<_>>(), ["older"], "a second try that succeeds is no failure");
    }
}
