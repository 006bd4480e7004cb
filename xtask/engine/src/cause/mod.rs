//! The first cause among the noise of a failed operation, and what to do about it.

mod known;

pub(crate) use known::advice;

use crate::cloud::StackEvent;
use crate::status::{ResourceWord, Stage};
use crate::watch::Ended;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The resource that failed first; none when only the stack itself complained.
    pub(crate) logical_id: Option<String>,
    /// Its type.
    pub(crate) resource_type: String,
    /// AWS's words.
    pub(crate) reason: String,
    /// The nested stack that holds the resource; none when it is the stack's own.
    pub(crate) within: Option<String>,
    /// The resource of the stack itself that failed with it: the same one, or the nested stack that holds it.
    pub(crate) outermost: Option<String>,
}

/// Why an operation that has ended so failed.
///
/// Of a nested stack that failed, CloudFormation says only that it did: its own first cause is told.
pub(crate) fn of(ended: &Ended, stack_id: &str) -> Option<Cause> {
    let mut cause = first_cause(&ended.events, stack_id)?;
    let mut holder = nested_arn(&ended.events, &cause);
    // Each step goes into another nested stack, so there are at most as many.
    for _ in 0..ended.nested.len() {
        let Some(arn) = holder.take() else { break };
        let Some((_, events)) = ended.nested.iter().find(|(id, _)| *id == arn) else { break };
        let Some(inner) = first_cause(events, &arn) else { break };
        holder = nested_arn(events, &inner);
        cause = Cause { within: Some(crate::patient::name_of(&arn).to_owned()), outermost: cause.outermost, ..inner };
    }
    Some(cause)
}

/// The ARN of the nested stack that a cause is, if it is one.
fn nested_arn(events: &[StackEvent], cause: &Cause) -> Option<String> {
    let logical_id = cause.logical_id.as_ref()?;
    let of_it = |event: &&StackEvent| event.logical_id == *logical_id && event.resource_type == "AWS::CloudFormation::Stack";
    events.iter().filter(of_it).map(|event| event.physical_id.clone()).find(|id| id.starts_with("arn:"))
}

/// The event that made all others fail.
///
/// CloudFormation reports the failure, then one "cancelled" for each resource that was under way, then the rollback. A failed
/// rollback adds failures of its own, which are never the first cause.
pub(crate) fn first_cause(events: &[StackEvent], stack_id: &str) -> Option<Cause> {
    let failed = |event: &&StackEvent| ResourceWord::from(event.status.as_str()).stage() == Stage::Failed;
    let own = |event: &&StackEvent| event.physical_id != stack_id;
    let real = |event: &&StackEvent| !is_cancellation(event.reason.as_deref().unwrap_or_default());
    let failures = || events.iter().filter(failed);
    // When every resource was only cancelled, somebody or something cancelled the stack, and its own event says who.
    let stack_word = || {
        events
            .iter()
            .find(|event| event.physical_id == stack_id && event.status.ends_with("ROLLBACK_IN_PROGRESS") && event.reason.is_some())
    };
    let first = failures().filter(own).find(real).or_else(stack_word).or_else(|| failures().find(own)).or_else(|| failures().next());
    first.map(|event| {
        let logical_id = (event.physical_id != stack_id).then(|| event.logical_id.clone());
        Cause {
            outermost: logical_id.clone(),
            logical_id,
            resource_type: event.resource_type.clone(),
            reason: event.reason.clone().unwrap_or_else(|| format!("AWS says {} and gives no reason", event.status)),
            within: None,
        }
    })
}

fn is_cancellation(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["creation cancelled", "update cancelled", "deletion cancelled", "creation canceled", "update canceled", "deletion canceled"]
        .iter()
        .any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "arn:aws:cloudformation:eu-central-1:111111111111:stack/cloudwright-qa-images/1";

    fn event(logical_id: &str, physical_id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("{logical_id}-{status}"),
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: if physical_id.contains(":stack/") { "AWS::CloudFormation::Stack" } else { "AWS::SQS::Queue" }.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            at: "2026-11-23T10:00:00Z".to_owned(),
        }
    }

    #[test]
    fn the_first_cause_is_not_a_cancellation() {
        let events = [
            event("Uploads", "", "CREATE_FAILED", Some("Resource creation cancelled")),
            event("DeadLetterQueue", "", "CREATE_FAILED", Some("Value 2000000 for parameter MessageRetentionPeriod is invalid.")),
            event("images", STACK, "ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to create: [DeadLetterQueue].")),
            event("Uploads", "", "DELETE_FAILED", Some("Access denied")),
        ];

        let cause = first_cause(&events, STACK).unwrap();

        assert_eq!(cause.logical_id.as_deref(), Some("DeadLetterQueue"), "a person would look at the wrong resource");
        assert_eq!(cause.reason, "Value 2000000 for parameter MessageRetentionPeriod is invalid.");
    }

    #[test]
    fn a_stack_that_fails_without_a_failed_resource_still_says_why() {
        let events = [event("images", STACK, "UPDATE_ROLLBACK_IN_PROGRESS", Some("Alarm AgeOfOldest went to ALARM"))];

        let cause = first_cause(&events, STACK).unwrap();

        assert_eq!(cause.logical_id, None);
        assert_eq!(cause.reason, "Alarm AgeOfOldest went to ALARM");
    }

    #[test]
    fn what_a_person_cancelled_is_not_blamed_on_a_resource() {
        let events = [
            event("Uploads", "", "UPDATE_FAILED", Some("Resource update cancelled")),
            event("images", STACK, "UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated")),
        ];

        let cause = first_cause(&events, STACK).unwrap();

        assert_eq!((cause.logical_id, cause.reason.as_str()), (None, "User Initiated"));
    }

    #[test]
    fn a_nested_stacks_own_first_cause_is_told() {
        let (outer, inner) = (STACK.replace("images/1", "database/2"), STACK.replace("images/1", "table/3"));
        let embedded = Some("Embedded stack was not successfully created: The following resource(s) failed to create: [Inner].");
        let ended = Ended {
            status: "ROLLBACK_COMPLETE".to_owned(),
            reason: None,
            events: vec![event("Database", &outer, "CREATE_FAILED", embedded)],
            nested: vec![
                (outer.clone(), vec![event("Inner", &inner, "CREATE_FAILED", embedded), event("o", &outer, "ROLLBACK_IN_PROGRESS", None)]),
                (inner, vec![event("Table", "", "CREATE_FAILED", Some("Table already exists: jobs"))]),
            ],
        };

        let cause = of(&ended, STACK).unwrap();

        assert_eq!((cause.logical_id.as_deref(), cause.reason.as_str()), (Some("Table"), "Table already exists: jobs"));
        assert_eq!(cause.within.as_deref(), Some("cloudwright-qa-table"));
        assert_eq!(cause.outermost.as_deref(), Some("Database"), "the line of Rust is that of the nested stack");
    }
}
