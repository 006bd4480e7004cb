//! What services bring to queues, topics and functions, and whether they are let in.

use serde_json::Value as Json;

use super::grants::{admits, hides_statements, is_service, is_unclear, reaches};
use super::policies::{Statement, statements};
use super::texts::flat;
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A delivery that nobody allowed.
pub(super) const DELIVERY_PERMISSION: Rule = Rule {
    id: "delivery-permission",
    severity: Severity::Error,
    title: "a queue, topic or function lets in the service that is to bring it something",
    why: "S3 refuses the bucket in the middle of the deploy; SNS, EventBridge and CloudWatch try, fail, and say nothing",
    check: delivery_permission,
};

/// One service that brings something to one receiver.
#[derive(Debug, Clone)]
pub(super) struct Delivery<'a> {
    /// The service as principals begin: `s3` of `s3.amazonaws.com`.
    pub(super) service: &'static str,
    /// The resource that asks for it.
    pub(super) sender: Res<'a>,
    /// Where it asks for it.
    pub(super) path: String,
    pub(super) receiver: Res<'a>,
}

const QUEUE: &str = "AWS::SQS::Queue";
const TOPIC: &str = "AWS::SNS::Topic";
const FUNCTION: &str = "AWS::Lambda::Function";

/// All deliveries to queues, topics and functions of the template.
pub(super) fn deliveries<'a>(view: &View<'a>) -> Vec<Delivery<'a>> {
    let mut found = Vec::new();
    for sender in view.all() {
        match sender.kind {
            "AWS::S3::Bucket" => from_bucket(view, sender, &mut found),
            "AWS::SNS::Subscription" => from_subscription(view, sender, "Endpoint", sender.get("Protocol"), &mut found),
            "AWS::SNS::Topic" => {
                for index in 0..sender.list("Subscription").len() {
                    let protocol = sender.get(&format!("Subscription/{index}/Protocol"));
                    from_subscription(view, sender, &format!("Subscription/{index}/Endpoint"), protocol, &mut found);
                }
            }
            "AWS::Events::Rule" => from_rule(view, sender, &mut found),
            "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => from_alarm(view, sender, &mut found),
            "AWS::Logs::SubscriptionFilter" => add(view, "logs", sender, "DestinationArn", &[FUNCTION], &mut found),
            _ => {}
        }
    }
    found
}

fn add<'a>(view: &View<'a>, service: &'static str, sender: Res<'a>, property: &str, kinds: &[&str], found: &mut Vec<Delivery<'a>>) {
    let receiver = sender.get(property).and_then(|value| view.target(value)).and_then(|target| view.resource(target.id));
    if let Some(receiver) = receiver.filter(|receiver| kinds.contains(&receiver.kind)) {
        found.push(Delivery { service, sender, path: sender.path(property), receiver });
    }
}

fn from_bucket<'a>(view: &View<'a>, bucket: Res<'a>, found: &mut Vec<Delivery<'a>>) {
    for (list, property, kind) in
        [("QueueConfigurations", "Queue", QUEUE), ("TopicConfigurations", "Topic", TOPIC), ("LambdaConfigurations", "Function", FUNCTION)]
    {
        let list = format!("NotificationConfiguration/{list}");
        for index in 0..bucket.list(&list).len() {
            add(view, "s3", bucket, &format!("{list}/{index}/{property}"), &[kind], found);
        }
    }
}

fn from_subscription<'a>(view: &View<'a>, sender: Res<'a>, endpoint: &str, protocol: Option<&'a Json>, found: &mut Vec<Delivery<'a>>) {
    match protocol.and_then(|protocol| view.text(protocol)).as_deref() {
        Some("sqs") => add(view, "sns", sender, endpoint, &[QUEUE], found),
        Some("lambda") => add(view, "sns", sender, endpoint, &[FUNCTION], found),
        _ => {}
    }
}

fn from_rule<'a>(view: &View<'a>, rule: Res<'a>, found: &mut Vec<Delivery<'a>>) {
    for (index, target) in rule.list("Targets").iter().enumerate() {
        // With a role of its own, EventBridge needs nobody else's permission.
        if target.get("RoleArn").is_none() && rule.get("RoleArn").is_none() {
            add(view, "events", rule, &format!("Targets/{index}/Arn"), &[QUEUE, TOPIC, FUNCTION], found);
        }
        add(view, "events", rule, &format!("Targets/{index}/DeadLetterConfig/Arn"), &[QUEUE], found);
    }
}

fn from_alarm<'a>(view: &View<'a>, alarm: Res<'a>, found: &mut Vec<Delivery<'a>>) {
    for property in ["AlarmActions", "OKActions", "InsufficientDataActions"] {
        for index in 0..alarm.list(property).len() {
            add(view, "cloudwatch", alarm, &format!("{property}/{index}"), &[TOPIC], found);
            add(view, "lambda.alarms.cloudwatch", alarm, &format!("{property}/{index}"), &[FUNCTION], found);
        }
    }
}

fn delivery_permission(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    if view.has_macro() {
        return;
    }
    for delivery in deliveries(view) {
        let Delivery { service, receiver, .. } = delivery;
        let (allowed, what) = match receiver.kind {
            FUNCTION => (function_lets_in(view, receiver, service), "an `AWS::Lambda::Permission`"),
            QUEUE => (queue_lets_in(view, receiver, service), "a queue policy with `sqs:SendMessage`"),
            _ => (topic_lets_in(view, receiver, service), "a statement with `sns:Publish` in the topic's policy"),
        };
        if !allowed && !told.contains(&(service, receiver.id)) {
            told.push((service, receiver.id));
            broken.at(
                &delivery.path,
                format!("`{}` lets nothing in from `{service}.amazonaws.com`, by which `{}` comes", receiver.id, delivery.sender.id),
                format!("add {what} for the principal `{service}.amazonaws.com`"),
            );
        }
    }
}

fn function_lets_in<'a>(view: &View<'a>, function: Res<'a>, service: &str) -> bool {
    view.of_type("AWS::Lambda::Permission").any(|permission| {
        let Some(name) = permission.get("FunctionName") else { return true };
        let mentioned = view.mentions(name);
        let about_it = mentioned.is_empty() || mentioned.contains(&function.id);
        about_it && permission.get("Principal").and_then(flat).is_none_or(|principal| is_service(&principal, service))
    })
}

fn queue_lets_in<'a>(view: &View<'a>, queue: Res<'a>, service: &str) -> bool {
    let (mut statements, unclear) = policies(view, queue, &[("AWS::SQS::QueuePolicy", "Queues"), ("AWS::SQS::QueueInlinePolicy", "Queue")]);
    unclear || statements.any(|statement| allows(view, &statement, "sqs:SendMessage", queue, service))
}

fn topic_lets_in<'a>(view: &View<'a>, topic: Res<'a>, service: &str) -> bool {
    let (statements, unclear) = policies(view, topic, &[("AWS::SNS::TopicPolicy", "Topics"), ("AWS::SNS::TopicInlinePolicy", "TopicArn")]);
    let statements: Vec<Statement<'a>> = statements.collect();
    // The policy that every topic begins with lets the account's own alarms in, until another one takes its place.
    let by_default = service == "cloudwatch" && statements.is_empty();
    unclear || by_default || statements.iter().any(|statement| allows(view, statement, "sns:Publish", topic, service))
}

fn allows<'a>(view: &View<'a>, statement: &Statement<'a>, action: &str, on: Res<'a>, service: &str) -> bool {
    let covered = statement.is_open() || statement.covers(action);
    statement.is_allow() && covered && admits(statement, service) && reaches(view, statement, action, on.id)
}

/// The statements of a resource's own policies, and whether there may be some that nobody can read.
fn policies<'a>(view: &View<'a>, resource: Res<'a>, kinds: &[(&str, &str)]) -> (impl Iterator<Item = Statement<'a>>, bool) {
    let mut found = Vec::new();
    let mut unclear = false;
    for (kind, property) in kinds {
        for policy in view.of_type(kind) {
            let owners = policy.list(property);
            // A parameter or a text may mean the same resource.
            let unknown = owners.iter().any(|owner| view.target(owner).is_none());
            let ours = owners.iter().any(|owner| view.target(owner).is_some_and(|target| target.id == resource.id));
            unclear |= unknown && !ours;
            if let Some(document) = policy.get("PolicyDocument").filter(|_| ours) {
                unclear |= hides_statements(document) || is_unclear(policy.get(property)) && !ours;
                found.extend(statements(&policy.path("PolicyDocument"), document));
            }
        }
    }
    (found.into_iter(), unclear)
}
