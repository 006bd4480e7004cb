//! Functions that take messages from queues and records from streams.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::keys::key_of;
use super::queues::{number_or, redriven_to};
use super::texts::{flat, names};
use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A message that comes back while it is still worked on.
pub(super) const VISIBILITY_TIMEOUT: Rule = Rule {
    id: "visibility-timeout",
    severity: Severity::Warning,
    title: "a queue hides a message six times as long as its function may run",
    why: "Lambda tries throttled batches again while the message is hidden; when that time is over, somebody else gets the message too, and \
          after a few rounds it is a dead letter although it never failed",
    check: visibility_timeout,
};

/// A message that comes back before the function can be done; Lambda refuses that.
pub(super) const VISIBILITY_BELOW_TIMEOUT: Rule = Rule {
    id: "visibility-below-timeout",
    severity: Severity::Error,
    title: "a queue hides a message at least as long as its function may run",
    why: "Lambda refuses the event source mapping in the middle of the deploy",
    check: visibility_below_timeout,
};

/// One bad message that makes a whole batch come back.
pub(super) const PARTIAL_BATCH: Rule = Rule {
    id: "partial-batch",
    severity: Severity::Warning,
    title: "a function says which messages of a batch failed",
    why: "without it one bad message brings the whole batch back: what was done is done again, and good messages become dead letters",
    check: partial_batch,
};

/// A function that asks a queue by itself.
pub(super) const RECEIVE_WITHOUT_MAPPING: Rule = Rule {
    id: "receive-without-mapping",
    severity: Severity::Warning,
    title: "Lambda asks the queue, and the function is given the messages",
    why: "a function that receives by itself pays for waiting, and nobody starts it when a message comes",
    check: receive_without_mapping,
};

/// A consumer that may not consume.
pub(super) const CONSUMER_PERMISSION: Rule = Rule {
    id: "consumer-permission",
    severity: Severity::Error,
    title: "the role of a function may read what the function is to be given",
    why: "Lambda refuses the event source mapping in the middle of the deploy, or makes it and delivers nothing",
    check: consumer_permission,
};

const DEFAULT_VISIBILITY_SECONDS: f64 = 30.0;
const DEFAULT_TIMEOUT_SECONDS: f64 = 3.0;
const DEFAULT_BATCH_SIZE: f64 = 10.0;

/// An event source mapping with what it connects, as far as both are in the template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapping<'a> {
    pub(super) resource: Res<'a>,
    pub(super) function: Option<Res<'a>>,
    pub(super) source: Option<Res<'a>>,
}

/// All event source mappings.
pub(super) fn mappings<'a>(view: &View<'a>) -> Vec<Mapping<'a>> {
    let one = |resource: Res<'a>| {
        let function = resource.get("FunctionName").and_then(|name| function_of(view, name));
        let source = resource.get("EventSourceArn").and_then(|arn| view.target(arn)).and_then(|target| view.resource(target.id));
        Mapping { resource, function, source }
    };
    view.of_type("AWS::Lambda::EventSourceMapping").map(one).collect()
}

/// The function that a value means, also by one of its aliases or versions.
pub(super) fn function_of<'a>(view: &View<'a>, value: &'a Json) -> Option<Res<'a>> {
    let [id] = view.mentions(value)[..] else { return None };
    let resource = view.resource(id)?;
    match resource.kind {
        "AWS::Lambda::Function" => Some(resource),
        "AWS::Lambda::Alias" | "AWS::Lambda::Version" => view.target_of(resource.get("FunctionName")?, "AWS::Lambda::Function"),
        _ => None,
    }
}

/// A queue in front of a function: how long it hides messages, and how long the function may run.
struct Times<'a> {
    queue: Res<'a>,
    function: Res<'a>,
    hidden: f64,
    timeout: f64,
    window: f64,
}

impl Times<'_> {
    fn path(&self) -> String {
        self.queue.path(if self.queue.get("VisibilityTimeout").is_some() { "VisibilityTimeout" } else { "" })
    }

    fn message(&self) -> String {
        format!("`{}` hides a message for {} seconds, and `{}` may run for {}", self.queue.id, self.hidden, self.function.id, self.timeout)
    }
}

fn times<'a>(view: &View<'a>) -> Vec<Times<'a>> {
    let one = |mapping: &Mapping<'a>| {
        let (function, queue) = (mapping.function?, mapping.source.filter(|source| source.kind == "AWS::SQS::Queue")?);
        Some(Times {
            queue,
            function,
            hidden: number_or(view, queue.get("VisibilityTimeout"), DEFAULT_VISIBILITY_SECONDS)?,
            timeout: number_or(view, function.get("Timeout"), DEFAULT_TIMEOUT_SECONDS)?,
            window: number_or(view, mapping.resource.get("MaximumBatchingWindowInSeconds"), 0.0)?,
        })
    };
    mappings(view).iter().filter_map(one).collect()
}

fn visibility_timeout(view: &View<'_>, broken: &mut Broken<'_>) {
    for times in times(view) {
        let enough = 6.0 * times.timeout + times.window;
        if times.hidden >= times.timeout && times.hidden < enough {
            let hint = format!("hide it for at least {enough} seconds: six timeouts and the batching window");
            broken.at(&times.path(), times.message(), hint);
        }
    }
}

fn visibility_below_timeout(view: &View<'_>, broken: &mut Broken<'_>) {
    for times in times(view).iter().filter(|times| times.hidden < times.timeout) {
        let enough = 6.0 * times.timeout + times.window;
        broken.at(&times.path(), times.message(), format!("hide it for at least {enough} seconds: six timeouts and the batching window"));
    }
}

fn partial_batch(view: &View<'_>, broken: &mut Broken<'_>) {
    for mapping in mappings(view) {
        let resource = mapping.resource;
        let by_name = || resource.get("EventSourceArn").and_then(flat).is_some_and(|arn| arn.starts_with("arn:") && arn.contains(":sqs:"));
        if !mapping.source.map_or_else(by_name, |source| source.kind == "AWS::SQS::Queue") {
            continue;
        }
        let size = number_or(view, resource.get("BatchSize"), DEFAULT_BATCH_SIZE);
        let types = resource.list("FunctionResponseTypes");
        let told = types.iter().any(|kind| kind == "ReportBatchItemFailures" || function(kind).is_some());
        if let Some(size) = size.filter(|size| *size > 1.0 && !told) {
            broken.at(
                &resource.path(""),
                format!("`{}` gives up to {size} messages at once and takes them for done or failed together", resource.id),
                "set `FunctionResponseTypes: [ReportBatchItemFailures]` and return the IDs of those that failed, or set `BatchSize: 1`",
            );
        }
    }
}

fn receive_without_mapping(view: &View<'_>, broken: &mut Broken<'_>) {
    let mappings = mappings(view);
    // A mapping that cannot be read may be the one.
    if mappings.iter().any(|mapping| mapping.function.is_none() || mapping.source.is_none()) || view.has_macro {
        return;
    }
    // By role: all functions that use it.
    let mut users: IndexMap<&str, (Res<'_>, Vec<&str>)> = IndexMap::new();
    for function in view.of_type("AWS::Lambda::Function") {
        if let Some(role) = view.role_of(function, "Role") {
            users.entry(role.id).or_insert_with(|| (role, Vec::new())).1.push(function.id);
        }
    }
    for (role, functions) in users.into_values() {
        for statement in view.grants(role).iter().filter(|statement| statement.is_allow()) {
            // A wildcard is another mistake.
            if !statement.actions().any(|action| action.eq_ignore_ascii_case("sqs:ReceiveMessage")) {
                continue;
            }
            for queue in statement.resources().filter_map(|resource| view.target_of(resource, "AWS::SQS::Queue")) {
                let mapped = mappings.iter().any(|mapping| {
                    mapping.source.is_some_and(|source| source.id == queue.id)
                        && mapping.function.is_some_and(|function| functions.contains(&function.id))
                });
                if !mapped && !redriven_to(view, queue.id) {
                    broken.at(
                        &statement.path,
                        format!(
                            "{} may receive from `{}`, and nothing starts it when a message is there",
                            names(functions.iter().copied()),
                            queue.id
                        ),
                        "add an `AWS::Lambda::EventSourceMapping` from the queue to the function, or take the permission out",
                    );
                }
            }
        }
    }
}

/// What Lambda does with a source by the function's role.
fn needed(kind: &str) -> &'static [&'static str] {
    match kind {
        "AWS::SQS::Queue" => &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "AWS::Kinesis::Stream" => &["kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream"],
        "AWS::DynamoDB::Table" => &["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
        _ => &[],
    }
}

fn consumer_permission(view: &View<'_>, broken: &mut Broken<'_>) {
    for mapping in mappings(view) {
        let (Some(function), Some(source)) = (mapping.function, mapping.source) else { continue };
        let Some(role) = view.role_of(function, "Role") else { continue };
        let path = mapping.resource.path("EventSourceArn");
        let grants = view.grants(role);
        let missing: Vec<&str> = needed(source.kind).iter().copied().filter(|action| !view.could(role, &grants, action, source)).collect();
        if !missing.is_empty() {
            broken.at(
                &path,
                format!(
                    "`{}` takes from `{}`, and its role `{}` may not {}",
                    function.id,
                    source.id,
                    role.id,
                    names(missing.iter().copied())
                ),
                format!("allow these actions on the ARN of `{}`", source.id),
            );
        }
        let property = match source.kind {
            "AWS::SQS::Queue" => "KmsMasterKeyId",
            "AWS::Kinesis::Stream" => "StreamEncryption/KeyId",
            _ => continue,
        };
        let key = source.get(property).and_then(|value| key_of(view, value));
        if let Some(key) = key.filter(|key| !view.could(role, &grants, "kms:Decrypt", *key) && !key_lets_in(view, *key, role)) {
            broken.at(
                &path,
                format!("`{}` takes from `{}`, and its role `{}` may not decrypt with `{}`", function.id, source.id, role.id, key.id),
                format!("allow `kms:Decrypt` on the ARN of `{}`", key.id),
            );
        }
    }
}

/// Whether the key's own policy speaks of the role, or hides whom it speaks of.
fn key_lets_in<'a>(view: &View<'a>, key: Res<'a>, role: Res<'a>) -> bool {
    let Some(policy) = key.get("KeyPolicy") else { return false };
    let everybody = super::policies::statements("", policy).iter().any(|statement| {
        statement.may_allow() && statement.principals().iter().any(|(kind, value)| *kind == "*" || value.as_str() == Some("*"))
    });
    everybody || super::grants::hides_statements(policy) || view.mentions(policy).contains(&role.id)
}
