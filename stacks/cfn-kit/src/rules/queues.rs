//! Queues and their dead letters.

use super::view::View;
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

fn redrive_count(view: &View<'_>, broken: &mut Broken<'_>) {
    for queue in view.of_type("AWS::SQS::Queue") {
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
