//! Jobs for people.

use protocol::JobRecord;

use crate::age::{age, span};

/// One line per job, newest first, in columns.
pub(super) fn list(jobs: &[JobRecord], now_milliseconds: u64) -> Vec<String> {
    let rows: Vec<[String; 7]> = jobs.iter().map(|job| row(job, now_milliseconds)).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Identity, state, age, user, tokens, worker, duration.
fn row(job: &JobRecord, now: u64) -> [String; 7] {
    let state = match &job.reason {
        Some(reason) => format!("{} ({reason})", job.state),
        None => job.state.clone(),
    };
    [
        job.job_id.clone(),
        state,
        age((now / 1000).saturating_sub(job.created_at)),
        job.user.clone(),
        job.tokens.map(|tokens| format!("{tokens} tokens")).unwrap_or_else(dash),
        job.worker.clone().unwrap_or_else(dash),
        took(job, now).map(span).unwrap_or_else(dash),
    ]
}

fn dash() -> String {
    "-".to_owned()
}

/// From the last beginning to the end, or until now.
fn took(job: &JobRecord, now: u64) -> Option<u64> {
    let started = job.started_at?;
    Some(job.ended_at.unwrap_or(now).saturating_sub(started))
}

/// Everything about one job; its text last.
pub(super) fn whole(job: &JobRecord, now: u64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |name: &str, value: Option<String>| lines.extend(value.map(|value| format!("{name:10}{value}")));
    let ago = |milliseconds: u64| format!("{} ago", age(now.saturating_sub(milliseconds) / 1000));
    say("job", Some(job.job_id.clone()));
    say("state", Some(job.finish.as_ref().map_or_else(|| job.state.clone(), |finish| format!("{} ({finish})", job.state))));
    say("reason", job.reason.clone());
    say("error", job.error.clone());
    say("task", Some(job.task.clone()));
    say("user", Some(job.user.clone()));
    say("asked", Some(ago(job.created_at.saturating_mul(1000))));
    let left = |until: u64| match until.checked_sub(now / 1000) {
        Some(seconds) => format!("for {} more", age(seconds)),
        None => "no more".to_owned(),
    };
    say("wanted", job.wanted_until.filter(|_| job.ended_at.is_none()).map(left));
    say("message", job.unsent.then(|| "may not be in the queue yet; the reconciler sends it again".to_owned()));
    say("begun", job.started_at.map(|at| format!("{}, attempt {}", ago(at), job.attempt.unwrap_or(1))));
    say("ended", job.ended_at.map(ago));
    say("took", took(job, now).map(span));
    say(
        "worker",
        job.worker.as_ref().map(|worker| match &job.instance_type {
            Some(kind) => format!("{worker} ({kind})"),
            None => worker.clone(),
        }),
    );
    say(
        "tokens",
        job.tokens.map(|tokens| match job.prompt_tokens {
            Some(prompt) => format!("{tokens}, after {prompt} of the prompt"),
            None => tokens.to_string(),
        }),
    );
    say("stop", job.stop.then(|| "somebody asked to stop it".to_owned()));
    say("result", job.result_bucket.as_ref().zip(job.result_key.as_ref()).map(|(bucket, key)| format!("s3://{bucket}/{key}")));
    say("asks", job.parameters.as_ref().map(ToString::to_string));
    if let Some(text) = &job.text {
        lines.push(String::new());
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_100_000;

    fn job() -> JobRecord {
        JobRecord {
            job_id: "01KATX3W7G2M8Z9QCVB4R5NDEF".to_owned(),
            state: "failed".to_owned(),
            user: "ada".to_owned(),
            task: "generate".to_owned(),
            created_at: NOW / 1000 - 90,
            wanted_until: Some(NOW / 1000 + 60),
            started_at: Some(NOW - 60_000),
            ended_at: Some(NOW - 58_800),
            attempt: Some(2),
            worker: Some("i-1".to_owned()),
            tokens: Some(12),
            reason: Some("too_long".to_owned()),
            text: Some("one\ntwo".to_owned()),
            ..JobRecord::default()
        }
    }

    #[test]
    fn a_list_is_in_columns_and_says_why_a_job_failed() {
        let waiting = JobRecord { state: "queued".to_owned(), started_at: None, tokens: None, worker: None, reason: None, ..job() };

        let lines = list(&[job(), waiting], NOW);

        assert_eq!(
            lines,
            [
                "01KATX3W7G2M8Z9QCVB4R5NDEF  failed (too_long)  1m  ada  12 tokens  i-1  1.2 s",
                "01KATX3W7G2M8Z9QCVB4R5NDEF  queued             1m  ada  -          -    -",
            ]
        );
    }

    #[test]
    fn one_job_is_shown_whole() {
        let lines = whole(&job(), NOW).join("\n");

        insta::assert_snapshot!(lines, @r"
        job       01KATX3W7G2M8Z9QCVB4R5NDEF
        state     failed
        reason    too_long
        task      generate
        user      ada
        asked     1m ago
        begun     1m ago, attempt 2
        ended     58s ago
        took      1.2 s
        worker    i-1
        tokens    12

        one
        two
        ");
    }
}
