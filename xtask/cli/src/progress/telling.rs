//! Events in words, one line each, for logs and for the space above the bars.

use protocol::{Change, ChangeAction, Event, Intent, Outcome, Replacement};

use super::{Paint, Row, Sign, failure_lines, table};
use crate::reading::difference_line;

/// The lines that an event is worth; none for what only a bar can show.
pub(super) fn lines(event: &Event, paint: Paint) -> Vec<String> {
    match event {
        Event::Identity { account, arn, region } => vec![format!("account {account} in {region}, as {arn}")],
        Event::Plan { stack, intent, reason } => {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            vec![format!("{}: {}{reason}", paint.strong(&stack.stack), intention(*intent))]
        }
        Event::ChangeSet { stack, changes } => table(&stack.stack, &changes.iter().map(row).collect::<Vec<_>>(), paint),
        // The question itself is asked by whoever waits for the answer.
        Event::Confirm { .. } | Event::Review => Vec::new(),
        Event::Artifact { name, key, bytes, uploaded } => {
            let how = if *uploaded { "uploaded" } else { "already there" };
            vec![format!("artifact {name}: {how}, {} as {key}", size(*bytes))]
        }
        Event::Image { name, bytes, uploaded } => {
            let how = if *uploaded { format!("pushed, {} sent", size(*bytes)) } else { "already there".to_owned() };
            vec![format!("image {name}: {how}")]
        }
        Event::Resource { stack, logical_id, resource_type, status, reason, done, total, .. } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let status = if is_failure(status) { paint.bad(status) } else { status.clone() };
            vec![format!("{}: {done}/{total} {status} {logical_id} {}{reason}", stack.stack, paint.dim(&format!("({resource_type})")))]
        }
        Event::StackDone { stack, status, seconds } => {
            let status = if is_failure(status) { paint.bad(status) } else { paint.good(status) };
            vec![format!("{}: {status} after {}", paint.strong(&stack.stack), duration(*seconds))]
        }
        Event::Kept { stack, logical_id, physical_id, reason } => {
            vec![format!("{}: {} {logical_id} `{physical_id}`: {reason}", stack.stack, paint.notable("stays:"))]
        }
        Event::Note { text } => vec![format!("{} {text}", paint.notable("note:"))],
        Event::Failed(failure) => failure_lines(failure, paint),
        Event::Done { outcome, calls, seconds } => {
            let calls = calls.iter().map(|(service, number)| format!("{number} {service}")).collect::<Vec<_>>().join(", ");
            let calls = if calls.is_empty() { String::new() } else { paint.dim(&format!(" (calls: {calls})")) };
            let end = match outcome {
                Outcome::Changed => "done",
                Outcome::Unchanged => "nothing to change",
                Outcome::Declined => "declined, nothing was changed",
                Outcome::Read => return Vec::new(),
            };
            vec![format!("{} after {}{calls}", paint.strong(end), duration(*seconds))]
        }
        Event::Lease(lease) => vec![format!(
            "{} held by {} for {}, since {}, renewed {} s ago",
            paint.notable("lease:"),
            lease.by,
            lease.purpose,
            lease.since,
            lease.silent_seconds
        )],
        // These are answers, and answers go to stdout in their command's own form.
        Event::Status(_)
        | Event::Outputs { .. }
        | Event::Template { .. }
        | Event::Log { .. }
        | Event::Release(_)
        | Event::Found(_)
        | Event::Garbage(_)
        | Event::Detected(_)
        | Event::Planned(_)
        | Event::Checked(_)
        | Event::Queue(_)
        | Event::Job(_)
        | Event::DeadLetter(_)
        | Event::Fate(_) => Vec::new(),
        // What is as declared is not told one by one: a deploy has its own things to say.
        Event::Verified(verified) => verified
            .differences
            .iter()
            .map(|difference| format!("{}.{}: {}", verified.stack.stack, verified.logical_id, difference_line(difference, paint)))
            .collect(),
    }
}

/// Whether AWS's word for a state means that something went wrong.
pub(super) fn is_failure(status: &str) -> bool {
    status.contains("FAILED") || status.contains("ROLLBACK")
}

/// `85 ms`, `4.2 s`, `3 min 12 s`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
    }
}

/// `812 B`, `4.2 MiB`.
fn size(bytes: u64) -> String {
    const KIBI: u64 = 1024;
    match bytes {
        ..KIBI => format!("{bytes} B"),
        KIBI..1_048_576 => format!("{} KiB", bytes / KIBI),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// What is done to a stack, in words.
pub(crate) fn intention(intent: Intent) -> &'static str {
    match intent {
        Intent::Nothing => "as it should be",
        Intent::Create => "will be created",
        Intent::Update => "will be updated",
        Intent::Recreate => "what a failed deploy left is deleted, then it will be created",
        Intent::Wait => "somebody else changes it now, waiting for the end",
        Intent::Delete => "will be deleted",
        Intent::Import => "takes in what exists",
        Intent::Recover => "is stuck half way, and is brought to rest first",
    }
}

fn row(change: &Change) -> Row {
    let sign = match (&change.action, change.replacement) {
        (ChangeAction::Add | ChangeAction::Import, _) => Sign::Add,
        (ChangeAction::Modify, Replacement::No) => Sign::Change,
        (ChangeAction::Modify, Replacement::Maybe) => Sign::MayReplace,
        (ChangeAction::Modify, Replacement::Yes) => Sign::Replace,
        (ChangeAction::Remove, _) => Sign::Remove,
        (ChangeAction::Dynamic | ChangeAction::Other(_), _) => Sign::Unknown,
    };
    Row {
        sign,
        logical_id: change.logical_id.clone(),
        resource_type: change.resource_type.clone(),
        properties: change.properties.clone(),
        source: change.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use protocol::StackRef;

    use super::*;

    fn jobs() -> StackRef {
        StackRef { stack: "jobs".to_owned(), name: "cloudwright-staging-jobs".to_owned() }
    }

    #[test]
    fn a_deploy_can_be_followed_in_a_log_without_colour() {
        let change = |action, logical_id: &str, replacement| Change {
            action,
            logical_id: logical_id.to_owned(),
            resource_type: "AWS::SQS::Queue".to_owned(),
            physical_id: None,
            replacement,
            properties: vec!["FifoQueue".to_owned()],
            source: Some("stacks/src/jobs.rs:13".to_owned()),
        };
        let events = [
            Event::Identity {
                account: "111111111111".to_owned(),
                arn: "arn:aws:iam::111111111111:root".to_owned(),
                region: "eu-central-1".to_owned(),
            },
            Event::Plan { stack: jobs(), intent: Intent::Update, reason: None },
            Event::ChangeSet {
                stack: jobs(),
                changes: vec![
                    change(ChangeAction::Add, "Alerts", Replacement::No),
                    change(ChangeAction::Modify, "JobQueue", Replacement::Yes),
                    change(ChangeAction::Other("Conjure".to_owned()), "Later", Replacement::Maybe),
                ],
            },
            Event::Artifact {
                name: "transcode".to_owned(),
                key: "artifacts/transcode/00.zip".to_owned(),
                bytes: 4_404_019,
                uploaded: true,
            },
            Event::Resource {
                stack: jobs(),
                logical_id: "JobQueue".to_owned(),
                resource_type: "AWS::SQS::Queue".to_owned(),
                status: "UPDATE_FAILED".to_owned(),
                reason: Some("a queue of this name exists".to_owned()),
                at: "2026-11-22T12:00:00Z".to_owned(),
                done: 1,
                total: 3,
            },
            Event::StackDone { stack: jobs(), status: "UPDATE_ROLLBACK_COMPLETE".to_owned(), seconds: 75.2 },
            Event::Note { text: "an e-mail subscription waits to be confirmed".to_owned() },
            Event::Done { outcome: Outcome::Unchanged, calls: [("cloudformation".to_owned(), 2)].into(), seconds: 0.31 },
        ];

        let told: Vec<_> = events.iter().flat_map(|event| lines(event, Paint::default())).collect();

        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn times_are_told_as_people_tell_them() {
        let seconds = [0.0852, 4.21, 192.4];

        let told = seconds.map(duration);

        assert_eq!(told, ["85 ms", "4.2 s", "3 min 12 s"]);
    }
}
