//! What CloudFormation may do in an environment.
//!
//! The role is made by an administrator once, and again when the platform takes in a new type of resource. It is no stack of the
//! platform: what it allows must not be changed by those whom it limits.

use std::collections::BTreeSet;

use cfn_kit::prelude::*;
use cfn_kit::{execution, iam};
use serde_json::Value as Json;

use foundation::environment::Environment;
use foundation::{Built, Export, Finished, ROLE_ARN, Stack, pascal};

/// The short name of its stack.
pub(crate) const STACK: &str = "execution-role";

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    /// The role that CloudFormation takes on.
    pub role: Export<iam::role::Arn>,
}

/// The most bytes of actions in one managed policy: IAM takes 6,144 characters in all, without spaces, of which resources take a part.
const MOST_ACTION_BYTES: usize = 3_600;

/// Services whose resources get names that begin with that of their stack, with the resources of these names.
pub(crate) const NAMED: [(&str, &[&str]); 10] = [
    ("cloudwatch", &["arn:{}:cloudwatch:{}:{}:alarm:{prefix}*"]),
    ("dynamodb", &["arn:{}:dynamodb:{}:{}:table/{prefix}*"]),
    // CloudFormation writes the names of repositories small, and those of environments and stacks are small already.
    ("ecr", &["arn:{}:ecr:{}:{}:repository/{prefix}*"]),
    (
        "iam",
        &["arn:{}:iam::{}:role/{prefix}*", "arn:{}:iam::{}:policy/{prefix}*", "arn:{}:iam::{}:instance-profile/{prefix}*", LINKED_ROLES],
    ),
    ("lambda", &["arn:{}:lambda:{}:{}:function:{prefix}*", "arn:{}:lambda:{}:{}:event-source-mapping:*"]),
    ("logs", &["arn:{}:logs:{}:{}:log-group:{prefix}*", "arn:{}:logs:{}:{}:log-group:/apigw/tinyllama-access*"]),
    ("s3", &["arn:{}:s3:::{prefix}*"]),
    ("sns", &["arn:{}:sns:{}:{}:{prefix}*"]),
    ("sqs", &["arn:{}:sqs:{}:{}:{prefix}*"]),
    // Parameters get names of CloudFormation's own; images of AWS are found by parameters that everybody may read.
    ("ssm", &["arn:{}:ssm:{}:{}:parameter/CFN-*", "arn:${AWS::Partition}:ssm:${AWS::Region}::parameter/aws/service/*"]),
];

/// Roles that services of AWS make for themselves when they are first used: CloudFormation asks for them on their behalf.
const LINKED_ROLES: &str = "arn:{}:iam::{}:role/aws-service-role/*";

/// What a stage of an HTTP API needs to write an access log, which the handlers do not name: the delivery, and the service's own
/// permission to write into the group. They know no single resource.
const LOG_DELIVERY: [&str; 8] = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// Services that handlers ask, but that IAM's own list does not have: a permission for them is none.
const UNKNOWN_SERVICES: [&str; 1] = ["managed-fleets:"];

/// A role for CloudFormation that may make, change and delete what these stacks hold, under names of this environment, and nothing else.
#[must_use]
pub fn execution_role(env: &Environment, platform: &[Finished]) -> Finished {
    let templates: Vec<_> = platform.iter().map(|stack| stack.template.to_json()).collect();
    let needed = execution::actions(&templates).needed.into_keys();
    let actions: Vec<String> = needed.filter(|action| !UNKNOWN_SERVICES.iter().any(|service| action.starts_with(service))).collect();
    let mut stack = Stack::new(env, STACK, "What CloudFormation may do in this environment");

    let role = stack.add("Role", iam::Role::new(PolicyDocument::assumed_by_service("cloudformation.amazonaws.com")));
    let mut all = statements(env, &actions, &trusted(&templates));
    if templates.iter().any(|template| template.to_string().contains("\"AccessLogSettings\"")) {
        all.push(sized("DeliverLogs", &LOG_DELIVERY, |statement| statement.on("*")));
    }
    for (number, statements) in packed(all).into_iter().enumerate() {
        let policy = iam::ManagedPolicy::new(PolicyDocument::new(statements)).roles([&role]);
        stack.add(&format!("Policy{}", number + 1), policy);
    }
    let role = stack.output(ROLE_ARN, role.arn(), "Role that CloudFormation takes on");
    let Built { finished, gives: _ } = stack.finish(Access { role });
    finished
}

/// A statement, and how many bytes its actions take.
pub(crate) type Sized<S> = (Statement<S>, usize);

fn statements<S>(env: &Environment, actions: &[String], trusted: &BTreeSet<String>) -> Vec<Sized<S>> {
    let prefix = format!("cloudwright-{}-", env.name);
    let service = |action: &String| action.split(':').next().unwrap_or_default().to_owned();
    let (reads, writes): (Vec<&String>, Vec<&String>) = actions.iter().partition(|action| only_lists(action));
    // These tell names and settings at most, and many of them know no single resource.
    let mut statements = vec![sized("List", &reads, |statement| statement.on("*"))];
    let mut others: Vec<&String> = Vec::new();
    for name in writes.iter().map(|action| service(action)).collect::<BTreeSet<_>>() {
        let own: Vec<&String> = writes.iter().copied().filter(|action| service(action) == name).collect();
        let Some((_, patterns)) = NAMED.iter().find(|(known, _)| *known == name) else {
            others.extend(own);
            continue;
        };
        let (pass, own): (Vec<&String>, Vec<&String>) = own.into_iter().partition(|action| action.as_str() == "iam:PassRole");
        let arns: Vec<_> = patterns.iter().map(|pattern| arn(&pattern.replace("{prefix}", &prefix))).collect();
        statements.push(sized(&format!("Use{}", pascal(&name)), &own, |statement| statement.on_each(arns.clone())));
        statements.push(sized("PassRole", &pass, |statement| {
            let statement = statement.on_each(arns.clone());
            trusted
                .iter()
                .fold(statement, |statement, service| statement.condition(Operator::StringEquals, "iam:PassedToService", service.as_str()))
        }));
    }
    // Keys, for one, have no names: they are at least kept within the region. One statement must fit into one policy.
    for (number, part) in parts(&others).into_iter().enumerate() {
        statements.push(sized(&format!("UseUnnamed{}", number + 1), part, |statement| {
            statement.on("*").condition(Operator::StringEquals, "aws:RequestedRegion", region())
        }));
    }
    statements.retain(|(_, bytes)| *bytes > 0);
    statements
}

/// Actions in pieces that are each short enough for a policy.
fn parts<'a>(actions: &'a [&'a String]) -> Vec<&'a [&'a String]> {
    let mut bytes = 0;
    let same = |_: &&String, next: &&String| {
        bytes += next.len() + 3;
        let fits = bytes < MOST_ACTION_BYTES - 100;
        if !fits {
            bytes = 0;
        }
        fits
    };
    actions.chunk_by(same).collect()
}

/// The services that roles of these templates trust: to no other is a role given.
fn trusted(templates: &[Json]) -> BTreeSet<String> {
    let resources = templates.iter().filter_map(|template| template["Resources"].as_object()).flat_map(|resources| resources.values());
    let roles = resources.filter(|resource| resource["Type"] == "AWS::IAM::Role");
    let statements = roles.filter_map(|role| role["Properties"]["AssumeRolePolicyDocument"]["Statement"].as_array()).flatten();
    statements.filter_map(|statement| statement["Principal"]["Service"].as_str()).map(str::to_owned).collect()
}

/// Whether an action tells what there is and how it is set up, but nothing of what is in it.
fn only_lists(action: &str) -> bool {
    let (service, verb) = action.split_once(':').unwrap_or((action, ""));
    let named = NAMED.iter().any(|(known, _)| *known == service);
    // What can be read of one resource at a time is read of those with our names alone.
    let of_one = named && (verb.starts_with("Get") || verb.starts_with("BatchGet") || action == "s3:ListBucket");
    let content = action.starts_with("secretsmanager:Get");
    !of_one && !content && ["Describe", "Get", "List", "BatchGet"].iter().any(|beginning| verb.starts_with(beginning))
}

/// A statement with the name `sid` that allows these actions, on what `place` adds.
pub(crate) fn sized<S>(sid: &str, actions: &[impl AsRef<str>], place: impl FnOnce(Statement<S>) -> Statement<S>) -> Sized<S> {
    let bytes = actions.iter().map(|action| action.as_ref().len() + 3).sum();
    (place(Statement::allow(actions.iter().map(AsRef::as_ref)).sid(sid)), bytes)
}

/// Statements in as few policies as IAM's limit on their length allows, in order.
pub(crate) fn packed<S>(statements: Vec<Sized<S>>) -> Vec<Vec<Statement<S>>> {
    let mut policies: Vec<Vec<Statement<S>>> = Vec::new();
    let mut room = 0;
    for (statement, bytes) in statements {
        match policies.last_mut().filter(|_| bytes <= room) {
            Some(policy) => {
                policy.push(statement);
                room -= bytes;
            }
            None => {
                policies.push(vec![statement]);
                room = MOST_ACTION_BYTES.saturating_sub(bytes);
            }
        }
    }
    policies
}

/// An ARN with partition, region and account of the stack where the pattern leaves them open.
pub(crate) fn arn<S>(pattern: &str) -> Value<String, S> {
    let filled = match pattern.matches("{}").count() {
        1 => pattern.replacen("{}", "${AWS::Partition}", 1),
        2 => pattern.replacen("{}", "${AWS::Partition}", 1).replacen("{}", "${AWS::AccountId}", 1),
        _ => pattern.replacen("{}", "${AWS::Partition}", 1).replacen("{}", "${AWS::Region}", 1).replacen("{}", "${AWS::AccountId}", 1),
    };
    cfn_kit::sub_raw(&filled)
}
