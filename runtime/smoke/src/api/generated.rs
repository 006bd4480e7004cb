//! A picture as a user of the API asks for it, until it was fetched by its link and decoded.

use std::time::{Duration, Instant};

use contract::api::{Accepted, GENERATE_PATH, Job};
use contract::jobs::{JobState, Picture};
use contract::outputs;
use contract::smoke::Event;
use picture::drawn::decoded_png_size;

use super::Api;
use super::job::read;
use crate::http::Call;
use crate::run::{Failure, Tell, milliseconds, tell};

const PROMPT: &str = "a lighthouse in the evening, watercolour";

/// A model draws for some seconds; one without room lets the job wait.
const PATIENCE: Duration = Duration::from_secs(180);

/// Looks count against the user's limit, twenty a minute by default.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// Has one picture made, where the environment makes pictures.
pub(super) async fn test(api: &Api<'_>, token: &str, told: Tell<'_>) -> Result<(), Failure> {
    if !api.request.outputs.contains_key(outputs::imagegen::STACK) {
        return Ok(());
    }
    let bearer = format!("Bearer {token}");
    let (accepted, begun) = ask(api, &bearer, told).await?;
    let path = format!("/jobs/{}", accepted.job_id);
    while begun.elapsed() < PATIENCE {
        let answer = api.call("GET", &path, &[("authorization", &bearer)], "").await?;
        // Too many looks are no failure of the job.
        if answer.status != 429 {
            let job: Job = read(&path, answer.status, &answer.body)?;
            if job.state.is_final() {
                return fetched(api, &job, begun, told).await;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let message = format!("job {} is no picture after {} s", accepted.job_id, PATIENCE.as_secs());
    Err(Failure::new(message, format!("follow it: `cargo xtask logs --env {} --job {}`", api.request.environment, accepted.job_id)))
}

/// Asked as the first clients did: an array of one, and a slash at the end of the path.
async fn ask(api: &Api<'_>, bearer: &str, told: Tell<'_>) -> Result<(Accepted, Instant), Failure> {
    let wanted = [Picture { prompt: PROMPT.to_owned(), negative_prompt: None, aspect_ratio: None, seed: Some(1) }];
    let body = serde_json::to_string(&wanted).map_err(|error| Failure::call("write the request", api.request, error))?;
    let (path, begun) = (format!("{GENERATE_PATH}/"), Instant::now());
    let answer = api.call("POST", &path, &[("authorization", bearer)], &body).await?;
    let accepted: Accepted = read(&path, answer.status, &answer.body)?;
    tell(told, &Event::Answered { case: "a prompt for a picture".to_owned(), status: answer.status })?;
    Ok((accepted, begun))
}

/// The link needs nothing but itself.
async fn fetched(api: &Api<'_>, job: &Job, begun: Instant, told: Tell<'_>) -> Result<(), Failure> {
    let log = "the function's log says why: `cargo xtask logs --stack imagegen`";
    let (JobState::Done, Some(url)) = (job.state, &job.url) else {
        let why = job.error.as_deref().or(job.reason.as_deref()).unwrap_or("it says no reason");
        return Err(Failure::new(format!("job {} is {} without a picture: {why}", job.job_id, job.state), log));
    };
    let call = Call { method: "GET", url: url.clone(), headers: Vec::new(), body: Vec::new() };
    let answer = api.http.send(call).await.map_err(|error| Failure::call("fetch the picture", api.request, error))?;
    let wrong = || {
        let short: String = answer.body.chars().take(200).collect();
        let message = format!("the link of job {} was answered with {} `{short}` instead of a picture", job.job_id, answer.status);
        Failure::new(message, log)
    };
    if answer.status != 200 {
        return Err(wrong());
    }
    let size = decoded_png_size(&answer.bytes).map_err(|error| Failure { source: Some(Box::new(error)), ..wrong() });
    let (width, height) = size?;
    let bytes = u64::try_from(answer.bytes.len()).unwrap_or(u64::MAX);
    tell(told, &Event::Picture { job_id: job.job_id.clone(), width, height, bytes, milliseconds: milliseconds(begun) })
}
