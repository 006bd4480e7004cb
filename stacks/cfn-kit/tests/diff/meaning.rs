//! What is written in two ways and means one thing, and what is not.

use cfn_kit::{Replacement, diff};
use serde_json::{Value as Json, json};

use crate::{of_one, queue, template, text};

#[test]
fn a_template_does_not_differ_from_itself_in_other_words() {
    let r#ref = |id: &str| json!({ "Ref": id });
    let arn = json!({ "Fn::GetAtt": ["A", "Arn"] });
    let same: Vec<(Json, Json)> = vec![
        (json!({ "Fn::Sub": "${A}" }), r#ref("A")),
        (json!({ "Fn::Sub": "${ A.Arn }" }), arn.clone()),
        (json!({ "Fn::GetAtt": "A.Arn" }), arn.clone()),
        (json!({ "Fn::GetAtt": ["A", "Outputs", "Url"] }), json!({ "Fn::GetAtt": "A.Outputs.Url" })),
        (json!({ "Fn::Sub": "plain" }), "plain".into()),
        (json!({ "Fn::Sub": "${!Literal}" }), "${Literal}".into()),
        (json!({ "Fn::Sub": ["${Name}/x", { "Name": r#ref("A") }] }), json!({ "Fn::Sub": "${A}/x" })),
        (json!({ "Fn::Sub": ["${Name}/x", { "Name": "a" }] }), "a/x".into()),
        (json!({ "Fn::Join": ["/", ["a", "b"]] }), "a/b".into()),
        (
            json!({ "Fn::Join": ["", ["arn:", r#ref("AWS::Partition"), ":s3:::", r#ref("A")]] }),
            json!({ "Fn::Sub": "arn:${AWS::Partition}:s3:::${A}" }),
        ),
        (json!({ "Fn::Join": ["", [{ "Fn::Join": ["-", ["a", r#ref("A")]] }, "/x"]] }), json!({ "Fn::Sub": "a-${A}/x" })),
        (json!({ "Fn::Join": ["-", [{ "Fn::Select": ["0", ["a", "b"]] }, "c"]] }), "a-c".into()),
        (json!({ "Fn::If": ["Busy", "a", "a"] }), "a".into()),
    ];
    for (one, other) in same {
        let diff = of_one("AWS::SNS::Topic", json!({ "DisplayName": one }), json!({ "DisplayName": other }));

        assert!(diff.is_empty(), "a review would be buried in what is no change: {one} and {other}: {}", text(&diff));
    }
}

#[test]
fn what_only_looks_alike_differs() {
    let r#ref = |id: &str| json!({ "Ref": id });
    let other: Vec<(Json, Json)> = vec![
        (json!({ "Fn::Sub": "${A}" }), "${A}".into()),
        (json!({ "Fn::Sub": "${A.Arn}" }), r#ref("A")),
        (json!({ "Fn::Join": ["-", ["a", { "Ref": "AWS::NoValue" }]] }), "a-".into()),
        (json!({ "Fn::Join": [",", r#ref("List")] }), r#ref("List")),
        (json!({ "Fn::If": ["Busy", "a", "b"] }), json!({ "Fn::If": ["Idle", "a", "b"] })),
        ("01".into(), "1".into()),
        ("True".into(), true.into()),
    ];
    for (one, other) in other {
        let diff = of_one("AWS::SNS::Topic", json!({ "DisplayName": one }), json!({ "DisplayName": other }));

        assert!(!diff.is_empty(), "a change would go unseen: {one} and {other}");
    }
}

#[test]
fn scalars_are_what_the_property_wants() {
    let same = [
        ("AWS::SQS::Queue", json!({ "DelaySeconds": "30", "FifoQueue": "true" }), json!({ "DelaySeconds": 30.0, "FifoQueue": true })),
        ("AWS::SNS::Topic", json!({ "DisplayName": 5 }), json!({ "DisplayName": "5" })),
        ("Custom::Thing", json!({ "Deep": { "Count": 1, "On": true } }), json!({ "Deep": { "Count": "1", "On": "true" } })),
        ("AWS::SQS::Queue", json!({}), json!({ "KmsMasterKeyId": { "Ref": "AWS::NoValue" } })),
        (
            "AWS::SQS::Queue",
            json!({ "RedrivePolicy": { "maxReceiveCount": 3 } }),
            json!({ "RedrivePolicy": "{\"maxReceiveCount\": \"3\"}" }),
        ),
    ];
    for (kind, old, new) in same {
        assert!(of_one(kind, old.clone(), new.clone()).is_empty(), "{old} {new}");
    }
    assert!(!of_one("AWS::SQS::Queue", json!({ "DelaySeconds": "30" }), json!({ "DelaySeconds": 31 })).is_empty());
    assert!(!of_one("Unheard::Of::Type", json!({ "A": "1" }), json!({ "A": 1 })).is_empty(), "nobody knows what it wants");
}

#[test]
fn no_properties_and_empty_ones_are_the_same() {
    let bare = template(json!({ "A": { "Type": "AWS::SQS::Queue" } }));

    assert!(diff(&bare, &template(json!({ "A": queue(json!({})) }))).is_empty());
    assert_eq!(
        diff(&bare, &template(json!({ "A": queue(json!({ "FifoQueue": true })) }))).resources[0].replacement,
        Replacement::Yes,
        "the first property of all would not be looked at"
    );
}

#[test]
fn what_has_no_order_may_stand_in_any() {
    let policy = |statements: Json| json!({ "PolicyName": "p", "PolicyDocument": { "Statement": statements }, "Roles": ["r"] });
    let same = [
        (
            "AWS::SQS::Queue",
            json!({ "Tags": [{ "Key": "a", "Value": 1 }, { "Key": "b", "Value": 2 }] }),
            json!({ "Tags": [{ "Value": "2", "Key": "b" }, { "Key": "a", "Value": "1" }] }),
        ),
        (
            "AWS::Lambda::Function",
            json!({ "VpcConfig": { "SubnetIds": ["a", "b"], "SecurityGroupIds": [{ "Ref": "G" }, "g"] } }),
            json!({ "VpcConfig": { "SubnetIds": ["b", "a"], "SecurityGroupIds": ["g", { "Fn::Sub": "${G}" }] } }),
        ),
        (
            "AWS::IAM::Policy",
            policy(json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["a", "b"] })),
            policy(json!([{ "Resource": ["b", "a"], "Action": ["S3:getobject"], "Effect": "Allow" }])),
        ),
        (
            "AWS::IAM::Policy",
            policy(
                json!([{ "Sid": "A", "Effect": "Allow", "Action": "a:b", "Resource": "*" }, { "Effect": "Deny", "Action": "*", "Resource": "*" }]),
            ),
            policy(
                json!([{ "Effect": "Deny", "Action": "*", "Resource": "*" }, { "Sid": "A", "Effect": "Allow", "Action": "a:b", "Resource": "*" }]),
            ),
        ),
        (
            "AWS::S3::BucketPolicy",
            json!({ "Bucket": "b", "PolicyDocument": { "Statement": { "Effect": "Deny", "Principal": "*", "Condition": { "Bool": { "a": false } } } } }),
            json!({ "Bucket": "b", "PolicyDocument": { "Statement": { "Effect": "Deny", "Principal": { "AWS": "*" }, "Condition": { "Bool": { "a": ["false"] } } } } }),
        ),
        (
            "AWS::EC2::SecurityGroup",
            json!({ "SecurityGroupIngress": [{ "IpProtocol": 6, "CidrIp": "a" }, { "IpProtocol": "tcp", "CidrIp": "b" }] }),
            json!({ "SecurityGroupIngress": [{ "IpProtocol": "tcp", "CidrIp": "b" }, { "IpProtocol": "6", "CidrIp": "a" }] }),
        ),
        (
            "AWS::CloudWatch::Alarm",
            json!({ "Dimensions": [{ "Name": "a", "Value": "1" }, { "Name": "b", "Value": "2" }] }),
            json!({ "Dimensions": [{ "Name": "b", "Value": "2" }, { "Name": "a", "Value": "1" }] }),
        ),
    ];
    for (kind, old, new) in same {
        let diff = of_one(kind, old, new);
        assert!(diff.is_empty(), "{}", text(&diff));
    }
    let layers = of_one("AWS::Lambda::Function", json!({ "Layers": ["a", "b"] }), json!({ "Layers": ["b", "a"] }));
    assert!(!layers.is_empty(), "the later layer covers the earlier one: their order is a change");
}

#[test]
fn an_item_that_comes_first_does_not_change_all_behind_it() {
    let role = |statements: Json| json!({ "PolicyName": "p", "PolicyDocument": { "Statement": statements }, "Roles": ["r"] });
    let read = json!({ "Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*" });
    let more = json!({ "Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*" });
    let deny = json!({ "Sid": "Never", "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*" });

    let diff = of_one("AWS::IAM::Policy", role(json!([read])), role(json!([deny, more])));

    let changes: Vec<_> = diff.resources[0].changes.iter().map(|change| (change.label(), change.old_path())).collect();
    assert_eq!(
        changes,
        [
            ("Properties/PolicyDocument/Statement[Never]", "Properties/PolicyDocument/Statement/0"),
            ("Properties/PolicyDocument/Statement[Read]/Action", "Properties/PolicyDocument/Statement/0/Action/1"),
        ]
    );
}

#[test]
fn an_ordered_list_is_laid_side_by_side() {
    let layers = |names: &[&str]| json!({ "Layers": names });

    let diff = of_one("AWS::Lambda::Function", layers(&["a", "b", "c", "d"]), layers(&["a", "x", "c", "d", "e"]));

    let changes: Vec<_> = diff.resources[0].changes.iter().map(|change| (change.path.as_str(), &change.old, &change.new)).collect();
    assert_eq!(changes, [("Properties/Layers/1", &Some(json!("b")), &Some(json!("x"))), ("Properties/Layers/4", &None, &Some(json!("e")))]);
}

#[test]
fn json_in_a_text_is_compared_as_json() {
    let dashboard = |body: Json| json!({ "DashboardName": "d", "DashboardBody": body });
    let old = "{\"widgets\": [{\"type\": \"text\", \"x\": 0, \"properties\": {\"region\": \"${AWS::Region}\", \"period\": ${Period}}}]}";
    let spaced =
        "{ \"widgets\": [\n{ \"x\": 0, \"type\": \"text\", \"properties\": {\"period\": ${Period}, \"region\": \"${AWS::Region}\"}}]}";
    let joined = json!(["{\"widgets\":[{\"type\":\"text\",\"x\":0,\"properties\":{\"region\":\"", { "Ref": "AWS::Region" }, "\",\"period\":", { "Ref": "Period" }, "}}]}"]);
    let sub = |text: &str| json!({ "Fn::Sub": text });

    let same = of_one("AWS::CloudWatch::Dashboard", dashboard(sub(old)), dashboard(sub(spaced)));
    let also = of_one("AWS::CloudWatch::Dashboard", dashboard(sub(old)), dashboard(json!({ "Fn::Join": ["", joined] })));
    let moved = of_one("AWS::CloudWatch::Dashboard", dashboard(sub(old)), dashboard(sub(&old.replace("\"x\": 0", "\"x\": 6"))));
    let quoted = of_one("AWS::CloudWatch::Dashboard", dashboard(sub(old)), dashboard(sub(&old.replace("${Period}", "\"${Period}\""))));

    assert!(same.is_empty() && also.is_empty(), "{}{}", text(&same), text(&also));
    assert!(text(&moved).contains("    Properties/DashboardBody/widgets/0/x: 0 → 6\n"), "{}", text(&moved));
    assert!(!quoted.is_empty(), "a number and a text are two things");
}

#[test]
fn a_state_machine_and_a_policy_in_a_text_are_compared_inside() {
    let machine = |text: &str| json!({ "RoleArn": "r", "DefinitionString": text });
    let old = "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Pass\",\"End\":true}}}";
    let policy = |text: &str| json!({ "Bucket": "b", "PolicyDocument": text });

    let machine = of_one("AWS::StepFunctions::StateMachine", machine(old), machine(&old.replace("Pass", "Succeed")));
    let policy = of_one(
        "AWS::S3::BucketPolicy",
        policy("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"a\",\"Principal\":\"*\"}}"),
        json!({ "Bucket": "b", "PolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "a", "Principal": { "AWS": "*" } }] } }),
    );

    assert!(text(&machine).contains("Properties/DefinitionString/States/A/Type: \"Pass\" → \"Succeed\""), "{}", text(&machine));
    assert!(policy.is_empty(), "{}", text(&policy));
}

#[test]
fn spaces_in_a_text_that_nobody_reads_as_json_are_a_change() {
    let function = |text: &str| json!({ "Code": {}, "Role": "r", "Environment": { "Variables": { "SETTINGS": text } } });

    let diff = of_one("AWS::Lambda::Function", function("{\"a\": 1}"), function("{\"a\":1}"));

    assert!(!diff.is_empty(), "the function would get another text than the one that is deployed");
}

#[test]
fn a_choice_is_compared_branch_by_branch() {
    let queue = |delay: i32| json!({ "DelaySeconds": { "Fn::If": ["Busy", delay, "5"] } });

    let changed = of_one("AWS::SQS::Queue", queue(1), queue(2));

    assert!(text(&changed).contains("    Properties/DelaySeconds/Fn::If/1: 1 → 2\n"), "{}", text(&changed));
    assert!(of_one("AWS::SQS::Queue", queue(1), json!({ "DelaySeconds": { "Fn::If": ["Busy", "1", 5] } })).is_empty());
}

#[test]
fn conditions_are_compared_by_what_they_test() {
    let one = |test: Json| json!({ "Conditions": { "Busy": test }, "Resources": {} });
    let old = one(json!({ "Fn::Or": [{ "Fn::Equals": [{ "Ref": "Stage" }, "prod"] }, { "Condition": "Other" }] }));

    let same = one(json!({ "Fn::Or": [{ "Condition": "Other" }, { "Fn::Equals": ["prod", { "Ref": "Stage" }] }] }));
    let other = one(json!({ "Fn::And": [{ "Condition": "Other" }, { "Fn::Equals": ["prod", { "Ref": "Stage" }] }] }));

    assert!(diff(&old, &same).is_empty());
    assert!(!diff(&old, &other).is_empty());
}

#[test]
fn a_section_that_nobody_knows_is_kept() {
    let old = json!({ "Resources": {}, "Hooks": { "Green": { "Type": "AWS::CodeDeploy::BlueGreen" } }, "Transform": "AWS::Serverless-2016-10-31" });
    let new = json!({ "Resources": {}, "Hooks": { "Green": { "Type": "Another" } }, "Transform": ["AWS::LanguageExtensions"] });

    let told = text(&diff(&old, &new));

    assert_eq!(
        told,
        "~ Hooks Green\n    Type: \"AWS::CodeDeploy::BlueGreen\" → \"Another\"\n~ Transform: \"AWS::Serverless-2016-10-31\" → [\"AWS::LanguageExtensions\"]\n"
    );
}
