//! What the roles of a template may do.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::policies::{Statement, matches, statements};
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// More than anybody needs.
pub(super) const WILDCARD_PERMISSION: Rule = Rule {
    id: "wildcard-permission",
    severity: Severity::Warning,
    title: "a permission names its actions and, where actions know resources, the resources",
    why: "whoever takes over the code that has it can do all of it, to everything in the account",
    check: wildcard_permission,
};

/// Actions that can be limited to resources: only these are judged when they are allowed on `*`. Most others can be too, but some
/// cannot (`ecr:GetAuthorizationToken`, `xray:PutTraceSegments`, nearly everything that lists), and AWS adds more every week.
const LIMITABLE: &[&str] = &[
    "appsync:graphql",
    "autoscaling:completelifecycleaction",
    "autoscaling:setdesiredcapacity",
    "autoscaling:terminateinstanceinautoscalinggroup",
    "autoscaling:updateautoscalinggroup",
    "bedrock:invokemodel*",
    "cloudformation:createstack",
    "cloudformation:deletestack",
    "cloudformation:updatestack",
    "cloudwatch:deletealarms",
    "cloudwatch:putmetricalarm",
    "cognito-idp:admin*",
    "dynamodb:batchgetitem",
    "dynamodb:batchwriteitem",
    "dynamodb:conditioncheckitem",
    "dynamodb:deleteitem",
    "dynamodb:deletetable",
    "dynamodb:getitem",
    "dynamodb:getrecords",
    "dynamodb:putitem",
    "dynamodb:query",
    "dynamodb:scan",
    "dynamodb:updateitem",
    "dynamodb:updatetable",
    "ec2:modifyinstanceattribute",
    "ec2:rebootinstances",
    "ec2:startinstances",
    "ec2:stopinstances",
    "ec2:terminateinstances",
    "ecr:batchchecklayeravailability",
    "ecr:batchgetimage",
    "ecr:getdownloadurlforlayer",
    "ecr:putimage",
    "ecs:deleteservice",
    "ecs:runtask",
    "ecs:stoptask",
    "ecs:updateservice",
    "events:putevents",
    "execute-api:invoke",
    "firehose:putrecord*",
    "iam:attachrolepolicy",
    "iam:createaccesskey",
    "iam:createrole",
    "iam:deleterole",
    "iam:passrole",
    "iam:putrolepolicy",
    "kinesis:getrecords",
    "kinesis:putrecord*",
    "kms:decrypt",
    "kms:encrypt",
    "kms:generatedatakey*",
    "kms:schedulekeydeletion",
    "lambda:deletefunction",
    "lambda:invokefunction*",
    "lambda:updatefunctioncode",
    "lambda:updatefunctionconfiguration",
    "logs:createlogstream",
    "logs:deleteloggroup",
    "logs:filterlogevents",
    "logs:getlogevents",
    "logs:putlogevents",
    "logs:putretentionpolicy",
    "s3:deleteobject*",
    "s3:getobject*",
    "s3:listbucket",
    "s3:putbucketpolicy",
    "s3:putobject*",
    "sagemaker:invokeendpoint*",
    "scheduler:createschedule",
    "secretsmanager:getsecretvalue",
    "secretsmanager:putsecretvalue",
    "ses:sendemail",
    "ses:sendrawemail",
    "sqs:changemessagevisibility",
    "sqs:deletemessage",
    "sqs:getqueueattributes",
    "sqs:purgequeue",
    "sqs:receivemessage",
    "sqs:sendmessage",
    "ssm:getparameter*",
    "ssm:putparameter",
    "ssm:sendcommand",
    "ssm:startsession",
    "states:startexecution",
    "states:startsyncexecution",
    "sts:assumerole*",
];

fn wildcard_permission(view: &View<'_>, broken: &mut Broken<'_>) {
    // A boundary allows nothing by itself: it is the most that other policies can give.
    let boundaries: BTreeSet<&str> =
        view.all().filter_map(|one| view.target(one.get("PermissionsBoundary")?)).map(|target| target.id).collect();
    for resource in view.all().filter(|resource| !boundaries.contains(resource.id)) {
        for statement in granted(resource).iter().filter(|statement| statement.is_allow()) {
            actions(resource, statement, broken);
            resources(resource, statement, broken);
        }
    }
}

/// The statements of the policies that are written in this resource for somebody to have.
pub(super) fn granted<'a>(resource: Res<'a>) -> Vec<Statement<'a>> {
    match resource.kind {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
            let policies = resource.list("Policies").iter().enumerate();
            let one = |(index, policy): (usize, &'a Json)| {
                let path = resource.path(&format!("Policies/{index}/PolicyDocument"));
                policy.get("PolicyDocument").map(|document| statements(&path, document)).unwrap_or_default()
            };
            policies.flat_map(one).collect()
        }
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy" => {
            resource.get("PolicyDocument").map(|document| statements(&resource.path("PolicyDocument"), document)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn actions(resource: Res<'_>, statement: &Statement<'_>, broken: &mut Broken<'_>) {
    let wide: Vec<String> =
        statement.actions().filter(|action| *action == "*" || action.ends_with(":*")).map(|action| format!("`{action}`")).collect();
    if !wide.is_empty() {
        broken.at(
            &format!("{}/Action", statement.path),
            format!("`{}` allows {}", resource.id, wide.join(", ")),
            "name the actions that are needed, or write down here why all are",
        );
    }
    if statement.says("NotAction") {
        broken.at(
            &format!("{}/NotAction", statement.path),
            format!("`{}` allows every action but some", resource.id),
            "name the actions that are needed, or write down here why nearly all are",
        );
    }
}

fn resources(resource: Res<'_>, statement: &Statement<'_>, broken: &mut Broken<'_>) {
    // A condition can limit what `*` leaves open, by tag, cluster or namespace.
    if statement.has_condition() || !statement.resources().any(|one| one == "*") {
        return;
    }
    let limitable: Vec<String> = statement
        .actions()
        // Those were told already.
        .filter(|action| *action != "*" && !action.ends_with(":*"))
        .filter(|action| is_limitable(action))
        .map(|action| format!("`{action}`"))
        .collect();
    if !limitable.is_empty() {
        broken.at(
            &format!("{}/Resource", statement.path),
            format!("`{}` allows {} on every resource of the account", resource.id, limitable.join(", ")),
            "name the resources' ARNs, or write down here why all are needed",
        );
    }
}

fn is_limitable(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    LIMITABLE.iter().any(|known| {
        let covers = action.contains('*') && matches(action.as_bytes(), known.trim_end_matches('*').as_bytes());
        covers || matches(known.as_bytes(), action.as_bytes())
    })
}
