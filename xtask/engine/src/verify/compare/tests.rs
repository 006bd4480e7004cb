use serde_json::json;

use super::*;
use crate::verify::value::unknown;

const RULES: Rules = &[
    ("PolicyDocument", Rule::Policy),
    ("Environment.Variables", Rule::Exact),
    ("Layers", Rule::Ordered),
    ("Tags", Rule::Tags),
    ("FunctionName", Rule::Name),
    ("AllowHeaders", Rule::NoCase),
    ("Password", Rule::WriteOnly),
    ("Body", Rule::Json),
];

fn compared(declared: &Value, live: &Value) -> Compared {
    properties(declared.as_object().unwrap(), live.as_object().unwrap(), RULES)
}

fn paths(compared: &Compared) -> Vec<&str> {
    compared.differences.iter().map(|difference| difference.path.as_str()).collect()
}

#[test]
fn what_means_the_same_is_no_difference_however_it_is_written() {
    let same = [
        (json!({ "A": 300 }), json!({ "A": "300" })),
        (json!({ "A": 1 }), json!({ "A": "1.0" })),
        (json!({ "A": true }), json!({ "A": "True" })),
        (json!({ "A": false }), json!({ "A": null })),
        (json!({ "A": [] }), json!({ "A": null })),
        (json!({ "A": ["x", "y"] }), json!({ "A": ["y", "x"] })),
        (json!({ "A": { "B": 1 } }), json!({ "A": { "B": 1, "AddedByTheService": 2 } })),
        (json!({ "A": [{ "Id": "r", "Days": 3 }] }), json!({ "A": [{ "Days": "3", "Id": "r", "More": true }] })),
        (json!({ "A": { "maxReceiveCount": 3 } }), json!({ "A": "{\"maxReceiveCount\":\"3\"}" })),
        (json!({ "Body": "{\"a\": 1}" }), json!({ "Body": "{ \"a\":1 }" })),
        (json!({ "Tags": [{ "Key": "a", "Value": "b" }] }), json!({ "Tags": { "a": "b", "aws:cloudformation:stack-name": "s" } })),
        (json!({ "FunctionName": "f" }), json!({ "FunctionName": "arn:aws:lambda:eu-central-1:1:function:f" })),
        (json!({ "AllowHeaders": ["Authorization"] }), json!({ "AllowHeaders": ["authorization"] })),
    ];

    for (declared, live) in same {
        let compared = compared(&declared, &live);

        assert_eq!(compared.differences, [], "{declared} and {live} are the same");
        assert!(0 < compared.values, "nothing was looked at in {declared}");
    }
}

#[test]
fn what_differs_is_told_where_it_is() {
    let different = [
        (json!({ "A": 300 }), json!({ "A": "301" }), "A"),
        (json!({ "A": true }), json!({ "A": null }), "A"),
        (json!({ "A": "012345678901" }), json!({ "A": "12345678901" }), "A"),
        (json!({ "A": ["x", "y"] }), json!({ "A": ["x"] }), "A"),
        (json!({ "A": ["x"] }), json!({ "A": ["x", "y"] }), "A"),
        (json!({ "A": { "B": { "C": 1 } } }), json!({ "A": { "B": { "C": 2 } } }), "A.B.C"),
        (json!({ "A": [{ "Id": "r", "Days": 3 }, { "Id": "s" }] }), json!({ "A": [{ "Id": "s" }, { "Id": "r", "Days": 4 }] }), "A[r].Days"),
        (
            json!({ "Environment": { "Variables": {} } }),
            json!({ "Environment": { "Variables": { "DEBUG": "1" } } }),
            "Environment.Variables.DEBUG",
        ),
        (json!({ "Layers": ["a", "b"] }), json!({ "Layers": ["b", "a"] }), "Layers[0]"),
        (json!({ "Tags": [{ "Key": "a", "Value": "b" }] }), json!({ "Tags": { "a": "c" } }), "Tags[a]"),
        (json!({ "FunctionName": "f" }), json!({ "FunctionName": "arn:aws:lambda:eu-central-1:1:function:g" }), "FunctionName"),
    ];

    for (declared, live, path) in different {
        let compared = compared(&declared, &live);

        assert_eq!(paths(&compared).first(), Some(&path), "{declared} and {live}: {:?}", compared.differences);
    }
}

#[test]
fn a_policy_that_allows_more_than_it_says_is_told_by_its_statement() {
    let policy = |action: Value| {
        json!({ "PolicyDocument": { "Version": "2012-10-17", "Statement": [
        { "Sid": "Read", "Effect": "Allow", "Action": action, "Resource": "*" }] } })
    };
    let declared = policy(json!("s3:GetObject"));

    assert_eq!(compared(&declared, &policy(json!(["S3:GetObject"]))).differences, []);
    let more = compared(&declared, &policy(json!(["s3:GetObject", "s3:DeleteObject"])));
    assert_eq!(paths(&more), ["PolicyDocument.Statement[Read].Action"], "somebody could delete, and nobody would know");
    let added = json!({ "PolicyDocument": { "Version": "2012-10-17", "Statement": [
        { "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        { "Effect": "Allow", "Action": "*", "Resource": "*" }] } });
    assert_eq!(paths(&compared(&declared, &added)), ["PolicyDocument.Statement"]);
    let unconditional = json!({ "PolicyDocument": { "Statement": [{ "Sid": "Read", "Condition": { "Bool": { "a": "true" } } }] } });
    assert!(!compared(&unconditional, &json!({ "PolicyDocument": { "Statement": [{ "Sid": "Read" }] } })).differences.is_empty());
}

#[test]
fn what_is_not_known_is_never_called_equal() {
    let declared =
        json!({ "Known": 1, "Unresolved": unknown("a"), "Denied": 2, "NotRead": 3, "Password": "p", "List": [unknown("b"), "x"] });
    let live = json!({ "Known": 1, "Unresolved": 5, "Denied": unknown("c"), "List": ["x", "y"] });

    let compared = compared(&declared, &live);

    assert_eq!(compared.differences, []);
    let skipped: Vec<_> = compared.not_compared.iter().map(|one| (one.path.as_str(), one.reason.as_str())).collect();
    let expected = [
        ("Unresolved", "a"),
        ("Denied", "c"),
        ("NotRead", "this property is not read back"),
        ("Password", "no API gives it back"),
        ("List", "b"),
    ];
    assert_eq!(skipped, expected);
    assert_eq!(compared.values, 2, "only what was looked at may be counted");
}
