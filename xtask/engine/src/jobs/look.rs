//! Looking at jobs: the newest, or one whole and until its end.

use std::path::Path;
use std::time::Duration;

use protocol::{Event, Failure, FindJob, JobRecord, ListJobs, Outcome, Target};
use serde_json::{Value, json};

use super::{SCAN, record};
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;

/// The pause between two looks at a job that is followed: workers write text about twice a second.
const LOOK: Duration = Duration::from_millis(500);

/// The most pages of 1 MB that are read for a list.
const MOST_PAGES: usize = 200;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell of the newest jobs, newest first.
    pub(crate) async fn list_jobs(&self, request: &ListJobs) -> Result<Outcome, Failure> {
        let target = &request.target;
        let places = self.places(&request.stack, target).await?;
        let (projection, names) = record::short();
        let mut ask = SCAN.ask(json!({
            "TableName": places.table,
            "ProjectionExpression": projection,
            "ExpressionAttributeNames": names,
        }));
        let mut newest: Vec<JobRecord> = Vec::new();
        let mut pages = 0;
        loop {
            let page = self.cloud.read(&ask).await.map_err(|error| failure::of(error, target))?;
            let items = page.get("Items").and_then(Value::as_array).into_iter().flatten();
            newest.extend(items.filter_map(record::told).filter(|job| request.state.as_ref().is_none_or(|state| *state == job.state)));
            // Identities sort by the time at which they were given, to the millisecond.
            newest.sort_by(|one, other| other.job_id.cmp(&one.job_id));
            newest.truncate(request.limit);
            pages += 1;
            match page.get("LastEvaluatedKey").filter(|key| key.is_object()) {
                Some(key) if pages < MOST_PAGES => {
                    ask.parameters.insert("ExclusiveStartKey".to_owned(), key.clone());
                }
                Some(_) => {
                    let text = format!("only the first {pages} MB of the table were read: there may be newer jobs");
                    self.talk.tell(Event::Note { text });
                    break;
                }
                None => break,
            }
        }
        newest.into_iter().for_each(|job| self.talk.tell(Event::Job(Box::new(job))));
        Ok(self.read())
    }

    /// Write the object that a job ended with into a file; a job that came to no such end has none.
    async fn save(&self, job: &JobRecord, path: &Path, target: &Target) -> Result<(), Failure> {
        let (Some(bucket), Some(key)) = (&job.result_bucket, &job.result_key) else { return Ok(()) };
        let again = format!("the job is done: `cargo xtask jobs --env {} {}` says where its result lies", target.environment, job.job_id);
        let object = self.cloud.object(bucket, key).await.map_err(|error| failure::of(error, target))?;
        let Some(object) = object else {
            return Err(failure::request(
                format!("`{key}` is no longer in bucket `{bucket}`"),
                "results are kept as long as their records",
            ));
        };
        std::fs::write(path, object.bytes)
            .map_err(|error| failure::request(format!("cannot write `{}`: {error}", path.display()), &again))?;
        self.talk.tell(Event::Note { text: format!("the result of job {} is in {}", job.job_id, path.display()) });
        Ok(())
    }

    /// Tell of one job, and go on until it has come to its end when asked to.
    pub(crate) async fn find_job(&self, request: &FindJob) -> Result<Outcome, Failure> {
        let target = &request.target;
        let places = self.places(&request.stack, target).await?;
        let mut last: Option<JobRecord> = None;
        loop {
            let item = self.item(&places.table, &request.job_id).await.map_err(|error| failure::of(error, target))?;
            let Some(job) = item.as_ref().and_then(record::told) else {
                let hint = format!("`cargo xtask jobs --env {}` lists the newest; records are kept for some days only", target.environment);
                return Err(failure::request(format!("`{}` has no job `{}`", target.environment, request.job_id), &hint));
            };
            let ended = record::is_final(&job.state);
            if last.as_ref() != Some(&job) {
                self.talk.tell(Event::Job(Box::new(job.clone())));
                last = Some(job);
            }
            if ended || !request.follow {
                if let (Some(path), Some(job)) = (&request.save, &last) {
                    self.save(job, path, target).await?;
                }
                return Ok(self.read());
            }
            tokio::select! {
                () = self.cloud.pause(LOOK) => {}
                () = self.interrupt.wait() => {
                    self.talk.tell(Event::Note { text: format!("job {} goes on by itself", request.job_id) });
                    return Ok(self.read());
                }
            }
        }
    }
}
