//! What services bring to queues, topics and functions, and whether they are let in.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::grants::{admits, hides_statements, is_service, reaches};
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

/// A delivery to a FIFO queue by something that knows no message groups.
pub(super) const FIFO_DELIVERY: Rule = Rule {
    id: "fifo-delivery",
    severity: Severity::Error,
    title: "what goes to a FIFO queue or topic comes from something that can name a message group",
    why: "S3, standard topics, the failures of functions and rules, and rules without a group cannot write to FIFO queues: the deploy fails in \
          the middle, or nothing ever comes",
    check: fifo_delivery,
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
    if view.has_macro {
        return;
    }
    let doors = Doors::of(view);
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for delivery in deliveries(view) {
        let Delivery { service, receiver, .. } = delivery;
        let what = match receiver.kind {
            FUNCTION => "an `AWS::Lambda::Permission`",
            QUEUE => "a queue policy with `sqs:SendMessage`",
            _ => "a statement with `sns:Publish` in the topic's policy",
        };
        if told.insert((service, receiver.id)) && !doors.let_in(view, receiver, service) {
            broken.at(
                &delivery.path,
                format!("`{}` lets nothing in from `{service}.amazonaws.com`, by which `{}` comes", receiver.id, delivery.sender.id),
                format!("add {what} for the principal `{service}.amazonaws.com`"),
            );
        }
    }
}

/// The types that let others in, each with the property that names the resources it is about, and with the type of these.
const POLICIES: [(&str, &str, &str); 4] = [
    ("AWS::SQS::QueuePolicy", "Queues", QUEUE),
    ("AWS::SQS::QueueInlinePolicy", "Queue", QUEUE),
    ("AWS::SNS::TopicPolicy", "Topics", TOPIC),
    ("AWS::SNS::TopicInlinePolicy", "TopicArn", TOPIC),
];

/// What all resources' own policies say, by the resource that they are about.
#[derive(Default)]
struct Doors<'a> {
    statements: HashMap<&'a str, Vec<Statement<'a>>>,
    /// The principals that may call a function; none for one that nobody can read.
    callers: HashMap<&'a str, Vec<Option<String>>>,
    /// The resources, and the types of such, about which something is said that nobody can read.
    unclear: BTreeSet<&'a str>,
}

impl<'a> Doors<'a> {
    fn of(view: &View<'a>) -> Self {
        let mut doors = Self::default();
        for (kind, property, about) in POLICIES {
            for policy in view.of_type(kind) {
                let document = policy.get("PolicyDocument");
                for owner in policy.list(property) {
                    let Some(target) = view.target(owner) else {
                        // A parameter or a text may mean any of them.
                        doors.unclear.insert(about);
                        continue;
                    };
                    match document.filter(|document| !hides_statements(document)) {
                        Some(document) => {
                            doors.statements.entry(target.id).or_default().extend(statements(&policy.path("PolicyDocument"), document));
                        }
                        None => {
                            doors.unclear.insert(target.id);
                        }
                    }
                }
            }
        }
        for permission in view.of_type("AWS::Lambda::Permission") {
            let mentioned = permission.get("FunctionName").map(|name| view.mentions(name)).unwrap_or_default();
            if mentioned.is_empty() {
                doors.unclear.insert(FUNCTION);
            }
            for id in mentioned {
                doors.callers.entry(id).or_default().push(permission.get("Principal").and_then(flat));
            }
        }
        doors
    }

    fn let_in(&self, view: &View<'a>, receiver: Res<'a>, service: &str) -> bool {
        if self.unclear.contains(receiver.kind) || self.unclear.contains(receiver.id) {
            return true;
        }
        if receiver.kind == FUNCTION {
            let callers = self.callers.get(receiver.id);
            return callers.into_iter().flatten().any(|caller| caller.as_deref().is_none_or(|principal| is_service(principal, service)));
        }
        let statements = self.statements.get(receiver.id).map_or(&[][..], Vec::as_slice);
        let action = if receiver.kind == QUEUE { "sqs:SendMessage" } else { "sns:Publish" };
        // The policy that every topic begins with lets the account's own alarms in, until another one takes its place.
        let by_default = receiver.kind == TOPIC && service == "cloudwatch" && statements.is_empty();
        by_default || statements.iter().any(|statement| allows(view, statement, action, receiver, service))
    }
}

fn allows<'a>(view: &View<'a>, statement: &Statement<'a>, action: &str, on: Res<'a>, service: &str) -> bool {
    let covered = statement.is_open() || statement.covers(action);
    statement.may_allow() && covered && admits(statement, service) && reaches(view, statement, action, on.id)
}

fn fifo_delivery(view: &View<'_>, broken: &mut Broken<'_>) {
    let is_fifo = |resource: Res<'_>| {
        let property = if resource.kind == QUEUE { "FifoQueue" } else { "FifoTopic" };
        [QUEUE, TOPIC].contains(&resource.kind) && resource.get(property).is_some_and(|value| *value == true || *value == "true")
    };
    for delivery in deliveries(view).iter().filter(|delivery| is_fifo(delivery.receiver)) {
        let Delivery { service, sender, path, receiver } = delivery;
        let (wrong, hint) = match *service {
            "s3" => (true, "let S3 tell a standard queue or topic"),
            "sns" => (comes_from_a_standard_topic(view, *sender), "subscribe a standard queue, or make the topic a FIFO topic"),
            "events" if path.ends_with("/DeadLetterConfig/Arn") => (true, "give the rule a standard dead-letter queue"),
            "events" => {
                (receiver.kind == QUEUE && !names_a_group(*sender, path), "set `SqsParameters/MessageGroupId`, or take a standard queue")
            }
            _ => (false, ""),
        };
        if wrong {
            broken.at(path, format!("`{}` is FIFO, and `{service}.amazonaws.com` cannot bring it anything this way", receiver.id), hint);
        }
    }
    for function in view.of_type(FUNCTION) {
        let target =
            function.get("DeadLetterConfig/TargetArn").and_then(|arn| view.target(arn)).and_then(|target| view.resource(target.id));
        if let Some(target) = target.filter(|target| is_fifo(*target)) {
            let path = function.path("DeadLetterConfig/TargetArn");
            broken.at(
                &path,
                format!("`{}` is FIFO, and Lambda cannot bring it the failures of `{}`", target.id, function.id),
                "take a standard queue",
            );
        }
    }
}

fn comes_from_a_standard_topic<'a>(view: &View<'a>, sender: Res<'a>) -> bool {
    let topic = if sender.kind == TOPIC { Some(sender) } else { sender.get("TopicArn").and_then(|arn| view.target_of(arn, TOPIC)) };
    topic.is_some_and(|topic| topic.get("FifoTopic").is_none_or(|value| *value == false || *value == "false"))
}

/// Whether a rule's target says which message group it is for, or hides what it says.
fn names_a_group(rule: Res<'_>, path: &str) -> bool {
    let target = path.strip_prefix(&rule.path("")).and_then(|rest| rest.strip_prefix("/Properties/")?.strip_suffix("/Arn"));
    target.is_none_or(|target| rule.get(target).is_none_or(|target| target.get("SqsParameters").is_some()))
}
