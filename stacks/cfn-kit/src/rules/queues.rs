//! Queues and their dead letters.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A redrive count of 0.
pub(super) const REDRIVE_COUNT: Rule = Rule {
    id: "redrive-count",
    severity: Severity::Error,
    title: "a message is received at least once before it is a dead letter",
    why: "SQS refuses a `maxReceiveCount` below 1 or above 1,000 when the queue is made, in the middle of the deploy",
    check: redrive_count,
};

/// Dead letters that are forgotten too soon.
pub(super) const DEAD_LETTER_RETENTION: Rule = Rule {
    id: "dead-letter-retention",
    severity: Severity::Warning,
    title: "a dead-letter queue keeps messages longer than its source",
    why: "a job that failed on Friday is gone on Monday, and nobody can say what it was",
    check: dead_letter_retention,
};

/// A FIFO queue with a standard dead-letter queue, or the other way round.
pub(super) const FIFO_REDRIVE: Rule = Rule {
    id: "fifo-redrive",
    severity: Severity::Error,
    title: "the dead-letter queue of a FIFO queue is a FIFO queue, that of a standard queue a standard one",
    why: "SQS refuses the other kind when the queue is made, in the middle of the deploy",
    check: fifo_redrive,
};

/// A queue whose failed messages come again and again.
pub(super) const QUEUE_WITHOUT_DEAD_LETTERS: Rule = Rule {
    id: "queue-without-dead-letters",
    severity: Severity::Warning,
    title: "a queue has a dead-letter queue",
    why: "a message that always fails is received again and again until its time is up, and then it is gone without a trace; in a FIFO queue \
          it blocks its group all that time",
    check: queue_without_dead_letters,
};

/// Deduplication by the body alone.
pub(super) const CONTENT_DEDUPLICATION: Rule = Rule {
    id: "content-deduplication",
    severity: Severity::Warning,
    title: "who sends to a FIFO queue says what is the same message",
    why: "the hash is of the body only: of two messages within five minutes that differ in nothing but their attributes or group, the second is \
          dropped, and the sender hears of a success",
    check: content_deduplication,
};

const DEFAULT_RETENTION_SECONDS: f64 = 345_600.0;
const KIND: &str = "AWS::SQS::Queue";

fn redrive_count(view: &View<'_>, broken: &mut Broken<'_>) {
    for queue in view.of_type(KIND) {
        let Some(count) = queue.get("RedrivePolicy/maxReceiveCount").and_then(|count| view.number(count)) else { continue };
        if !(1.0..=1_000.0).contains(&count) {
            let path = queue.path("RedrivePolicy/maxReceiveCount");
            broken.at(
                &path,
                format!("`{}` gives a message {count} tries", queue.id),
                "give it 1 to 1,000, better at least 5 behind a function",
            );
        }
    }
}

/// The queue of this template that a queue's dead letters go to.
fn dead_letters_of<'a>(view: &View<'a>, queue: Res<'a>) -> Option<Res<'a>> {
    view.target_of(queue.get("RedrivePolicy/deadLetterTargetArn")?, KIND)
}

/// Whether some queue of this template moves its dead letters to the queue of this ID.
pub(super) fn redriven_to(view: &View<'_>, id: &str) -> bool {
    view.of_type(KIND).any(|queue| dead_letters_of(view, queue).is_some_and(|target| target.id == id))
}

/// A number, also where nothing is said; none where nobody can tell.
pub(super) fn number_or<'a>(view: &View<'a>, value: Option<&'a Json>, default: f64) -> Option<f64> {
    value.map_or(Some(default), |value| view.number(value))
}

fn retention<'a>(view: &View<'a>, queue: Res<'a>) -> Option<f64> {
    number_or(view, queue.get("MessageRetentionPeriod"), DEFAULT_RETENTION_SECONDS)
}

fn is_fifo<'a>(view: &View<'a>, queue: Res<'a>) -> Option<bool> {
    queue.get("FifoQueue").map_or(Some(false), |value| view.switch(value))
}

fn dead_letter_retention(view: &View<'_>, broken: &mut Broken<'_>) {
    for queue in view.of_type(KIND) {
        let Some(dead) = dead_letters_of(view, queue).filter(|dead| dead.id != queue.id) else { continue };
        let (Some(source), Some(kept), Some(fifo)) = (retention(view, queue), retention(view, dead), is_fifo(view, queue)) else {
            continue;
        };
        // In a FIFO queue a moved message gets a new time of arrival, so the same span is enough.
        let too_short = if fifo { kept < source } else { kept <= source };
        if too_short {
            let clock = if fifo { "where its clock begins anew" } else { "and its clock goes on when a message is moved" };
            let path = if dead.get("MessageRetentionPeriod").is_some() { dead.path("MessageRetentionPeriod") } else { dead.path("") };
            broken.at(
                &path,
                format!("`{}` keeps messages for {kept} seconds, {clock}; `{}` keeps them for {source}", dead.id, queue.id),
                "keep dead letters for 1,209,600 seconds, the most that SQS allows, and the source's for less",
            );
        }
    }
}

fn fifo_redrive(view: &View<'_>, broken: &mut Broken<'_>) {
    for queue in view.of_type(KIND) {
        let Some(dead) = dead_letters_of(view, queue) else { continue };
        let (Some(source), Some(target)) = (is_fifo(view, queue), is_fifo(view, dead)) else { continue };
        if source != target {
            let word = |fifo| if fifo { "a FIFO queue" } else { "a standard queue" };
            broken.at(
                &queue.path("RedrivePolicy/deadLetterTargetArn"),
                format!("`{}` is {} and its dead-letter queue `{}` is {}", queue.id, word(source), dead.id, word(target)),
                if source { format!("set `FifoQueue: true` on `{}`", dead.id) } else { format!("make `{}` a standard queue", dead.id) },
            );
        }
    }
}

fn queue_without_dead_letters(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut receivers: Option<BTreeSet<&str>> = None;
    for queue in view.of_type(KIND).filter(|queue| queue.get("RedrivePolicy").is_none() && !looks_like_dead_letters(*queue)) {
        let receivers = receivers.get_or_insert_with(|| {
            let mut found = BTreeSet::new();
            let resources = view.template.get("Resources").and_then(Json::as_object).into_iter().flat_map(|all| all.values());
            resources.filter_map(|resource| resource.get("Properties")).for_each(|value| dead_letter_receivers(view, value, &mut found));
            found
        });
        if !receivers.contains(queue.id) && !view.has_macro {
            broken.at(
                &queue.path(""),
                format!("a message that always fails stays in `{}` until it is forgotten", queue.id),
                "add a `RedrivePolicy` with a second queue and a `maxReceiveCount`",
            );
        }
    }
}

/// Another stack's dead letters may go there: then its own policy or its name says so.
fn looks_like_dead_letters(queue: Res<'_>) -> bool {
    let name = queue.get("QueueName").map(Json::to_string).unwrap_or_default();
    let words = format!("{} {name}", queue.id).to_ascii_lowercase();
    queue.get("RedriveAllowPolicy").is_some() || words.contains("dead") || words.contains("dlq") || words.contains("failed")
}

/// The queues that something gives its failures to, whatever it calls the place.
fn dead_letter_receivers<'a>(view: &View<'a>, value: &'a Json, found: &mut BTreeSet<&'a str>) {
    match value {
        Json::Object(entries) => {
            for (key, value) in entries {
                let key = key.to_ascii_lowercase();
                if key.contains("deadletter") || key == "onfailure" {
                    found.extend(view.mentions(value));
                } else {
                    dead_letter_receivers(view, value, found);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| dead_letter_receivers(view, item, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn content_deduplication(view: &View<'_>, broken: &mut Broken<'_>) {
    for queue in view.of_type(KIND) {
        let by_content = queue.get("ContentBasedDeduplication").and_then(|value| view.switch(value));
        if by_content != Some(true) || is_fifo(view, queue) != Some(true) {
            continue;
        }
        // SQS keeps what identifies a message when it moves it to the dead letters.
        if !looks_like_dead_letters(queue) && !redriven_to(view, queue.id) {
            broken.at(
                &queue.path("ContentBasedDeduplication"),
                format!("`{}` takes two messages with the same body for one", queue.id),
                "switch it off and send a `MessageDeduplicationId` that says what is the same, such as the job's ID",
            );
        }
    }
}
