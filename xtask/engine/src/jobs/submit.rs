//! Handing in a job: the record, the message, and then the record's word that the message is sent.
//!
//! Killed between two of these, nothing is lost: the record is marked until its message is surely in the queue, and the reconciler sends
//! the message of a record that stays marked.

use contract::fleet::{OPS_GROUP, OpsMessage, Order as FleetOrder, WAKE_PREFIX, WAKE_SECONDS};
use contract::jobs::{JobMessage, MAX_MESSAGE_BYTES, Version, column};
use contract::outputs::imagegen::PICTURE_QUEUE_URL;
use protocol::{Event, Failure, Outcome, Submit, Target};
use serde_json::{Map, Value, json};

use super::record::{self, key, names};
use super::{PUT, Places, SEND, UPDATE, among, halfway, is_lost_race, now_seconds, output};
use crate::cloud::{Cloud, CloudError, attribute as text_attribute};
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Hand in a job.
    pub(crate) async fn submit(&self, request: &Submit) -> Result<Outcome, Failure> {
        let target = &request.target;
        let message = read(&request.message)?;
        let states = self.read_states(target).await?;
        let mut places = among(&states, &request.stack, target)?;
        if let Some(pictures) = &request.pictures {
            places.queue = output(&states, pictures, PICTURE_QUEUE_URL, target)?;
        }
        let id = message.job_id.as_str();
        self.begin_job(&places, &message, request.record_seconds, target).await?;

        let body = request.message.to_string();
        let attributes = message.attributes();
        // A standard queue knows no deduplication, and needs none: who finds a job's message twice finds it claimed.
        let deduplication = request.pictures.is_none().then(|| message.deduplication_id());
        let sent = self.send_job(&places.queue, &body, &attributes, message.message_group_id(), deduplication);
        let stands = format!("the record of job {id} stands, and the reconciler sends its message within a minute");
        sent.await.map_err(|error| halfway(error, target, &stands))?;
        let stands = format!("job {id} is in the queue, and its record will say so when the reconciler has sent it once more");
        self.mark_sent(&places.table, id).await.map_err(|error| halfway(error, target, &stands))?;
        if request.pictures.is_none() {
            self.wake(&places).await;
        }
        self.talk.tell(Event::Note { text: format!("job {id} is in the queue, for `{}`", message.user) });
        Ok(Outcome::Changed)
    }

    /// Write the record.
    async fn begin_job(&self, places: &Places, message: &JobMessage<Value>, keep: u64, target: &Target) -> Result<(), Failure> {
        let item = record::of_message(message, keep);
        let put = PUT.with(json!({
            "TableName": places.table,
            "Item": item,
            "ConditionExpression": format!("attribute_not_exists(#{})", column::JOB_ID),
            "ExpressionAttributeNames": names(&[column::JOB_ID]),
        }));
        match self.cloud.act(&put).await {
            Ok(_) => Ok(()),
            Err(error) if is_lost_race(&error) => {
                let found = self.item(&places.table, message.job_id.as_str()).await.map_err(|error| failure::of(error, target))?;
                // An answer that was lost is asked for once more: the record is this one then.
                if found.as_ref() == Some(&item) {
                    return Ok(());
                }
                let text = format!("there is a job {} already", message.job_id);
                Err(failure::request(text, "nothing was changed; a job gets an id of its own"))
            }
            Err(error) => Err(failure::of(error, target)),
        }
    }

    /// Put a job's message into its queue; a FIFO queue wants a deduplication id, and no other takes one.
    pub(super) async fn send_job(
        &self,
        queue: &str,
        body: &str,
        attributes: &[(&str, String)],
        group: &str,
        deduplication: Option<&str>,
    ) -> Result<(), CloudError> {
        let attributes: Map<String, Value> = attributes.iter().map(|(name, value)| ((*name).to_owned(), text_attribute(value))).collect();
        let mut parameters = json!({
            "QueueUrl": queue,
            "MessageBody": body,
            "MessageGroupId": group,
        });
        if let Some(parameters) = parameters.as_object_mut() {
            parameters.extend(deduplication.map(|id| ("MessageDeduplicationId".to_owned(), Value::from(id))));
            if !attributes.is_empty() {
                parameters.insert("MessageAttributes".to_owned(), Value::Object(attributes));
            }
        }
        self.cloud.act(&SEND.with(parameters)).await.map(drop)
    }

    /// The message is surely in the queue.
    pub(super) async fn mark_sent(&self, table: &str, job_id: &str) -> Result<(), CloudError> {
        let update = UPDATE.with(json!({
            "TableName": table,
            "Key": key(job_id),
            "UpdateExpression": format!("REMOVE #{}", column::UNSENT),
            // A record that was forgotten in between is not made anew, with nothing in it.
            "ConditionExpression": format!("attribute_exists(#{})", column::JOB_ID),
            "ExpressionAttributeNames": names(&[column::JOB_ID, column::UNSENT]),
        }));
        match self.cloud.act(&update).await {
            Ok(_) => Ok(()),
            Err(error) if is_lost_race(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Let the reconciler look now. Without this it looks within a minute, so a failure is only told.
    pub(super) async fn wake(&self, places: &Places) {
        let Some(ops) = &places.ops else { return };
        let message = OpsMessage { version: Version, order: FleetOrder::Wake };
        let Ok(body) = serde_json::to_string(&message) else { return };
        let deduplication = format!("{WAKE_PREFIX}{}", now_seconds() / WAKE_SECONDS);
        if let Err(error) = self.send_job(ops, &body, &[], OPS_GROUP, Some(&deduplication)).await {
            self.talk.tell(Event::Note { text: format!("the reconciler was not woken and looks within a minute ({error})") });
        }
    }
}

/// The message, if it is one that SQS takes and a worker understands.
fn read(message: &Value) -> Result<JobMessage<Value>, Failure> {
    let nothing = "nothing was sent";
    let read: JobMessage<Value> = serde_json::from_value(message.clone())
        .map_err(|error| failure::request(format!("this is no message of a job: {error}"), nothing))?;
    if let Some(problem) = read.problem() {
        return Err(failure::request(problem, nothing));
    }
    // Attributes count as well.
    let attributes: usize = read.attributes().iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
    let bytes = message.to_string().len() + attributes;
    if MAX_MESSAGE_BYTES < bytes {
        let text = format!("the job's message has {bytes} bytes; SQS takes at most {MAX_MESSAGE_BYTES}");
        return Err(failure::request(text, "nothing was sent; a shorter prompt would be taken"));
    }
    Ok(read)
}
