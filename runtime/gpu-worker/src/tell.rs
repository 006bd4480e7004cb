//! One log line for each state of a job, with the metrics that belong to it.

use contract::jobs::{JobId, JobState};
use contract::metrics::Unit;
use contract::{logs, metrics};
use jiff::Timestamp;
use telemetry::{Line, Log};

/// Tells of one job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub(crate) log: &'a Log,
    pub(crate) worker: &'a str,
    pub(crate) job_id: &'a JobId,
}

/// What an attempt came to, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) milliseconds: u64,
    pub(crate) tokens: u64,
}

impl<'a> Teller<'a> {
    fn about(&self, line: Line<'a>, state: &str, attempt: u64) -> Line<'a> {
        let line = line.field(logs::STATE, state).field(logs::JOB_ID, self.job_id.as_str()).field(logs::WORKER, self.worker);
        if 0 < attempt { line.number(logs::ATTEMPT, attempt) } else { line }
    }

    pub(crate) fn started(&self, attempt: u64, created_at_seconds: u64) {
        let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
        let waited = now.saturating_sub(created_at_seconds.saturating_mul(1_000));
        let line = self.about(self.log.info("a job was started"), "started", attempt);
        line.metric(metrics::JOB_WAIT_MILLISECONDS, Unit::Milliseconds, waited as f64).write();
    }

    /// A job came to its end, with the reason when it failed.
    pub(crate) fn ended(&self, state: JobState, attempt: u64, figures: Figures, reason: Option<(&str, &str)>) {
        let line = match state {
            JobState::Failed => self.log.error("a job failed"),
            JobState::Expired => self.log.warn("a job expired before a worker could begin it"),
            JobState::Cancelled => self.log.info("a job was stopped by whoever asked for it"),
            JobState::Done | JobState::Queued | JobState::Running => self.log.info("a job was done"),
        };
        let mut line = self.about(line, state.as_str(), attempt).metric(metrics::JOBS_ENDED, Unit::Count, 1.0);
        line = line.metric(metrics::JOBS_FAILED, Unit::Count, if state == JobState::Failed { 1.0 } else { 0.0 });
        if 0 < attempt {
            line = line.metric(metrics::JOB_MILLISECONDS, Unit::Milliseconds, figures.milliseconds as f64);
            line = line.metric(metrics::JOB_TOKENS, Unit::Count, figures.tokens as f64);
        }
        if let Some((reason, error)) = reason {
            line = line.field(logs::REASON, reason).field(logs::ERROR, error);
        }
        line.write();
    }

    /// Something happened that is no end.
    pub(crate) fn note(&self, line: Line<'a>, attempt: u64) {
        let line = line.field(logs::JOB_ID, self.job_id.as_str()).field(logs::WORKER, self.worker);
        if 0 < attempt { line.number(logs::ATTEMPT, attempt) } else { line }.write();
    }
}
