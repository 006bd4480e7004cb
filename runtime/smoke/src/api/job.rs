//! A job as a user of the API asks for it, until its text is there.

use std::time::{Duration, Instant};

use contract::api::{Accepted, Infer, Job};
use contract::jobs::JobState;
use contract::smoke::Event;

use super::{Api, fleet};
use crate::run::{Failure, Tell, milliseconds, tell};

const PROMPT: &str = "Say in one sentence what a smoke test is.";
const MAX_TOKENS: u32 = 24;

/// The first worker boots, fetches its model and reads it.
const PATIENCE: Duration = Duration::from_secs(600);

/// Looks count against the user's limit, twenty a minute by default.
const LOOK_EVERY: Duration = Duration::from_secs(4);
const SHORT_PAUSE: Duration = Duration::from_secs(1);

const TEXT_SHOWN: usize = 80;

pub(super) async fn test(api: &Api<'_>, token: &str, before: Option<u64>, told: Tell<'_>) -> Result<(), Failure> {
    let bearer = format!("Bearer {token}");
    let (accepted, begun) = ask(api, &bearer, told).await?;
    let mut watch = Watch { workers: before, state: None, looked: None };
    while begun.elapsed() < PATIENCE {
        watch.fleet(api, begun, told).await?;
        if watch.may_look() {
            let path = format!("/jobs/{}", accepted.job_id);
            let answer = api.call("GET", &path, &[("authorization", &bearer)], "").await?;
            // Too many looks are no failure of the job.
            if answer.status != 429 {
                let job: Job = read(&path, answer.status, &answer.body)?;
                if let Some(job) = watch.job(job, begun, told)? {
                    return finished(&job, begun, told);
                }
            }
        }
        tokio::time::sleep(SHORT_PAUSE).await;
    }
    let state = watch.state.map_or("nowhere", JobState::as_str);
    let message = format!("job {} is still {state} after {} s", accepted.job_id, PATIENCE.as_secs());
    let hint = match watch.workers {
        Some(0) => "no worker was ever wanted: read the reconciler's log (`cargo xtask logs --stack fleet`)".to_owned(),
        Some(_) | None => format!("follow it: `cargo xtask logs --env {} --job {}`", api.request.environment, accepted.job_id),
    };
    Err(Failure::new(message, hint))
}

async fn ask(api: &Api<'_>, bearer: &str, told: Tell<'_>) -> Result<(Accepted, Instant), Failure> {
    let infer = Infer {
        prompt: Some(PROMPT.to_owned()),
        messages: None,
        model: None,
        max_tokens: Some(MAX_TOKENS),
        temperature: None,
        top_p: None,
        seed: Some(1),
    };
    let body = serde_json::to_string(&infer).map_err(|error| Failure::call("write the request", api.request, error))?;
    let begun = Instant::now();
    let answer = api.call("POST", "/infer", &[("authorization", bearer)], &body).await?;
    let accepted: Accepted = read("/infer", answer.status, &answer.body)?;
    tell(told, &Event::Answered { case: "a prompt with a token".to_owned(), status: answer.status })?;
    Ok((accepted, begun))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(path: &str, status: u16, body: &str) -> Result<T, Failure> {
    let short: String = body.chars().take(200).collect();
    let wrong = || {
        let message = format!("{path} was answered with {status} `{short}` instead of 200 and what was asked for");
        Failure::new(message, "the front door's log says why: `cargo xtask logs --stack api`")
    };
    if status != 200 {
        return Err(wrong());
    }
    serde_json::from_str(body).map_err(|error| Failure { source: Some(error.into()), ..wrong() })
}

/// What has been seen so far.
struct Watch {
    workers: Option<u64>,
    state: Option<JobState>,
    looked: Option<Instant>,
}

impl Watch {
    /// Tells when the fleet changes its size.
    async fn fleet(&mut self, api: &Api<'_>, begun: Instant, told: Tell<'_>) -> Result<(), Failure> {
        let now = fleet::wanted(api).await?;
        if let (Some(workers), true) = (now, now != self.workers) {
            tell(told, &Event::Fleet { workers, milliseconds: milliseconds(begun) })?;
        }
        self.workers = now;
        Ok(())
    }

    fn may_look(&mut self) -> bool {
        let due = self.looked.is_none_or(|looked| LOOK_EVERY <= looked.elapsed());
        if due {
            self.looked = Some(Instant::now());
        }
        due
    }

    /// Tells when the job changes its state; the job when that is its end.
    fn job(&mut self, job: Job, begun: Instant, told: Tell<'_>) -> Result<Option<Job>, Failure> {
        if self.state != Some(job.state) {
            tell(told, &Event::State { job_id: job.job_id.clone(), state: job.state, milliseconds: milliseconds(begun) })?;
            self.state = Some(job.state);
        }
        Ok(job.state.is_final().then_some(job))
    }
}

/// A job that has come to its end has a text, or it is a failure.
fn finished(job: &Job, begun: Instant, told: Tell<'_>) -> Result<(), Failure> {
    let text = job.text.as_deref().unwrap_or_default();
    if job.state != JobState::Done || text.is_empty() {
        let why = job.error.as_deref().or(job.reason.as_deref()).unwrap_or("it says no reason");
        let message = match job.state {
            JobState::Done => format!("job {} is done without a text", job.job_id),
            JobState::Queued | JobState::Running | JobState::Failed | JobState::Expired | JobState::Cancelled => {
                format!("job {} is {}: {why}", job.job_id, job.state)
            }
        };
        return Err(Failure::new(message, "read the worker's log: `cargo xtask logs --stack fleet`"));
    }
    let event = Event::Text {
        job_id: job.job_id.clone(),
        text: text.chars().take(TEXT_SHOWN).collect(),
        tokens: job.tokens.unwrap_or_default(),
        milliseconds: milliseconds(begun),
    };
    tell(told, &event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: &str, more: &str) -> Job {
        serde_json::from_str(&format!(r#"{{"job_id":"01KATX3W7G2M8Z9QCVB4R5NDEF","state":"{state}","created_at":1{more}}}"#)).unwrap()
    }

    #[test]
    fn only_a_job_that_is_done_with_a_text_is_good() {
        let judged = [job("done", r#","text":"A test.","tokens":3"#), job("done", ""), job("failed", r#","error":"the model is broken""#)]
            .map(|job| finished(&job, Instant::now(), &mut |_| Ok(())).map_err(|failure| failure.to_string()));

        let id = "01KATX3W7G2M8Z9QCVB4R5NDEF";
        let expected = [Ok(()), Err(format!("job {id} is done without a text")), Err(format!("job {id} is failed: the model is broken"))];
        assert_eq!(judged, expected);
    }

    #[test]
    fn a_job_is_told_once_in_each_state() {
        let mut events = 0;
        let mut watch = Watch { workers: None, state: None, looked: None };

        let ends = [job("queued", ""), job("queued", ""), job("done", "")].map(|job| {
            let mut told = |_: &Event| {
                events += 1;
                Ok(())
            };
            watch.job(job, Instant::now(), &mut told).unwrap().is_some()
        });

        assert_eq!((ends, events), ([false, false, true], 2), "the log would be full of the same line");
    }
}
