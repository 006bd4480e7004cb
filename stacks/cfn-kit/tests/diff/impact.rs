//! What a change of a template means for what is deployed.

use cfn_kit::{Action, Class, Fate, Replacement, diff};
use serde_json::{Value as Json, json};

use crate::{queue, template, text};

#[test]
fn a_template_does_not_differ_from_itself_in_another_order() {
    let old = json!({ "Resources": { "A": queue(json!({ "DelaySeconds": 1, "FifoQueue": true })), "B": queue(json!({})) } });
    let new = json!({ "Resources": { "B": queue(json!({})), "A": queue(json!({ "FifoQueue": true, "DelaySeconds": 1 })) } });

    assert!(diff(&old, &new).is_empty(), "{:?}", diff(&old, &new));
}

#[test]
fn what_a_changed_property_does_comes_from_the_facts() {
    let old = template(json!({ "Jobs": queue(json!({ "VisibilityTimeout": 30, "FifoQueue": false })) }));
    let changes = [
        (json!({ "VisibilityTimeout": 900, "FifoQueue": false }), Replacement::No),
        (json!({ "VisibilityTimeout": 30, "FifoQueue": true }), Replacement::Yes),
        (json!({ "VisibilityTimeout": 30 }), Replacement::Yes),
        (json!({ "VisibilityTimeout": 30, "FifoQueue": { "Ref": "IsFifo" } }), Replacement::Maybe),
        (json!({ "VisibilityTimeout": 30, "FifoQueue": false, "Newer": 1 }), Replacement::Unknown),
    ];
    for (properties, expected) in changes {
        let diff = diff(&old, &template(json!({ "Jobs": queue(properties.clone()) })));

        assert_eq!(diff.resources[0].replacement, expected, "{properties}");
        assert_eq!(diff.resources[0].action, Action::Changed);
    }
}

#[test]
fn unknown_types_are_said_to_be_unknown() {
    let thing = |value: i32| template(json!({ "A": { "Type": "Custom::Thing", "Properties": { "X": value } } }));

    let diff = diff(&thing(1), &thing(2));

    assert_eq!(diff.resources[0].replacement, Replacement::Unknown, "silence would sound like safety");
    assert_eq!(diff.resources[0].class, Class::Unknown);
}

#[test]
fn a_property_within_a_property_replaces_only_where_the_facts_say_so() {
    let function = |tenancy: Json, memory: i32| {
        let properties = json!({ "Code": {}, "Role": "r", "MemorySize": memory, "TenancyConfig": tenancy });
        template(json!({ "F": { "Type": "AWS::Lambda::Function", "Properties": properties } }))
    };
    let old = function(json!({ "TenantIsolationMode": "PER_TENANT" }), 128);

    let inside = diff(&old, &function(json!({ "TenantIsolationMode": "NONE" }), 128));
    let beside = diff(&old, &function(json!({ "TenantIsolationMode": "PER_TENANT" }), 256));

    assert_eq!(inside.resources[0].changes[0].path, "Properties/TenancyConfig/TenantIsolationMode");
    assert_eq!(inside.resources[0].replacement, Replacement::Yes);
    assert_eq!(beside.resources[0].replacement, Replacement::No);
}

#[test]
fn a_replacement_reaches_those_that_refer_to_it() {
    let stack = |fifo: bool| {
        template(json!({
            "Jobs": queue(json!({ "FifoQueue": fifo })),
            "Consumption": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": { "FunctionName": "f", "EventSourceArn": { "Fn::GetAtt": ["Jobs", "Arn"] } },
            },
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": { "PolicyDocument": {}, "Queues": [{ "Ref": "Jobs" }] },
            },
        }))
    };

    let diff = diff(&stack(false), &stack(true));

    let seen: Vec<_> = diff.resources.iter().map(|one| (one.id.as_str(), one.replacement)).collect();
    let expected = [("Jobs", Replacement::Yes), ("Consumption", Replacement::Yes), ("Policy", Replacement::No)];
    assert_eq!(seen, expected, "the mapping would be made anew without a word");
    assert_eq!(diff.resources[1].changes[0].because_of.as_deref(), Some("Resources/Jobs"));
}

#[test]
fn what_becomes_of_data_depends_on_the_policies() {
    let table = |policies: Json| {
        let mut table = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": "a" } });
        for (name, value) in policies.as_object().unwrap() {
            table[name] = value.clone();
        }
        table
    };
    let (bare, kept) = (table(json!({})), table(json!({ "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain" })));
    let renamed = |table: &Json| {
        let mut table = table.clone();
        table["Properties"]["TableName"] = "b".into();
        template(json!({ "Jobs": table }))
    };
    let nothing = template(json!({}));

    let fate = |old: &Json, new: &Json| diff(old, new).resources[0].fate;

    assert_eq!(fate(&template(json!({ "Jobs": bare })), &nothing), Some(Fate::Deleted), "every job would be gone");
    assert_eq!(fate(&template(json!({ "Jobs": kept })), &nothing), Some(Fate::Retained));
    assert_eq!(fate(&template(json!({ "Jobs": bare })), &renamed(&bare)), Some(Fate::Deleted), "every job would be gone");
    assert_eq!(fate(&template(json!({ "Jobs": kept })), &renamed(&kept)), Some(Fate::Retained));
}

#[test]
fn every_line_says_what_happens_without_its_colour() {
    let old = json!({
        "Parameters": { "Days": { "Type": "Number", "Default": 1 } },
        "Resources": {
            "Jobs": queue(json!({ "VisibilityTimeout": 30, "FifoQueue": false })),
            "Old": { "Type": "AWS::SNS::Topic" },
        },
        "Outputs": { "Url": { "Value": { "Ref": "Jobs" } }, "Name": { "Value": { "Fn::GetAtt": ["Jobs", "QueueName"] } } },
    });
    let new = json!({
        "Parameters": { "Days": { "Type": "Number", "Default": 2 } },
        "Resources": {
            "Jobs": queue(json!({ "VisibilityTimeout": 900, "FifoQueue": true })),
            "New": { "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": { "Ref": "Days" } } },
        },
        "Outputs": { "Name": { "Value": { "Fn::GetAtt": ["Jobs", "QueueName"] } } },
    });

    assert_eq!(
        text(&diff(&old, &new)),
        "\
! AWS::SQS::Queue Jobs: replaced; the old one is deleted; lost: the messages in it
    Properties/VisibilityTimeout: 30 → 900
    Properties/FifoQueue: false → true (replaces)
+ AWS::Logs::LogGroup New
- AWS::SNS::Topic Old: deleted; lost: the subscriptions that people confirmed
~ Parameters Days
    Default: \"1\" → \"2\"
- Outputs Url: removed {\"Value\":{\"Ref\":\"Jobs\"}}
~ Outputs Name
    Value: follows Jobs, which is another one afterwards
"
    );
}

#[test]
fn a_resource_that_its_condition_may_end_is_no_mere_update() {
    let table = |condition: Option<&str>| {
        let mut table = json!({ "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": "jobs" } });
        if let Some(condition) = condition {
            table["Condition"] = condition.into();
        }
        json!({ "Conditions": { "Kept": { "Fn::Equals": [{ "Ref": "AWS::Region" }, "eu-west-1"] } }, "Resources": { "Jobs": table } })
    };

    let gated = diff(&table(None), &table(Some("Kept")));
    let freed = diff(&table(Some("Kept")), &table(None));

    assert_eq!((gated.resources[0].class, gated.resources[0].fate), (Class::MayDelete, Some(Fate::Deleted)), "every job could be gone");
    assert_eq!(freed.resources[0].class, Class::Update);
}

#[test]
fn a_changed_type_is_said_to_be_refused() {
    let one = |kind: &str| template(json!({ "It": { "Type": kind } }));

    let diff = diff(&one("AWS::SNS::Topic"), &one("AWS::SQS::Queue"));

    assert_eq!(diff.resources[0].class, Class::Replace);
    assert!(diff.resources[0].warnings[0].contains("refuses"), "{diff:?}");
}

#[test]
fn a_name_that_is_written_out_stands_in_the_way_of_a_replacement() {
    let one = |fifo: bool| template(json!({ "Jobs": queue(json!({ "QueueName": "jobs.fifo", "FifoQueue": fifo })) }));

    let diff = diff(&one(false), &one(true));

    assert!(diff.resources[0].warnings[0].contains("`jobs.fifo`"), "the deploy would fail half-way: {diff:?}");
}

#[test]
fn new_code_is_one_line_however_it_is_told() {
    let stack = |key: &str, memory: i32| {
        json!({
            "Parameters": { "Image": { "Type": "String", "Default": key } },
            "Resources": {
                "Zip": { "Type": "AWS::Lambda::Function", "Properties": { "Code": { "S3Bucket": "b", "S3Key": key }, "Role": "r", "MemorySize": memory } },
                "Image": { "Type": "AWS::Lambda::Function", "Properties": { "Code": { "ImageUri": { "Ref": "Image" } }, "Role": "r" } },
            },
        })
    };

    let code = diff(&stack("1.zip", 128), &stack("2.zip", 128));
    let more = diff(&stack("1.zip", 128), &stack("2.zip", 256));

    assert_eq!(code.resources.iter().map(|one| one.asset_only).collect::<Vec<_>>(), [true, true]);
    assert!(text(&code).starts_with("~ AWS::Lambda::Function Zip: new code, and nothing else\n~ AWS::Lambda::Function Image: new code"));
    assert!(!more.resources[0].asset_only, "the memory would change unseen");
}

#[test]
fn one_dependency_is_the_same_as_a_list_of_one() {
    let one = template(json!({ "A": { "Type": "AWS::SNS::Topic", "DependsOn": "B" } }));
    let list = template(json!({ "A": { "Type": "AWS::SNS::Topic", "DependsOn": ["B"] } }));

    assert!(diff(&one, &list).is_empty());
}

#[test]
fn every_difference_knows_its_line() {
    let old = cfn_kit::read("Resources:\n  Old:\n    Type: AWS::SNS::Topic\n  Jobs:\n    Type: AWS::SQS::Queue\n", "old.yaml").unwrap();
    let new = "Parameters:\n  Days: {Type: String}\nResources:\n  Jobs:\n    Type: AWS::SQS::Queue\n    Properties: {DelaySeconds: 1}\n";
    let new = cfn_kit::read(new, "new.yaml").unwrap();

    let diff = cfn_kit::diff_documents(&old, &new);

    let sources: Vec<_> = diff.resources.iter().map(|one| one.source.as_deref().unwrap()).collect();
    assert_eq!(sources, ["new.yaml:4", "old.yaml:2"], "people would look for it themselves");
    assert_eq!(diff.entries[0].source.as_deref(), Some("new.yaml:2"));
}

#[test]
fn a_difference_can_be_read_back_by_programs() {
    let diff = diff(
        &template(json!({ "A": queue(json!({ "DelaySeconds": 1 })) })),
        &template(json!({ "A": queue(json!({ "DelaySeconds": 2, "Tags": [{ "Key": "a", "Value": null }] })) })),
    );

    let json = serde_json::to_value(&diff).unwrap();

    assert_eq!(
        json,
        json!({
            "version": 2,
            "resources": [{
                "id": "A", "type": "AWS::SQS::Queue", "action": "changed", "class": "update", "replacement": "no", "stateful": true,
                "fate": null, "asset_only": false, "warnings": [],
                "changes": [
                    { "path": "Properties/DelaySeconds", "old": 1, "new": 2, "replacement": "no" },
                    { "path": "Properties/Tags", "new": [{ "Key": "a", "Value": null }], "replacement": "no" },
                ],
            }],
            "entries": [],
            "security": [],
            "guarded": [],
        })
    );
    assert_eq!(serde_json::from_value::<cfn_kit::Diff>(json).unwrap(), diff);
}
