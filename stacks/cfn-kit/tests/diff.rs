//! What a change of a template means for what is deployed.

use cfn_kit::{Action, Fate, Replacement, diff};
use serde_json::{Value as Json, json};

fn template(resources: Json) -> Json {
    json!({ "Resources": resources })
}

fn queue(properties: Json) -> Json {
    json!({ "Type": "AWS::SQS::Queue", "Properties": properties })
}

fn text(old: &Json, new: &Json) -> Vec<String> {
    diff(old, new).lines().iter().map(ToString::to_string).collect()
}

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

    assert_eq!(diff(&thing(1), &thing(2)).resources[0].replacement, Replacement::Unknown, "silence would sound like safety");
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
    let expected = [("Jobs", Replacement::Yes), ("Consumption", Replacement::Maybe), ("Policy", Replacement::No)];
    assert_eq!(seen, expected, "the mapping would be made anew without a word");
    assert_eq!(diff.resources[1].changes[0].because_of.as_deref(), Some("Jobs"));
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
        "Outputs": { "Url": { "Value": { "Ref": "Jobs" } } },
    });
    let new = json!({
        "Parameters": { "Days": { "Type": "Number", "Default": 2 } },
        "Resources": {
            "Jobs": queue(json!({ "VisibilityTimeout": 900, "FifoQueue": true })),
            "New": { "Type": "AWS::SNS::Topic" },
        },
    });

    assert_eq!(
        text(&old, &new),
        [
            "! AWS::SQS::Queue Jobs: replaced; the old one is deleted with its data",
            "    Properties/VisibilityTimeout: 30 → 900",
            "    Properties/FifoQueue: false → true (replaces)",
            "+ AWS::SNS::Topic New",
            "- AWS::SNS::Topic Old: deleted",
            "~ Parameters Days",
            "    Default: 1 → 2",
            "- Outputs Url: removed {\"Value\":{\"Ref\":\"Jobs\"}}",
        ]
    );
}

#[test]
fn one_dependency_is_the_same_as_a_list_of_one() {
    let one = template(json!({ "A": { "Type": "AWS::SNS::Topic", "DependsOn": "B" } }));
    let list = template(json!({ "A": { "Type": "AWS::SNS::Topic", "DependsOn": ["B"] } }));

    assert!(diff(&one, &list).is_empty());
}

#[test]
fn a_difference_can_be_read_back_by_programs() {
    let diff = diff(
        &template(json!({ "A": queue(json!({ "DelaySeconds": 1 })) })),
        &template(json!({ "A": queue(json!({ "DelaySeconds": 2 })) })),
    );

    let json = serde_json::to_value(&diff).unwrap();

    assert_eq!(
        json,
        json!({
            "version": 1,
            "resources": [{
                "id": "A", "type": "AWS::SQS::Queue", "action": "changed", "replacement": "no", "stateful": true, "fate": null,
                "changes": [{ "path": "Properties/DelaySeconds", "old": 1, "new": 2, "replacement": "no" }],
            }],
            "entries": [],
        })
    );
    assert_eq!(serde_json::from_value::<cfn_kit::Diff>(json).unwrap(), diff);
}
