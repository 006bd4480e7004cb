//! What is granted and opened, and what no longer is.

use cfn_kit::{Area, Diff, Direction, diff};
use serde_json::{Value as Json, json};

use crate::{of_one, template, text};

/// Each change in one line: direction, effect, who, what, on.
fn seen(diff: &Diff) -> Vec<String> {
    let line = |one: &cfn_kit::SecurityChange| {
        let sign = if one.direction == Direction::Broadened { '+' } else { '-' };
        let when = one.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
        format!("{sign} {} {} can {} on {}{when}", one.effect, one.who.join(","), one.what.join(","), one.on.join(","))
    };
    diff.security.iter().map(line).collect()
}

fn role(statements: Json) -> Json {
    json!({ "AssumeRolePolicyDocument": {}, "Policies": [{ "PolicyName": "p", "PolicyDocument": { "Statement": statements } }] })
}

fn allow(actions: Json, on: Json) -> Json {
    json!({ "Effect": "Allow", "Action": actions, "Resource": on })
}

#[test]
fn what_a_role_may_do_more_and_what_it_may_no_longer() {
    let old = role(json!([allow(json!(["s3:GetObject", "s3:ListBucket"]), json!({ "Fn::GetAtt": ["Bucket", "Arn"] }))]));
    let new = role(json!([allow(json!(["s3:GetObject", "s3:DeleteObject"]), json!({ "Fn::Sub": "${Bucket.Arn}" }))]));

    let diff = of_one("AWS::IAM::Role", old, new);

    assert_eq!(
        seen(&diff),
        ["+ Allow ${It} can s3:DeleteObject on ${Bucket.Arn}", "- Allow ${It} can s3:ListBucket on ${Bucket.Arn}"],
        "only what is new to the role belongs into the table"
    );
}

#[test]
fn what_a_wildcard_granted_before_is_no_news() {
    let all = role(json!([allow(json!("s3:*"), json!("*"))]));
    let less = role(json!([allow(json!("s3:GetObject"), json!("a")), allow(json!(["s3:Put*"]), json!("b"))]));

    let narrower = of_one("AWS::IAM::Role", all.clone(), less.clone());
    let wider = of_one("AWS::IAM::Role", less, all);

    assert!(narrower.broadened().next().is_none(), "{:?}", seen(&narrower));
    assert_eq!(seen(&wider), ["+ Allow ${It} can s3:* on *"]);
    assert!(wider.security[0].wildcard);
}

#[test]
fn rights_that_move_between_policies_of_a_role_are_the_same_rights() {
    let statement = allow(json!("sqs:SendMessage"), json!("q"));
    let policy = |statements: Json| json!({ "Type": "AWS::IAM::Policy", "Properties": { "PolicyName": "p", "PolicyDocument": { "Statement": statements }, "Roles": [{ "Ref": "It" }] } });
    let bare = json!({ "Type": "AWS::IAM::Role", "Properties": { "AssumeRolePolicyDocument": {} } });
    let inline = json!({ "Type": "AWS::IAM::Role", "Properties": role(json!([statement])) });

    let diff = diff(&template(json!({ "It": inline })), &template(json!({ "It": bare, "P": policy(json!([statement])) })));

    assert!(!diff.is_empty() && diff.security.is_empty(), "{:?}", seen(&diff));
}

#[test]
fn what_is_no_longer_denied_is_allowed_in_effect() {
    let deny = json!({ "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*" });
    let all = allow(json!("s3:*"), json!("*"));

    let gone = of_one("AWS::IAM::Role", role(json!([all, deny])), role(json!([all])));
    let come = of_one("AWS::IAM::Role", role(json!([all])), role(json!([all, deny])));

    assert_eq!(seen(&gone), ["+ Deny ${It} can s3:DeleteBucket on *"]);
    assert_eq!(seen(&come), ["- Deny ${It} can s3:DeleteBucket on *"]);
}

#[test]
fn a_condition_less_is_a_right_more() {
    let when = |condition: Json| {
        let mut statement = allow(json!("s3:GetObject"), json!("a"));
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        role(json!([statement]))
    };
    let tls = json!({ "Bool": { "aws:SecureTransport": "true" } });

    let lost = of_one("AWS::IAM::Role", when(tls.clone()), when(Json::Null));
    let won = of_one("AWS::IAM::Role", when(Json::Null), when(tls.clone()));
    let other = of_one("AWS::IAM::Role", when(tls), when(json!({ "Bool": { "aws:SecureTransport": "false" } })));

    assert_eq!(seen(&lost)[0], "+ Allow ${It} can s3:GetObject on a");
    assert!(won.broadened().next().is_none(), "{:?}", seen(&won));
    assert!(other.broadened().next().is_some(), "nobody can say that it is not more");
}

#[test]
fn everything_but_something_grows_as_the_something_shrinks() {
    let but = |actions: Json| role(json!([{ "Effect": "Allow", "NotAction": actions, "Resource": "*" }]));

    let wider = of_one("AWS::IAM::Role", but(json!(["iam:*", "sts:*"])), but(json!(["iam:*"])));
    let narrower = of_one("AWS::IAM::Role", but(json!(["iam:*"])), but(json!(["iam:*", "sts:*"])));

    assert!(wider.broadened().next().is_some() && wider.security[0].wildcard);
    assert!(narrower.broadened().next().is_none(), "{:?}", seen(&narrower));
}

#[test]
fn who_may_take_a_role_on_is_in_the_table() {
    let trust = |principal: Json| json!({ "AssumeRolePolicyDocument": { "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }] } });

    let diff = of_one(
        "AWS::IAM::Role",
        trust(json!({ "Service": "lambda.amazonaws.com" })),
        trust(json!({ "Service": ["lambda.amazonaws.com"], "AWS": "*" })),
    );

    assert_eq!(seen(&diff), ["+ Allow * can sts:AssumeRole on ${It}"]);
    assert!(diff.security[0].wildcard);
}

#[test]
fn ready_made_policies_and_boundaries_are_in_the_table() {
    let role = |policies: Json, boundary: Option<&str>| {
        let mut role = json!({ "AssumeRolePolicyDocument": {}, "ManagedPolicyArns": policies });
        if let Some(boundary) = boundary {
            role["PermissionsBoundary"] = boundary.into();
        }
        role
    };
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";

    let diff = of_one("AWS::IAM::Role", role(json!(["read"]), Some("edge")), role(json!([admin]), None));

    assert_eq!(
        seen(&diff),
        [
            "+ managed policy ${It} can arn:aws:iam::aws:policy/AdministratorAccess on ",
            "+ permissions boundary ${It} can edge → none on ",
            "- managed policy ${It} can read on ",
        ]
    );
    assert!(diff.security[0].wildcard);
}

#[test]
fn who_may_call_a_function_is_in_the_table() {
    let permission = |source: Option<&str>| {
        let mut permission = json!({ "Action": "lambda:InvokeFunction", "FunctionName": { "Ref": "F" }, "Principal": "s3.amazonaws.com" });
        if let Some(source) = source {
            permission["SourceArn"] = source.into();
        }
        permission
    };

    let wider = of_one("AWS::Lambda::Permission", permission(Some("arn:aws:s3:::in")), permission(None));

    assert_eq!(seen(&wider)[0], "+ Allow s3.amazonaws.com can lambda:InvokeFunction on ${F}", "every bucket of the world could call it");
}

#[test]
fn a_policy_of_a_bucket_a_queue_or_anything_else_is_read() {
    let statement = |principal: &str| json!({ "Effect": "Allow", "Principal": principal, "Action": "x:Get", "Resource": "a" });
    let kinds = [
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument"),
        ("AWS::SNS::TopicPolicy", "PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::ECR::Repository", "RepositoryPolicyText"),
        ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
        ("AWS::EC2::VPCEndpoint", "PolicyDocument"),
        ("AWS::Unheard::Of", "Anything"),
    ];
    for (kind, property) in kinds {
        let one = |principal: &str| json!({ property: { "Version": "2012-10-17", "Statement": [statement(principal)] } });

        let diff = of_one(kind, one("arn:aws:iam::111111111111:root"), one("*"));

        assert_eq!(seen(&diff)[0], "+ Allow * can x:Get on a", "{kind} would be open to the world without a word");
        assert!(diff.security[0].wildcard && diff.security[0].area == Area::Iam);
    }
}

#[test]
fn a_new_rule_of_a_security_group_is_in_the_table_wherever_it_is_written() {
    let group = |rules: Json| json!({ "Type": "AWS::EC2::SecurityGroup", "Properties": { "GroupDescription": "d", "SecurityGroupIngress": rules } });
    let apart = json!({ "Type": "AWS::EC2::SecurityGroupIngress", "Properties": { "GroupId": { "Fn::GetAtt": ["G", "GroupId"] }, "IpProtocol": "tcp", "FromPort": 443, "ToPort": "443", "CidrIp": "10.0.0.0/8" } });
    let https = json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8" });
    let part = json!({ "IpProtocol": "6", "FromPort": 443, "ToPort": 443, "CidrIp": "10.1.0.0/16" });
    let ssh = json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0" });

    let moved = diff(&template(json!({ "G": group(json!([https])) })), &template(json!({ "G": group(json!([])), "R": apart })));
    let smaller = diff(&template(json!({ "G": group(json!([https])) })), &template(json!({ "G": group(json!([part])) })));
    let opened = diff(&template(json!({ "G": group(json!([https])) })), &template(json!({ "G": group(json!([https, ssh])) })));

    assert!(moved.security.is_empty(), "{:?}", seen(&moved));
    assert!(smaller.broadened().next().is_none(), "{:?}", seen(&smaller));
    assert_eq!(seen(&opened), ["+ ingress 0.0.0.0/0 can tcp 22 on G"]);
    assert!(opened.security[0].wildcard && opened.security[0].area == Area::Network);
}

#[test]
fn without_a_word_about_egress_everything_goes_out() {
    let group = |egress: Json| {
        let mut group = json!({ "GroupDescription": "d" });
        if !egress.is_null() {
            group["SecurityGroupEgress"] = egress;
        }
        group
    };
    let https = json!([{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0" }]);

    let diff = of_one("AWS::EC2::SecurityGroup", group(https), group(Json::Null));

    assert_eq!(seen(&diff), ["+ egress 0.0.0.0/0 can everything on It"]);
}

#[test]
fn a_setting_that_opens_something_is_in_the_table() {
    let block =
        |on: bool| json!({ "BlockPublicAcls": on, "BlockPublicPolicy": true, "IgnorePublicAcls": "true", "RestrictPublicBuckets": true });
    let cases = [
        (
            "AWS::S3::Bucket",
            json!({ "PublicAccessBlockConfiguration": block(true) }),
            json!({ "PublicAccessBlockConfiguration": block(false) }),
            1,
        ),
        ("AWS::S3::Bucket", json!({ "PublicAccessBlockConfiguration": block(true) }), json!({}), 4),
        ("AWS::RDS::DBInstance", json!({ "PubliclyAccessible": false }), json!({ "PubliclyAccessible": "true" }), 1),
        ("AWS::EC2::Instance", json!({}), json!({ "NetworkInterfaces": [{ "DeviceIndex": "0", "AssociatePublicIpAddress": true }] }), 1),
        ("AWS::EC2::Subnet", json!({}), json!({ "MapPublicIpOnLaunch": { "Ref": "Open" } }), 1),
        ("AWS::Lambda::Url", json!({ "AuthType": "AWS_IAM" }), json!({ "AuthType": "NONE" }), 1),
        ("AWS::ApiGatewayV2::Route", json!({ "AuthorizationType": "JWT" }), json!({}), 1),
        (
            "AWS::EC2::Route",
            json!({ "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "n" }),
            json!({ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "g" }),
            1,
        ),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", json!({ "Scheme": "internal" }), json!({ "Scheme": "internet-facing" }), 1),
    ];
    for (kind, closed, open, rows) in cases {
        let opened = of_one(kind, closed.clone(), open.clone());
        let shut = of_one(kind, open.clone(), closed.clone());

        assert_eq!(opened.broadened().count(), rows, "{kind} would be open to the world without a word: {:?}", seen(&opened));
        assert_eq!(shut.broadened().count(), 0, "{kind}: {:?}", seen(&shut));
        assert_eq!(shut.security.len(), rows, "{kind}: {:?}", seen(&shut));
    }
}

#[test]
fn what_broadens_stands_first_in_tables() {
    let trust =
        json!({ "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let mut new = role(json!([allow(json!(["s3:GetObject", "s3:PutObject"]), json!("a"))]));
    new["AssumeRolePolicyDocument"] = trust;

    let told = text(&of_one("AWS::IAM::Role", json!({ "AssumeRolePolicyDocument": {} }), new));

    let expected = "\
IAM: 2 broadened, 0 narrowed
           who                           can             on     says
  + Allow  Service lambda.amazonaws.com  sts:AssumeRole  ${It}  It
  + Allow  ${It}                         s3:GetObject    a      It
                                         s3:PutObject
~ AWS::IAM::Role It
";
    assert!(told.starts_with(expected), "{told}");
}
