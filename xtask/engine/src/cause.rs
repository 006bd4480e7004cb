//! The first cause among the noise of a failed operation, and what to do about it.

use crate::cloud::StackEvent;

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The resource that failed first; none when only the stack itself complained.
    pub(crate) logical_id: Option<String>,
    /// Its type.
    pub(crate) resource_type: String,
    /// AWS's words.
    pub(crate) reason: String,
}

/// The event that made all others fail.
///
/// CloudFormation reports the failure, then one "cancelled" for each resource that was under way, then the rollback. A failed
/// rollback adds failures of its own, which are never the first cause.
pub(crate) fn first_cause(events: &[StackEvent], stack_id: &str) -> Option<Cause> {
    let failed = |event: &&StackEvent| event.status.ends_with("_FAILED");
    let own = |event: &&StackEvent| event.physical_id != stack_id;
    let real = |event: &&StackEvent| !is_cancellation(event.reason.as_deref().unwrap_or_default());
    let failures = || events.iter().filter(failed);
    let first = failures().filter(own).find(real).or_else(|| failures().find(own)).or_else(|| failures().next());
    let stack_word = || events.iter().find(|event| event.physical_id == stack_id && event.status.ends_with("ROLLBACK_IN_PROGRESS"));
    first.or_else(stack_word).map(|event| Cause {
        logical_id: (event.physical_id != stack_id).then(|| event.logical_id.clone()),
        resource_type: event.resource_type.clone(),
        reason: event.reason.clone().unwrap_or_else(|| format!("AWS says {} and gives no reason", event.status)),
    })
}

fn is_cancellation(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("creation cancelled") || reason.contains("update cancelled") || reason.contains("deletion cancelled")
}

/// What to do about a reason that AWS gives, where the reason is a known one.
pub(crate) fn advice(reason: &str) -> Option<&'static str> {
    let reason = reason.to_ascii_lowercase();
    KNOWN.iter().find(|(words, _)| words.iter().all(|word| reason.contains(word))).map(|(_, advice)| *advice)
}

/// Words that all occur in AWS's reason → what to do. The first match counts, so the narrower one stands first.
const KNOWN: &[(&[&str], &str)] = &[
    (&["not authorized to perform"], "give the principal that AWS names the action that AWS names, or deploy with another role"),
    (&["access denied"], "the deploying role, or the resource's own policy, lacks a permission: AWS's words name it"),
    (
        &["cannot be assumed"],
        "a new role takes some seconds to be known everywhere: deploy again; if it stays, its trust policy names the wrong service",
    ),
    (
        &["role defined for the function"],
        "a new role takes some seconds to be known everywhere: deploy again; if it stays, its trust policy names the wrong service",
    ),
    (&["bucket", "not empty"], "a bucket is deleted only when it is empty: `cargo xtask destroy --purge` empties it first"),
    (&["already exists"], "something of that name exists outside this stack: delete it, import it, or leave the name to CloudFormation"),
    (&["alreadyexists"], "something of that name exists outside this stack: delete it, import it, or leave the name to CloudFormation"),
    (
        &["unable to validate", "destination"],
        "the queue's policy must let the bucket send to it before the notification is made: a DependsOn on the queue policy",
    ),
    (&["limit", "exceeded"], "a quota of the account is used up: ask for more in Service Quotas, or make do with less"),
    (&["quota"], "a quota of the account is used up: ask for more in Service Quotas, or make do with less"),
    (&["nosuchkey"], "the artifact is not in the artifact bucket: deploy again, which uploads what is missing"),
    (&["visibility timeout", "less than", "function timeout"], "the queue must hide a message at least as long as the function may run"),
    (&["throttl"], "AWS asked for patience: deploy again"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "arn:aws:cloudformation:eu-central-1:111111111111:stack/cloudwright-qa-images/1";

    fn event(logical_id: &str, physical_id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("{logical_id}-{status}"),
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
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
    fn a_missing_permission_is_recognised_whatever_the_case() {
        let reason = "User: arn:aws:iam::1:user/x is NOT authorized to perform: sqs:CreateQueue on resource: y";

        let advice = advice(reason);

        assert!(advice.is_some_and(|advice| advice.contains("action")), "the most common failure would come without advice");
    }
}
