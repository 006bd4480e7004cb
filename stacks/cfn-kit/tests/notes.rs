//! What a template says about itself: why, what must never change, and which rule may be broken where.
#![cfg(test)]

use cfn_kit::context::{Context, Mutability, Outline};
use cfn_kit::prelude::*;
use cfn_kit::rules::{self, lint};
use cfn_kit::{diff, logs, sqs};
use serde_json::json;

/// The rules that a template breaks.
fn broken<S>(template: &Template<S>) -> Vec<String> {
    let findings = lint(&template.document(), &rules::Context::default());
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_rule_that_is_switched_off_with_a_reason_is_silent_for_that_resource_alone() {
    let mut template = template!("Two logs that keep everything");
    let allowed = template.add("Allowed", logs::LogGroup::new());
    template.add("Other", logs::LogGroup::new());
    template.allow(&allowed, "log-retention", "an auditor asks for all of it");

    let findings = lint(&template.document(), &rules::Context::default());

    let found: Vec<_> = findings.iter().map(|finding| (finding.rule.as_str(), finding.resource.as_deref())).collect();
    assert_eq!(found, [("log-retention", Some("Other"))], "a reason for one resource would excuse all");
    let metadata = &template.to_json()["Resources"]["Allowed"]["Metadata"];
    assert_eq!(*metadata, json!({ "cfn-kit": { "allow": { "log-retention": "an auditor asks for all of it" } } }));
}

#[test]
fn a_permission_that_nothing_needs_or_nobody_explains_is_told() {
    let mut template = template!("Logs with permissions");
    let kept = logs::LogGroup::new().retention_in_days(7);
    template.add("Needless", kept.clone().allow("log-retention", "it was needed once"));
    template.add("Unknown", kept.allow("log-retentoin", "a slip"));
    template.add("Silent", logs::LogGroup::new().allow("log-retention", " "));

    assert_eq!(broken(&template), ["unused-allow", "unknown-rule", "allow-without-reason"], "nobody would ever clean up");
}

#[test]
fn why_and_what_must_never_change_stand_where_cloudformation_wants_them() {
    let mut template = template!("Jobs wait here");
    template.outline(Outline::new("sender -> queue").must("no order is lost"));
    let queue = template.add("Jobs", sqs::Queue::new().fifo_queue(true).context(Context::why("replaced below")));
    let context = Context::why("in order per user").must("one consumer").mutable(Mutability::ReviewRequired).never("FifoQueue");
    template.explain(&queue, context);

    let json = template.to_json();

    let key = "com.aws.cloudformation.Context";
    assert_eq!(json["Metadata"][key], json!({ "arch": "sender -> queue", "must": ["no order is lost"] }));
    assert_eq!(
        json["Resources"]["Jobs"]["Metadata"][key],
        json!({
            "why": "in order per user",
            "must": ["one consumer"],
            "mutable": "review-required",
            "mutability": { "FifoQueue": "must-never-change" },
        })
    );
    assert!(template.check().is_empty(), "CloudFormation takes what explains itself: {:?}", template.check());
}

#[test]
fn a_change_of_what_must_never_change_is_refused_until_it_is_named() {
    let template = |seconds: u32| {
        let mut template = template!("Jobs wait here");
        template.add("Jobs", sqs::Queue::new().delay_seconds(seconds).context(Context::why("a worker counts on it").never("DelaySeconds")));
        template.to_json()
    };

    let diff = diff(&template(5), &template(6));

    let refused: Vec<_> = diff.refused(&[]).map(|change| format!("{change:?}")).collect();
    assert!(refused.len() == 1 && refused[0].contains("DelaySeconds"), "nobody would be stopped: {refused:?}");
    assert_eq!(diff.refused(&["Jobs.DelaySeconds".to_owned()]).count(), 0, "nobody could ever change it");
}
