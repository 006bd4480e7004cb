//! A user's own jobs: where one stands, and how to stop it.

use caller::{Answer, body};
use contract::{
    api::{Accepted, Job, Stop},
    front_door::FrontDoorConfig,
    jobs::{JobId, JobState},
};

use crate::{
    clock::Clock,
    cloud::{Changed, Cloud, Record},
    event::Request,
};

/// A job passes from waiting to running to its end, so that the second look finds it at the end at the latest; a worker that gives a job
/// back is the exception.
const LOOKS: u32 = 4;

/// Answers `GET /jobs/{id}`.
pub(crate) async fn show(id: &str, user: &str, cloud: &impl Cloud) -> Result<Answer, Answer> {
    let job_id: JobId = id.parse().map_err(|_| unknown(id))?;
    let record = cloud.read(&job_id).await?.filter(|record| record.message.user == user).ok_or_else(|| unknown(id).about(&job_id))?;
    let url = match &record.result {
        Some((bucket, key)) => Some(cloud.link(bucket, key).await?),
        None => None,
    };
    let Record { message, state, started_at, ended_at, text, tokens, prompt_tokens, finish, reason, error, .. } = record;
    let job = Job {
        job_id: job_id.to_string(),
        state,
        created_at: message.created_at.saturating_mul(1_000),
        started_at,
        ended_at,
        text,
        tokens,
        prompt_tokens,
        finish,
        url,
        reason,
        error,
    };
    Ok(Answer::json(200, &job).header("cache-control", "no-store").about(&job_id))
}

/// Answers `POST /stop`: what waits is cancelled, who has it in work is asked to stop, what is over is told as it is.
pub(crate) async fn stop(
    request: &Request,
    user: &str,
    config: &FrontDoorConfig,
    cloud: &impl Cloud,
    clock: &impl Clock,
) -> Result<Answer, Answer> {
    let Stop { job_id: id } = body::json(request, config.max_body_bytes)?;
    let job_id: JobId = id.parse().map_err(|_| unknown(&id))?;
    let told = |state| Ok(Answer::json(200, &Accepted { job_id: job_id.to_string(), state }).about(&job_id));
    let mut waits = true;
    for _ in 0..LOOKS {
        let (changed, becomes) = if waits {
            (cloud.cancel(&job_id, user, clock.milliseconds()).await?, JobState::Cancelled)
        } else {
            (cloud.ask_to_stop(&job_id, user).await?, JobState::Running)
        };
        let present = match changed {
            Changed::Yes => return told(becomes),
            Changed::No(present) => present,
        };
        // Somebody else's job is as unknown as one that never was.
        let present = present.filter(|record| record.message.user == user).ok_or_else(|| unknown(&id).about(&job_id))?;
        if present.state.is_final() {
            return told(present.state);
        }
        waits = present.state == JobState::Queued;
    }
    Err(Answer::unavailable("the job changes hands just now; try again").about(&job_id))
}

fn unknown(id: &str) -> Answer {
    // Anybody's text may stand there: only what looks like an id is repeated.
    let shown: String = id.chars().filter(char::is_ascii_alphanumeric).take(26).collect();
    Answer::error(404, "unknown_job", format!("you have no job `{shown}`; ids are those that `POST /infer` and `POST /generate` gave you"))
}
