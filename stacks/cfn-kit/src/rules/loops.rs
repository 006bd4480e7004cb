//! Work that calls itself again.

use serde_json::Value as Json;

use super::consumers::{Mapping, function_of, mappings};
use super::texts::flat;
use super::view::{Res, View, is_expression};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A function that is called for what it writes itself.
pub(super) const NOTIFICATION_LOOP: Rule = Rule {
    id: "notification-loop",
    severity: Severity::Warning,
    title: "a function cannot write where its own notifications come from",
    why: "what it writes calls it again, and again: thousands of calls and objects in minutes, until somebody sees the bill",
    check: notification_loop,
};

/// One notification of a bucket, with what it is about.
struct Notification<'a> {
    path: String,
    receiver: Res<'a>,
    prefix: String,
    suffix: String,
}

fn notification_loop(view: &View<'_>, broken: &mut Broken<'_>) {
    let mappings = mappings(view);
    for bucket in view.of_type("AWS::S3::Bucket") {
        for notification in notifications(view, bucket) {
            let mut told: Vec<&str> = Vec::new();
            for function in called(view, &mappings, notification.receiver) {
                let Some(role) = view.role_of(function, "Role").filter(|_| !told.contains(&function.id)) else { continue };
                let statements = view.grants(role);
                let mut written = statements
                    .iter()
                    .filter(|statement| statement.is_allow() && !statement.has_condition() && statement.covers("s3:PutObject"))
                    .flat_map(|statement| statement.resources())
                    .filter_map(|resource| keys(bucket, resource));
                if let Some(pattern) = written.find(|pattern| overlap(pattern, &notification.prefix, &notification.suffix)) {
                    told.push(function.id);
                    let about = match (notification.prefix.as_str(), notification.suffix.as_str()) {
                        ("", "") => "every object".to_owned(),
                        (prefix, suffix) => format!("`{prefix}*{suffix}`"),
                    };
                    broken.at(
                        &notification.path,
                        format!("`{}` is called for {about} in `{}` and may write `{pattern}` there", function.id, bucket.id),
                        "let it write to another bucket, or filter by a prefix under which it may not write",
                    );
                }
            }
        }
    }
}

/// The notifications of new objects whose filter can be read.
fn notifications<'a>(view: &View<'a>, bucket: Res<'a>) -> Vec<Notification<'a>> {
    let mut found = Vec::new();
    for (list, property) in [("LambdaConfigurations", "Function"), ("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic")] {
        let list = format!("NotificationConfiguration/{list}");
        for (index, entry) in bucket.list(&list).iter().enumerate() {
            let event = entry.get("Event").and_then(Json::as_str).unwrap_or_default();
            if !["s3:ObjectCreated:*", "s3:ObjectCreated:Put"].contains(&event) || entry.get("Filter").is_some_and(is_expression) {
                continue;
            }
            let rules = entry.get("Filter").and_then(|filter| filter.get("S3Key")?.get("Rules")?.as_array()).map_or(&[][..], Vec::as_slice);
            let part = |wanted: &str| {
                let named = |rule: &&Json| rule.get("Name").and_then(Json::as_str).is_some_and(|name| name.eq_ignore_ascii_case(wanted));
                rules.iter().find(named).and_then(|rule| rule.get("Value")?.as_str()).unwrap_or_default().to_owned()
            };
            let target = entry.get(property).and_then(|value| view.target(value));
            if let Some(receiver) = target.and_then(|target| view.resource(target.id)) {
                let path = bucket.path(&format!("{list}/{index}"));
                found.push(Notification { path, receiver, prefix: part("prefix"), suffix: part("suffix") });
            }
        }
    }
    found
}

/// The functions that get what is brought to a function, a queue or a topic.
fn called<'a>(view: &View<'a>, mappings: &[Mapping<'a>], receiver: Res<'a>) -> Vec<Res<'a>> {
    match receiver.kind {
        "AWS::Lambda::Function" => vec![receiver],
        "AWS::SQS::Queue" => {
            let ours = mappings.iter().filter(|mapping| mapping.source.is_some_and(|source| source.id == receiver.id));
            ours.filter_map(|mapping| mapping.function).collect()
        }
        "AWS::SNS::Topic" => {
            let ours = |subscription: &Res<'a>| {
                let topic = subscription.get("TopicArn").and_then(|arn| view.target(arn));
                topic.is_some_and(|topic| topic.id == receiver.id) && subscription.get("FilterPolicy").is_none()
            };
            let endpoints = view.of_type("AWS::SNS::Subscription").filter(ours).filter_map(|subscription| subscription.get("Endpoint"));
            let next = |endpoint: &'a Json| {
                let queue = view.target_of(endpoint, "AWS::SQS::Queue");
                queue.map_or_else(|| function_of(view, endpoint).into_iter().collect(), |queue| called(view, mappings, queue))
            };
            endpoints.flat_map(next).collect()
        }
        _ => Vec::new(),
    }
}

/// The keys of a bucket that a policy's resource stands for: `out/*` of `${Bucket.Arn}/out/*`.
fn keys(bucket: Res<'_>, resource: &Json) -> Option<String> {
    let text = flat(resource)?;
    let name = bucket.get("BucketName").and_then(flat);
    let own = [format!("${{{}.Arn}}/", bucket.id), format!(":s3:::${{{}}}/", bucket.id)];
    let starts = own.into_iter().chain(name.map(|name| format!(":s3:::{name}/")));
    let keys = starts.filter_map(|start| text.split_once(&start).map(|(_, keys)| keys.to_owned())).next();
    keys.filter(|keys| !keys.contains("${"))
}

/// Whether keys that a pattern stands for can begin and end so, as surely as the pattern says.
fn overlap(pattern: &str, prefix: &str, suffix: &str) -> bool {
    let start = pattern.split(['*', '?']).next().unwrap_or_default();
    let end = pattern.rsplit(['*', '?']).next().unwrap_or_default();
    let same_start = start.starts_with(prefix) || prefix.starts_with(start);
    // What a function may write with any ending, it writes with one of its own choice.
    let same_end = suffix.is_empty() || (!end.is_empty() && (end.ends_with(suffix) || suffix.ends_with(end)));
    same_start && same_end
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn a_loop_needs_a_key_that_is_written_and_told() {
        for (pattern, prefix, suffix, expected) in [
            ("*", "", "", true),
            ("out/*", "", "", true),
            ("out/*", "in/", "", false),
            ("in/small/*", "in/", "", true),
            ("*", "in/", "", true),
            ("*", "", ".jpg", false),
            ("*.jpg", "", ".jpg", true),
            ("*.png", "", ".jpg", false),
        ] {
            assert_eq!(overlap(pattern, prefix, suffix), expected, "`{pattern}` is written, `{prefix}*{suffix}` is told");
        }
    }
}
