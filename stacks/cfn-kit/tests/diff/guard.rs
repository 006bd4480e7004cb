//! What a template says must never change.

use cfn_kit::{Level, diff};
use serde_json::{Value as Json, json};

use crate::template;

const CONTEXT: &str = "com.aws.cloudformation.Context";

fn guarded(context: &Json, properties: &Json) -> Json {
    json!({ "Type": "AWS::SQS::Queue", "Metadata": { CONTEXT: context }, "Properties": properties })
}

fn refused(old: &Json, new: &Json) -> Vec<String> {
    diff(&template(json!({ "Jobs": old })), &template(json!({ "Jobs": new }))).refused(&[]).map(|change| change.name()).collect()
}

#[test]
fn a_change_of_what_must_never_change_is_refused_and_can_be_allowed_by_name() {
    let context = json!({ "why": "order per user", "must": ["stay FIFO"], "mutability": { "DelaySeconds": "must-never-change", "Tags": "review-required" } });
    let jobs = |delay: i32, visibility: i32| {
        template(json!({ "Jobs": guarded(&context, &json!({ "DelaySeconds": delay, "VisibilityTimeout": visibility })) }))
    };

    let beside = diff(&jobs(1, 30), &jobs(1, 60));
    let against = diff(&jobs(1, 30), &jobs(2, 30));

    assert_eq!(beside.refused(&[]).count(), 0);
    let change = against.refused(&[]).next().unwrap();
    assert_eq!(
        (change.name().as_str(), change.why.as_deref(), change.must.as_slice()),
        ("Jobs.DelaySeconds", Some("order per user"), ["stay FIFO".to_owned()].as_slice())
    );
    assert_eq!(against.refused(&["Jobs.DelaySeconds".to_owned()]).count(), 0);
    assert_eq!(against.refused(&["Jobs.VisibilityTimeout".to_owned()]).count(), 1);
}

#[test]
fn taking_the_mark_away_does_not_open_the_gate() {
    let marked = json!({ "mutability": { "DelaySeconds": "must-never-change" } });
    let free = json!({ "mutability": { "DelaySeconds": "free-to-tune" } });
    let (one, two) = (json!({ "DelaySeconds": 1 }), json!({ "DelaySeconds": 2 }));

    assert_eq!(refused(&guarded(&marked, &one), &guarded(&free, &two)), ["Jobs.DelaySeconds"], "who changes both would not be stopped");
    assert_eq!(refused(&guarded(&free, &one), &guarded(&marked, &two)), ["Jobs.DelaySeconds"]);
    assert!(refused(&guarded(&marked, &one), &guarded(&free, &one)).is_empty(), "the mark itself may change");
}

#[test]
fn what_holds_for_the_resource_holds_for_each_property_that_says_nothing_else() {
    let context = json!({ "mutable": "must-never-change", "mutability": { "Tags": "free-to-tune" } });
    let (one, two) = (json!({ "DelaySeconds": 1, "Tags": [] }), json!({ "DelaySeconds": 2, "Tags": [{ "Key": "a", "Value": "b" }] }));

    assert_eq!(refused(&guarded(&context, &one), &guarded(&context, &two)), ["Jobs.DelaySeconds"]);
}

#[test]
fn the_end_of_a_guarded_resource_is_refused_like_a_change_of_it() {
    let context = json!({ "mutability": { "FifoQueue": "must-never-change" } });
    let jobs = guarded(&context, &json!({ "FifoQueue": true, "QueueName": "a", "DelaySeconds": 1, "VisibilityTimeout": 1 }));
    let renamed = diff(&template(json!({ "Jobs": jobs })), &template(json!({ "JobQueue": jobs })));
    let gone = diff(&template(json!({ "Jobs": jobs })), &template(json!({})));
    let replaced = guarded(&context, &json!({ "FifoQueue": true, "QueueName": "b", "DelaySeconds": 1, "VisibilityTimeout": 1 }));

    assert_eq!(renamed.refused(&[]).map(|change| change.name()).collect::<Vec<_>>(), ["Jobs"]);
    assert_eq!(gone.refused(&[]).map(|change| change.name()).collect::<Vec<_>>(), ["Jobs"]);
    assert_eq!(refused(&jobs, &replaced), ["Jobs"], "the new queue would be another one");
}

#[test]
fn milder_words_are_told_and_refuse_nothing() {
    let context = json!({ "mutability": { "DelaySeconds": "review-required", "VisibilityTimeout": "change-with-constraints", "Tags": "a word of later" } });
    let jobs = |one: i32| {
        template(
            json!({ "Jobs": guarded(&context, &json!({ "DelaySeconds": one, "VisibilityTimeout": one, "Tags": [{ "Key": "a", "Value": one }] })) }),
        )
    };

    let diff = diff(&jobs(1), &jobs(2));

    let levels: Vec<_> = diff.guarded.iter().map(|change| (change.name(), change.level)).collect();
    assert_eq!(
        levels,
        [("Jobs.DelaySeconds".to_owned(), Level::ReviewRequired), ("Jobs.VisibilityTimeout".to_owned(), Level::ChangeWithConstraints)]
    );
    assert_eq!(diff.refused(&[]).count(), 0);
}

#[test]
fn a_part_of_a_property_is_guarded_alone() {
    let context = json!({ "mutability": { "RedrivePolicy.maxReceiveCount": "must-never-change" } });
    let jobs = |count: i32, target: &str| {
        guarded(&context, &json!({ "RedrivePolicy": { "maxReceiveCount": count, "deadLetterTargetArn": target } }))
    };

    assert_eq!(refused(&jobs(1, "a"), &jobs(2, "a")), ["Jobs.RedrivePolicy"]);
    assert!(refused(&jobs(1, "a"), &jobs(1, "b")).is_empty());
}
