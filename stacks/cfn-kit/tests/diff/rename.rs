//! Resources that are only called something else.

use cfn_kit::{Action, Class, Fate, diff};
use serde_json::{Value as Json, json};

use crate::{queue, template, text};

fn table(name: &str) -> Json {
    let keys = json!([{ "AttributeName": "id", "KeyType": "HASH" }]);
    json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "BillingMode": name, "KeySchema": keys, "TableClass": "STANDARD" } })
}

#[test]
fn the_same_under_another_name_is_one_entry_with_a_warning() {
    let old = template(json!({ "Jobs": table("PAY_PER_REQUEST"), "Told": { "Type": "AWS::SNS::Topic" } }));
    let new = template(json!({ "JobTable": table("PROVISIONED"), "Told": { "Type": "AWS::SNS::Topic" } }));

    let diff = diff(&old, &new);

    let [renamed] = diff.resources.as_slice() else { panic!("{diff:#?}") };
    assert_eq!((renamed.action, renamed.class, renamed.fate), (Action::Renamed, Class::Replace, Some(Fate::Deleted)));
    assert_eq!((renamed.id.as_str(), renamed.renamed_from.as_deref()), ("JobTable", Some("Jobs")));
    assert_eq!(renamed.changes.len(), 1, "what else changed is told too");
    let told = text(&diff);
    assert!(
        told.contains(
            "! AWS::DynamoDB::Table Jobs → JobTable: renamed, which makes a new one; the old one is deleted; lost: every item in it"
        ),
        "{told}"
    );
    assert!(told.contains("warning: renamed from Jobs: CloudFormation makes a new one and then deletes the old one"), "{told}");
}

#[test]
fn the_old_templates_policy_decides_what_becomes_of_the_renamed() {
    let kept = |mut table: Json| {
        table["DeletionPolicy"] = "Retain".into();
        table
    };

    let diff = diff(&template(json!({ "Jobs": kept(table("a")) })), &template(json!({ "JobTable": table("a") })));

    assert_eq!(diff.resources[0].fate, Some(Fate::Retained));
}

#[test]
fn names_that_follow_the_rename_do_not_hide_it() {
    let stack = |queue_id: &str, policy_id: &str| {
        template(json!({
            queue_id: queue(json!({ "VisibilityTimeout": 30, "Tags": [{ "Key": "a", "Value": "b" }] })),
            policy_id: { "Type": "AWS::SQS::QueuePolicy", "Properties": {
                "Queues": [{ "Ref": queue_id }],
                "PolicyDocument": { "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": { "Fn::Sub": format!("${{{queue_id}.Arn}}") } }] },
            } },
        }))
    };

    let diff = diff(&stack("Jobs", "JobsPolicy"), &stack("JobQueue", "JobQueuePolicy"));

    let pairs: Vec<_> = diff.resources.iter().map(|one| (one.renamed_from.as_deref(), one.id.as_str())).collect();
    assert_eq!(pairs, [(Some("Jobs"), "JobQueue"), (Some("JobsPolicy"), "JobQueuePolicy")]);
    assert!(diff.security.is_empty(), "the same rights under another name are no news: {:#?}", diff.security);
}

#[test]
fn each_finds_the_one_it_was() {
    let stack = |names: [&str; 3]| {
        let [a, b, c] = names;
        template(
            json!({ a: queue(json!({ "DelaySeconds": 1, "VisibilityTimeout": 1 })), b: queue(json!({ "DelaySeconds": 2, "VisibilityTimeout": 2 })), c: queue(json!({ "DelaySeconds": 3, "VisibilityTimeout": 3 })) }),
        )
    };

    let diff = diff(&stack(["A", "B", "C"]), &stack(["Z", "Y", "X"]));

    let pairs: Vec<_> = diff.resources.iter().map(|one| (one.renamed_from.as_deref().unwrap(), one.id.as_str())).collect();
    assert_eq!(pairs, [("A", "Z"), ("B", "Y"), ("C", "X")]);
}

#[test]
fn another_thing_of_the_same_type_is_no_rename() {
    let old = template(json!({ "A": queue(json!({ "FifoQueue": true, "DelaySeconds": 3, "KmsMasterKeyId": "k" })) }));
    let new = template(json!({ "B": queue(json!({ "VisibilityTimeout": 30, "DelaySeconds": 9 })) }));

    let actions: Vec<_> = diff(&old, &new).resources.iter().map(|one| one.action).collect();

    assert_eq!(actions, [Action::Added, Action::Removed]);
}
