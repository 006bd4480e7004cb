//! What holds for every pair of templates, tried on thousands of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cfn_kit::facts::{self, Facts, Replaces};
use cfn_kit::{Class, Replacement, diff};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

use crate::template;

/// Any JSON at all, with the words in it that mean something to CloudFormation.
fn anything() -> impl Strategy<Value = Json> {
    let words = select(vec![
        "Resources",
        "Parameters",
        "Outputs",
        "Conditions",
        "Mappings",
        "Type",
        "Properties",
        "Ref",
        "Fn::Sub",
        "Fn::Join",
        "Fn::GetAtt",
        "Fn::If",
        "Fn::ToJsonString",
        "Fn::Select",
        "DependsOn",
        "Condition",
        "Metadata",
        "Tags",
        "Statement",
        "Effect",
        "Action",
        "Principal",
        "AWS::SQS::Queue",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::EC2::SecurityGroup",
        "SecurityGroupIngress",
        "AssumeRolePolicyDocument",
        "${A.Arn}",
        "${",
        "*",
        "{\"a\": [1]}",
        "[",
        "A",
        "B",
        "a/b",
        "~",
        "",
        "AWS::NoValue",
        "com.aws.cloudformation.Context",
        "mutability",
        "DashboardBody",
        "0",
        "1",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..70_000).prop_map(Json::from),
        words.clone().prop_map(Json::from),
        (-900_i32..900).prop_map(|eighths| Json::from(f64::from(eighths) / 8.0)),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(words.clone().prop_map(ToOwned::to_owned), inner, 0..5).prop_map(object),
        ]
    })
}

fn object(entries: BTreeMap<String, Json>) -> Json {
    Json::Object(Map::from_iter(entries))
}

/// A text, or something that refers.
fn word() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => select(vec!["a", "b", "c/d", "{\"x\":1}"]).prop_map(Json::from),
        1 => select(vec!["A", "B", "Days"]).prop_map(|name| json!({ "Ref": name })),
        1 => select(vec!["${A.Arn}/x", "${B}-${Days}", "plain"]).prop_map(|text| json!({ "Fn::Sub": text })),
        1 => select(vec!["a", "b"]).prop_map(|text| json!({ "Fn::If": ["Busy", text, "c"] })),
    ]
}

fn words() -> impl Strategy<Value = Json> {
    proptest::collection::vec(word(), 0..5).prop_map(Json::from)
}

fn tags() -> impl Strategy<Value = Json> {
    proptest::collection::vec((select(vec!["Team", "Cost", "Owner", "Stage"]), word()), 0..4)
        .prop_map(|tags| tags.into_iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect())
}

fn statement() -> impl Strategy<Value = Json> {
    (select(vec!["Allow", "Deny"]), words(), words(), proptest::option::of(select(vec!["Read", "Write"]))).prop_map(
        |(effect, actions, resources, sid)| {
            let mut statement = json!({ "Effect": effect, "Action": actions, "Resource": resources });
            if let Some(sid) = sid {
                statement["Sid"] = sid.into();
            }
            statement
        },
    )
}

fn resource() -> impl Strategy<Value = Json> {
    let queue = (0..900, any::<bool>(), tags(), proptest::option::of(word())).prop_map(|(delay, fifo, tags, key)| {
        let mut queue = json!({ "Type": "AWS::SQS::Queue", "Properties": { "DelaySeconds": delay, "FifoQueue": fifo, "Tags": tags } });
        if let Some(key) = key {
            queue["Properties"]["KmsMasterKeyId"] = key;
        }
        queue
    });
    let policy = (proptest::collection::vec(statement(), 0..4), words()).prop_map(|(statements, roles)| {
        json!({
            "Type": "AWS::IAM::Policy",
            "Properties": { "PolicyName": "p", "PolicyDocument": { "Version": "2012-10-17", "Statement": statements }, "Roles": roles },
        })
    });
    let dashboard =
        (proptest::collection::vec((0..9, select(vec!["text", "metric"])), 0..5), any::<bool>()).prop_map(|(widgets, spaced)| {
            let widgets: Vec<Json> =
                widgets.into_iter().map(|(x, kind)| json!({ "type": kind, "x": x, "properties": { "markdown": "${A}" } })).collect();
            let body = json!({ "widgets": widgets });
            let text = if spaced { serde_json::to_string_pretty(&body).unwrap() } else { body.to_string() };
            json!({ "Type": "AWS::CloudWatch::Dashboard", "Properties": { "DashboardBody": { "Fn::Sub": text } } })
        });
    let custom = (words(), anything(), tags(), select(vec!["A", "B"])).prop_map(|(list, anything, tags, after)| {
        let lists = json!([{ "Name": "n", "Values": list, "Tags": tags }, anything]);
        json!({ "Type": "Custom::Thing", "DependsOn": after, "Properties": { "ServiceToken": "t", "Lists": lists } })
    });
    let bare = select(vec!["Retain", "Delete"]).prop_map(|policy| json!({ "Type": "AWS::SNS::Topic", "DeletionPolicy": policy }));
    prop_oneof![queue, policy, dashboard, custom, bare]
}

fn a_template() -> impl Strategy<Value = Json> {
    let ids = select(vec!["A", "B", "C", "D", "E"]).prop_map(ToOwned::to_owned);
    let resources = proptest::collection::btree_map(ids, resource(), 0..5).prop_map(object);
    let parameter = (1..3).prop_map(|days| json!({ "Days": { "Type": "Number", "Default": days } }));
    let condition = word().prop_map(|word| json!({ "Busy": { "Fn::Equals": [word, "a"] } }));
    let outputs = proptest::option::of(word().prop_map(|value| json!({ "Out": { "Value": value } })));
    (resources, parameter, condition, outputs, proptest::option::of(anything())).prop_map(
        |(resources, parameters, conditions, outputs, more)| {
            let mut template = json!({ "Resources": resources, "Parameters": parameters, "Conditions": conditions });
            if let Some(outputs) = outputs {
                template["Outputs"] = outputs;
            }
            if let Some(more) = more {
                template["Unheard"] = more;
            }
            template
        },
    )
}

/// The same with every list sorted, however deep, and texts read as JSON: an order that is lost would not be noticed, anything else is.
fn settled(value: &Json) -> Json {
    match value {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(settled).collect();
            items.sort_by_key(ToString::to_string);
            Json::Array(items)
        }
        Json::Object(entries) => {
            let sorted: BTreeMap<String, Json> = entries.iter().map(|(key, value)| (key.clone(), settled(value))).collect();
            object(sorted)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

/// The same with every mapping's keys the other way round.
fn backwards(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(backwards).collect(),
        Json::Object(entries) => Json::Object(entries.iter().rev().map(|(key, value)| (key.clone(), backwards(value))).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}

/// A template as the differ itself writes it down: what differs from nothing, put into nothing.
fn rewritten(value: &Json) -> Json {
    // Every resource differs in an attribute that CloudFormation does not know, so that each is written in normal form.
    let mut other = value.clone();
    for resource in other["Resources"].as_object_mut().unwrap().values_mut() {
        resource["Other"] = true.into();
    }
    let mut written = diff(&other, value).apply(&other);
    written["Resources"].as_object_mut().unwrap().values_mut().for_each(|resource| {
        resource.as_object_mut().unwrap().remove("Other");
    });
    written
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_makes_it_panic(old in anything(), new in anything()) {
        let found = diff(&old, &new);
        found.lines();

        prop_assert_eq!(serde_json::from_str::<cfn_kit::Diff>(&serde_json::to_string(&found).unwrap()).unwrap().lines(), found.lines());
        prop_assert!(diff(&old, &old).is_empty());
        let within = |it: &Json| template(json!({ "A": it, "B": { "Type": "AWS::IAM::Role", "Properties": it, "Metadata": it } }));
        diff(&within(&old), &within(&new)).lines();
    }

    #[test]
    fn nothing_differs_from_itself(template in a_template()) {
        let shuffled = backwards(&template);

        prop_assert!(diff(&template, &template).is_empty());
        prop_assert!(diff(&template, &shuffled).is_empty(), "{:#?}", diff(&template, &shuffled));
    }

    #[test]
    fn the_old_template_with_the_differences_in_it_is_the_new_one(old in a_template(), new in a_template()) {
        let found = diff(&old, &new);

        let applied = found.apply(&old);

        prop_assert!(diff(&applied, &new).is_empty(), "{:#?}\n{applied:#}", diff(&applied, &new));
        // The same by other means: every resource of both in normal form, sorted, word for word.
        let (applied, new) = (settled(&rewritten(&applied)), settled(&rewritten(&new)));
        prop_assert_eq!(&applied["Resources"], &new["Resources"]);
        prop_assert_eq!(applied["Outputs"]["Out"]["Value"].is_null(), new["Outputs"]["Out"]["Value"].is_null());
    }

    #[test]
    fn what_aws_says_is_create_only_never_looks_milder(index in any::<prop::sample::Index>(), around in any::<bool>()) {
        let (facts, path) = CREATE_ONLY[index.index(CREATE_ONLY.len())];

        let steps: Vec<&str> = path.split('/').collect();
        let (old, new) = (holding(&steps, "one".into()), holding(&steps, if around { json!({ "Ref": "AWS::Region" }) } else { "two".into() }));
        let found = diff(&one(facts, old), &one(facts, new));

        let resource = &found.resources[0];
        let mildest = if around { Replacement::Maybe } else { Replacement::Yes };
        prop_assert!(resource.replacement >= mildest, "{} {path}: {resource:?}", facts.name);
        prop_assert!(matches!(resource.class, Class::Replace | Class::MayReplace));
    }
}

fn one(facts: &Facts, properties: Json) -> Json {
    template(json!({ "It": { "Type": facts.name, "Properties": properties } }))
}

/// A mapping that holds a value at the end of these steps; a star is the only item of a list.
fn holding(steps: &[&str], value: Json) -> Json {
    match steps {
        [] => value,
        ["*", rest @ ..] => json!([holding(rest, value)]),
        [first, rest @ ..] => json!({ *first: holding(rest, value) }),
    }
}

/// Every create-only mark of every type, but for the few on what can only be read.
static CREATE_ONLY: LazyLock<Vec<(&Facts, &str)>> = LazyLock::new(|| {
    let all = facts::names().filter_map(facts::of).flat_map(|facts| facts.replacing(Replaces::Yes).map(move |path| (facts, path)));
    all.filter(|(facts, path)| facts.property(path.split('/').next().unwrap()).is_some()).collect()
});

#[test]
fn every_create_only_property_of_every_type_replaces() {
    for (facts, path) in CREATE_ONLY.iter() {
        let steps: Vec<&str> = path.split('/').collect();

        let found = diff(&one(facts, holding(&steps, "one".into())), &one(facts, holding(&steps, "two".into())));

        assert_eq!(found.resources[0].class, Class::Replace, "{} {path} would be lost without a word", facts.name);
    }
    assert!(CREATE_ONLY.len() > 4_000, "the facts lost most of their create-only marks: {}", CREATE_ONLY.len());
}
