//! The jobs table.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use contract::jobs::{JobMessage, JobState, Version, column, index};

use super::{Aws, Item, failed, number, number_of, text, text_of, word_of};
use crate::cloud::{CloudError, End, JobRecord, JobsTable};

impl JobsTable for Aws {
    async fn unsent(&self, before_seconds: u64, most: u32) -> Result<Vec<String>, CloudError> {
        let answer = self
            .dynamodb
            .query()
            .table_name(&self.jobs_table)
            .index_name(index::UNSENT)
            .key_condition_expression("#unsent = :unsent AND #created <= :before")
            .expression_attribute_names("#unsent", column::UNSENT)
            .expression_attribute_names("#created", column::CREATED_AT)
            .expression_attribute_values(":unsent", text(index::UNSENT_VALUE))
            .expression_attribute_values(":before", number(before_seconds))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(failed("look for unsent jobs"))?;
        Ok(answer.items().iter().filter_map(|item| text_of(item, column::JOB_ID)).map(str::to_owned).collect())
    }

    async fn job(&self, job_id: &str) -> Result<Option<JobRecord>, CloudError> {
        let key = HashMap::from([(column::JOB_ID.to_owned(), text(job_id))]);
        let call = self.dynamodb.get_item().table_name(&self.jobs_table).set_key(Some(key)).consistent_read(true);
        let answer = call.send().await.map_err(failed(format!("read the job `{job_id}`")))?;
        Ok(answer.item.map(|item| record(&item)))
    }

    async fn remove_mark(&self, job_id: &str) -> Result<(), CloudError> {
        let call = self.update_job(job_id).update_expression("REMOVE #unsent").condition_expression("attribute_exists(#unsent)");
        send(call, job_id).await
    }

    async fn end_job(&self, job_id: &str, end: End<'_>, now_seconds: u64) -> Result<(), CloudError> {
        let (state, more) = match end {
            End::Expired => (JobState::Expired, None),
            End::Failed { error } => (JobState::Failed, Some(error)),
        };
        let set = if more.is_some() { ", #reason = :reason, #error = :error" } else { "" };
        let mut call = self
            .update_job(job_id)
            .update_expression(format!("SET #state = :state, #ended = :ended{set} REMOVE #unsent"))
            // A worker that has it after all is not disturbed.
            .condition_expression("attribute_exists(#unsent) AND #state = :queued")
            .expression_attribute_names("#state", column::STATE)
            .expression_attribute_names("#ended", column::ENDED_AT)
            .expression_attribute_values(":state", text(state.as_str()))
            .expression_attribute_values(":queued", text(JobState::Queued.as_str()))
            .expression_attribute_values(":ended", number(now_seconds.saturating_mul(1_000)));
        if let Some(error) = more {
            call = call
                .expression_attribute_names("#reason", column::REASON)
                .expression_attribute_names("#error", column::ERROR)
                .expression_attribute_values(":reason", text("unreadable"))
                .expression_attribute_values(":error", text(error));
        }
        send(call, job_id).await
    }
}

impl Aws {
    fn update_job(&self, job_id: &str) -> UpdateItemFluentBuilder {
        let call = self.dynamodb.update_item().table_name(&self.jobs_table).key(column::JOB_ID, text(job_id));
        call.expression_attribute_names("#unsent", column::UNSENT)
    }
}

/// A condition that does not hold is no failure: somebody else has been there.
async fn send(call: UpdateItemFluentBuilder, job_id: &str) -> Result<(), CloudError> {
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(()),
        Err(error) => Err(failed(format!("write the job `{job_id}`"))(error)),
    }
}

fn record(item: &Item) -> JobRecord {
    JobRecord {
        state: word_of(item, column::STATE),
        unsent: item.contains_key(column::UNSENT),
        wanted_until: number_of(item, column::WANTED_UNTIL).unwrap_or_default(),
        message: message(item),
    }
}

/// The message as the front door made it, from the record alone.
fn message(item: &Item) -> Result<JobMessage<serde_json::Value>, String> {
    let missing = |column: &str| format!("the record has no `{column}`");
    let word = |column: &str| text_of(item, column).ok_or_else(|| missing(column));
    let message = JobMessage {
        version: Version,
        job_id: word(column::JOB_ID)?.parse().map_err(|error: contract::jobs::NotAJobId| error.to_string())?,
        user: word(column::USER)?.to_owned(),
        task: word(column::TASK)?.to_owned(),
        created_at: number_of(item, column::CREATED_AT).ok_or_else(|| missing(column::CREATED_AT))?,
        expires_at: number_of(item, column::WANTED_UNTIL).ok_or_else(|| missing(column::WANTED_UNTIL))?,
        parameters: serde_json::from_str(word(column::PARAMETERS)?).map_err(|error| format!("the parameters are no JSON: {error}"))?,
    };
    message.problem().map_or(Ok(message), Err)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";

    fn item() -> Item {
        let columns = [
            (column::JOB_ID, text(ID)),
            (column::USER, text("alice")),
            (column::TASK, text("generate")),
            (column::STATE, text("queued")),
            (column::UNSENT, text(index::UNSENT_VALUE)),
            (column::CREATED_AT, number(1_000)),
            (column::WANTED_UNTIL, number(4_600)),
            (column::PARAMETERS, text(r#"{"model":"tiny"}"#)),
        ];
        columns.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn the_message_is_the_one_that_the_front_door_would_have_sent() {
        let record = record(&item());

        let expected = JobMessage::new(ID.parse().unwrap(), "alice", "generate", 1_000, 3_600, json!({ "model": "tiny" }));
        assert_eq!(record.message, Ok(expected), "SQS would not take it for the same message, and the worker would read another");
        assert!(record.unsent && record.state == Some(JobState::Queued) && record.wanted_until == 4_600);
    }

    #[test]
    fn a_record_without_a_message_says_what_is_missing() {
        let mut broken = item();
        broken.remove(column::PARAMETERS);

        assert_eq!(record(&broken).message, Err("the record has no `parameters`".to_owned()));
    }
}
