//! Sending a dead letter back to where it came from, so that being killed between two steps neither loses nor doubles it.
//!
//! 1. The record becomes `queued`, marked as unsent. It has to be first: a worker that finds a failed job's message throws it away.
//! 2. The message is sent, under a deduplication id made from the dead letter's where its queue knows such, with the group and the attributes that it had.
//! 3. The mark goes.
//! 4. The dead letter is deleted.
//!
//! Killed anywhere before 4, the dead letter is still there, and the same command does the rest: within five minutes SQS takes a FIFO
//! queue's second message for the first, and after that a worker finds the job claimed or at its end. StartMessageMoveTask is not used: it moves whole
//! queues, knows no record, and not every stand-in of SQS has it.

use contract::jobs::{JobMessage, JobState, attribute, column, index};
use protocol::{DeadLetters, Done, Event, Failure, Outcome, Target};
use serde_json::{Map, Value, json};

use super::hold::{Graveyard, Held};
use super::letters::{not_there, so_far};
use super::record::{self, is_final, key, names, number_value, text_value};
use super::{PUT, Places, UPDATE, halfway, is_lost_race, now_seconds};
use crate::cloud::{Cloud, CloudError};
use crate::engine::{Engine, Talk};
use crate::failure;

/// The reason in the record of a job whose message a person deleted.
const DROPPED: &str = "dropped";

/// For how long the record of a job that was forgotten meanwhile is kept: what is looked at again is looked at soon.
const KEEP_SECONDS: u64 = 7 * 86_400;

/// How often a record that changes under our hands is read again.
const MOST_RACES: u32 = 5;

/// Whether a job's record lets its message be sent again.
enum Verdict {
    /// It is queued and marked.
    Ready,
    /// It has come to an end that is none to start from.
    Over(String),
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Send dead letters back.
    pub(super) async fn redrive(&self, queues: &[Graveyard], id: Option<&str>, request: &DeadLetters) -> Result<Outcome, Failure> {
        let target = &request.target;
        let places = self.places_if_any(&request.jobs, target).await?;
        let (mut sent, mut found) = (0_usize, false);
        for queue in queues {
            let mut left: Vec<Held> = Vec::new();
            loop {
                let held = self.take(queue, target).await.map_err(|failure| so_far(failure, sent))?;
                let news = held.iter().any(|one| left.iter().all(|known| known.letter.message_id != one.letter.message_id));
                if !news || self.interrupt.requested() {
                    self.give_back(queue, &held).await;
                    break;
                }
                for one in held {
                    if !id.is_none_or(|id| one.is(id)) {
                        left.push(one);
                        continue;
                    }
                    found = true;
                    match self.send_back(queue, &one, places.as_ref(), target).await.map_err(|failure| so_far(failure, sent))? {
                        Verdict::Ready => {
                            sent += 1;
                            self.fate(&one, Done::Redriven, None);
                        }
                        Verdict::Over(why) => {
                            self.fate(&one, Done::Left, Some(why));
                            left.push(one);
                        }
                    }
                }
            }
            self.give_back(queue, &left).await;
        }
        if let (Some(id), false) = (id, found) {
            return Err(not_there(id, target));
        }
        if let (Some(places), true) = (&places, 0 < sent) {
            self.wake(places).await;
        }
        Ok(if sent == 0 { Outcome::Unchanged } else { Outcome::Changed })
    }

    async fn send_back(&self, queue: &Graveyard, held: &Held, places: Option<&Places>, target: &Target) -> Result<Verdict, Failure> {
        let letter = &held.letter;
        let job = serde_json::from_str::<JobMessage<Value>>(&letter.body).ok().map(wanted_anew);
        let mut body = letter.body.clone();
        if let (Some(job), Some(places)) = (&job, places) {
            if let Verdict::Over(why) = self.queue_again(places, job, target).await? {
                return Ok(Verdict::Over(why));
            }
            body = serde_json::to_string(job).unwrap_or(body);
        }
        let stands = format!("message {} is still a dead letter", letter.message_id);
        let failed = |error: CloudError| halfway(error, target, &stands);
        // Why it was given up is no longer true of it.
        let attributes = letter.attributes.iter().filter(|(name, _)| *name != attribute::REASON);
        let attributes: Vec<(&str, String)> = attributes.map(|(name, value)| (name.as_str(), value.clone())).collect();
        // Made from this dead letter: the same when this is done once more, another one when the job dies again.
        let deduplication = format!("redrive-{}", letter.message_id);
        let group = letter.group.clone().unwrap_or_else(|| "redrive".to_owned());
        let deduplication = queue.fifo.then_some(deduplication.as_str());
        self.send_job(&queue.source, &body, &attributes, &group, deduplication).await.map_err(failed)?;
        if let (Some(job), Some(places)) = (&job, places) {
            self.mark_sent(&places.table, job.job_id.as_str()).await.map_err(failed)?;
        }
        self.bury(queue, held).await.map_err(|error| {
            halfway(
                error,
                target,
                &format!("message {} is in the queue again and still a dead letter: it is harmless to repeat this", letter.message_id),
            )
        })?;
        Ok(Verdict::Ready)
    }

    /// Make the record that of a job that waits, whatever it was before, unless the job has come to an end that it stays at.
    async fn queue_again(&self, places: &Places, job: &JobMessage<Value>, target: &Target) -> Result<Verdict, Failure> {
        for _ in 0..MOST_RACES {
            let item = self.item(&places.table, job.job_id.as_str()).await.map_err(|error| failure::of(error, target))?;
            let write = match item {
                None => new(places, job),
                Some(item) => match record::text(&item, column::STATE).unwrap_or_default() {
                    state @ ("done" | "cancelled") => {
                        return Ok(Verdict::Over(format!("job {} is {state}: `dlq drop` deletes the message", job.job_id)));
                    }
                    state => again(places, job, state, &item),
                },
            };
            match self.cloud.act(&write).await {
                Ok(_) => return Ok(Verdict::Ready),
                Err(error) if is_lost_race(&error) => {}
                Err(error) => return Err(failure::of(error, target)),
            }
        }
        Ok(Verdict::Over(format!("the record of job {} changes all the time: somebody works on it", job.job_id)))
    }

    /// A job whose message a person deletes has failed. That of one that SQS gave up may not say so yet, and nobody else will.
    pub(super) async fn end_job(&self, held: &Held, places: Option<&Places>, target: &Target) -> Result<(), Failure> {
        let (Some(job_id), Some(places)) = (&held.letter.job_id, places) else { return Ok(()) };
        let problem = |error| failure::of(error, target);
        let Some(item) = self.item(&places.table, job_id).await.map_err(problem)? else { return Ok(()) };
        let state = record::text(&item, column::STATE).unwrap_or_default();
        if is_final(state) {
            return Ok(());
        }
        let mut update = Update::of(&item, state);
        update.set(column::STATE, text_value(JobState::Failed.as_str()));
        update.set(column::REASON, text_value(DROPPED));
        update.set(column::ERROR, text_value("its message was deleted from the dead-letter queue by a person"));
        update.set(column::ENDED_AT, number_value(now_seconds().saturating_mul(1000)));
        update.remove(column::UNSENT);
        match self.cloud.act(&update.deed(&places.table, job_id)).await {
            Ok(_) => Ok(()),
            Err(error) if is_lost_race(&error) => {
                self.talk.tell(Event::Note { text: format!("job {job_id} moves: its record is left as it is") });
                Ok(())
            }
            Err(error) => Err(problem(error)),
        }
    }
}

/// The job, wanted from now on for as long as it was wanted at first: a worker throws away what nobody wants any more.
fn wanted_anew(job: JobMessage<Value>) -> JobMessage<Value> {
    let lifetime = job.expires_at.saturating_sub(job.created_at);
    JobMessage { expires_at: now_seconds().saturating_add(lifetime).max(job.expires_at), ..job }
}

fn new(places: &Places, job: &JobMessage<Value>) -> crate::cloud::Deed {
    PUT.with(json!({
        "TableName": places.table,
        "Item": record::of_message(job, now_seconds().saturating_sub(job.created_at).saturating_add(KEEP_SECONDS)),
        "ConditionExpression": format!("attribute_not_exists(#{})", column::JOB_ID),
        "ExpressionAttributeNames": names(&[column::JOB_ID]),
    }))
}

fn again(places: &Places, job: &JobMessage<Value>, state: &str, item: &Value) -> crate::cloud::Deed {
    let mut update = Update::of(item, state);
    update.set(column::STATE, text_value(JobState::Queued.as_str()));
    update.set(column::UNSENT, text_value(index::UNSENT_VALUE));
    update.set(column::WANTED_UNTIL, number_value(job.expires_at));
    let kept = record::number(item, column::EXPIRES_AT).unwrap_or_default();
    update.set(column::EXPIRES_AT, number_value(kept.max(now_seconds().saturating_add(KEEP_SECONDS))));
    // What the last attempt left; how often it was begun stays, since workers tell by it who may write.
    for left in [
        column::REASON,
        column::ERROR,
        column::ENDED_AT,
        column::FINISH,
        column::TEXT,
        column::TOKENS,
        column::WORKER,
        column::TRIES,
        column::WAITS,
    ] {
        update.remove(left);
    }
    update.deed(&places.table, job.job_id.as_str())
}

/// An update of a record that is still as it was read.
struct Update {
    sets: Vec<String>,
    removes: Vec<String>,
    columns: Vec<&'static str>,
    values: Map<String, Value>,
    conditions: Vec<String>,
}

impl Update {
    fn of(item: &Value, state: &str) -> Self {
        let mut values = Map::new();
        values.insert(":was".to_owned(), text_value(state));
        let mut conditions = vec![format!("#{} = :was", column::STATE)];
        match item.get(column::ATTEMPT) {
            Some(attempt) => {
                values.insert(":begun".to_owned(), attempt.clone());
                conditions.push(format!("#{} = :begun", column::ATTEMPT));
            }
            None => conditions.push(format!("attribute_not_exists(#{})", column::ATTEMPT)),
        }
        Self { sets: Vec::new(), removes: Vec::new(), columns: vec![column::STATE, column::ATTEMPT], values, conditions }
    }

    fn set(&mut self, column: &'static str, value: Value) {
        self.sets.push(format!("#{column} = :{column}"));
        self.values.insert(format!(":{column}"), value);
        self.columns.push(column);
    }

    fn remove(&mut self, column: &'static str) {
        self.removes.push(format!("#{column}"));
        self.columns.push(column);
    }

    fn deed(self, table: &str, job_id: &str) -> crate::cloud::Deed {
        UPDATE.with(json!({
            "TableName": table,
            "Key": key(job_id),
            "UpdateExpression": format!("SET {} REMOVE {}", self.sets.join(", "), self.removes.join(", ")),
            "ConditionExpression": self.conditions.join(" AND "),
            "ExpressionAttributeNames": names(&self.columns),
            "ExpressionAttributeValues": self.values,
        }))
    }
}
