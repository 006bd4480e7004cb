//! The jobs table.

use aws_sdk_dynamodb::{
    operation::{transact_write_items::TransactWriteItemsError, update_item::UpdateItemError},
    types::{AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use contract::jobs::{
    JobId, JobMessage, JobState, Version,
    column::{
        ATTEMPT, BODY_SHA256, CREATED_AT, ENDED_AT, ERROR, EXPIRES_AT, FINISH, FOR_JOB, JOB_ID, PARAMETERS, PROMPT_TOKENS, REASON,
        RESULT_BUCKET, RESULT_KEY, STARTED_AT, STATE, STOP, TASK, TEXT, TOKENS, UNSENT, USER, WANTED_UNTIL,
    },
    index,
};

use super::{
    Aws, failed,
    item::{Columns, Item, number, text},
};
use crate::cloud::{Changed, Created, JobStore, NewJob, NewKey, Record, StoreError};

/// Two requests with the same key at the same moment disturb each other's transactions; the second try finds the first one's end.
const TRIES: u32 = 5;

const CREATING: &str = "store the job";
const READING: &str = "read the job";
const CHANGING: &str = "change the job";

impl JobStore for Aws {
    async fn create(&self, job: &NewJob<'_>) -> Result<Created, StoreError> {
        match job.key {
            None => self.put(job).await,
            Some(key) => self.put_with_key(job, key).await,
        }
    }

    async fn sent(&self, job_id: &JobId) -> Result<(), StoreError> {
        let call = self.dynamo.update_item().table_name(&self.jobs_table).key(JOB_ID, text(job_id.as_str()));
        // A record that was forgotten meanwhile must not come back as an empty one.
        let call = call
            .condition_expression("attribute_exists(#job)")
            .update_expression("REMOVE #unsent")
            .expression_attribute_names("#job", JOB_ID)
            .expression_attribute_names("#unsent", UNSENT);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(()),
            Err(error) => Err(failed("note that the job was sent")(error)),
        }
    }

    async fn read(&self, job_id: &JobId) -> Result<Option<Record>, StoreError> {
        self.item(job_id.as_str()).await?.as_ref().map(record_of).transpose()
    }

    async fn cancel(&self, job_id: &JobId, user: &str, now_milliseconds: u64) -> Result<Changed, StoreError> {
        let update = Update {
            expression: "SET #state = :becomes, #ended = :now REMOVE #unsent",
            names: &[("#ended", ENDED_AT), ("#unsent", UNSENT)],
            values: vec![(":becomes", text(JobState::Cancelled.as_str())), (":now", number(now_milliseconds))],
        };
        self.change(job_id, user, JobState::Queued, update).await
    }

    async fn ask_to_stop(&self, job_id: &JobId, user: &str) -> Result<Changed, StoreError> {
        let values = vec![(":true", AttributeValue::Bool(true))];
        let update = Update { expression: "SET #stop = :true", names: &[("#stop", STOP)], values };
        self.change(job_id, user, JobState::Running, update).await
    }
}

struct Update<'a> {
    expression: &'a str,
    names: &'a [(&'a str, &'a str)],
    values: Vec<(&'a str, AttributeValue)>,
}

impl Aws {
    async fn put(&self, job: &NewJob<'_>) -> Result<Created, StoreError> {
        let call = self.dynamo.put_item().table_name(&self.jobs_table).set_item(Some(item_of(job)));
        let call = call.condition_expression("attribute_not_exists(#job)").expression_attribute_names("#job", JOB_ID);
        match call.send().await {
            Ok(_) => Ok(Created::New),
            // Identities are given once: what is there was written by an earlier try of this call, whose answer was lost.
            Err(error) if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => Ok(Created::New),
            Err(error) => Err(failed(CREATING)(error)),
        }
    }

    async fn put_with_key(&self, job: &NewJob<'_>, key: NewKey<'_>) -> Result<Created, StoreError> {
        let wrong = |error: aws_sdk_dynamodb::error::BuildError| StoreError::new(CREATING, error);
        // A key whose time is over may still be there: DynamoDB forgets when it likes to.
        let key_item = Put::builder()
            .table_name(&self.jobs_table)
            .item(JOB_ID, text(key.id))
            .item(EXPIRES_AT, number(job.expires_at))
            .item(BODY_SHA256, text(key.body_sha256))
            .item(FOR_JOB, text(job.message.job_id.as_str()))
            .condition_expression("attribute_not_exists(#job) OR #expires < :now")
            .expression_attribute_names("#job", JOB_ID)
            .expression_attribute_names("#expires", EXPIRES_AT)
            .expression_attribute_values(":now", number(job.message.created_at))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(wrong)?;
        let record = Put::builder()
            .table_name(&self.jobs_table)
            .set_item(Some(item_of(job)))
            .condition_expression("attribute_not_exists(#job)")
            .expression_attribute_names("#job", JOB_ID)
            .build()
            .map_err(wrong)?;
        let mut tried = 0;
        loop {
            tried += 1;
            let call = self
                .dynamo
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().put(key_item.clone()).build())
                .transact_items(TransactWriteItem::builder().put(record.clone()).build())
                // The same token again, within ten minutes, is the same transaction: a lost answer costs nothing.
                .client_request_token(job.message.job_id.as_str());
            let error = match call.send().await {
                Ok(_) => return Ok(Created::New),
                Err(error) => error,
            };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons().to_vec(),
                Some(_) | None => Vec::new(),
            };
            let has = |reason: Option<&CancellationReason>, code: &str| reason.and_then(CancellationReason::code) == Some(code);
            if has(reasons.first(), "ConditionalCheckFailed") {
                let present = match reasons.first().and_then(CancellationReason::item) {
                    Some(item) => Some(item.clone()),
                    None => self.item(key.id).await?,
                };
                return present.as_ref().map_or(Err(failed(CREATING)(error)), known_of);
            }
            let disturbed = reasons.iter().any(|reason| has(Some(reason), "TransactionConflict"));
            if !disturbed || TRIES <= tried {
                return Err(failed(CREATING)(error));
            }
        }
    }

    async fn item(&self, key: &str) -> Result<Option<Item>, StoreError> {
        let call = self.dynamo.get_item().table_name(&self.jobs_table).key(JOB_ID, text(key)).consistent_read(true);
        call.send().await.map(|answer| answer.item).map_err(failed(READING))
    }

    /// Changes a user's job if it is in this state.
    async fn change(&self, job_id: &JobId, user: &str, from: JobState, update: Update<'_>) -> Result<Changed, StoreError> {
        let mut call = self
            .dynamo
            .update_item()
            .table_name(&self.jobs_table)
            .key(JOB_ID, text(job_id.as_str()))
            .condition_expression("#state = :from AND #user = :user")
            .update_expression(update.expression)
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#user", USER)
            .expression_attribute_values(":from", text(from.as_str()))
            .expression_attribute_values(":user", text(user))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for &(name, column) in update.names {
            call = call.expression_attribute_names(name, column);
        }
        for (name, value) in update.values {
            call = call.expression_attribute_values(name, value);
        }
        let error = match call.send().await {
            Ok(_) => return Ok(Changed::Yes),
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(condition)) = error.as_service_error() else {
            return Err(failed(CHANGING)(error));
        };
        let present = match condition.item() {
            Some(item) => Some(item.clone()),
            None => self.item(job_id.as_str()).await?,
        };
        Ok(Changed::No(present.as_ref().map(record_of).transpose()?.map(Box::new)))
    }
}

fn item_of(job: &NewJob<'_>) -> Item {
    let JobMessage { version: _, job_id, user, task, created_at, expires_at, parameters } = job.message;
    let columns = [
        (JOB_ID, text(job_id.as_str())),
        (EXPIRES_AT, number(job.expires_at)),
        (USER, text(user)),
        (TASK, text(task)),
        (STATE, text(JobState::Queued.as_str())),
        (CREATED_AT, number(*created_at)),
        (WANTED_UNTIL, number(*expires_at)),
        (PARAMETERS, text(parameters.to_string())),
        (UNSENT, text(index::UNSENT_VALUE)),
        (ATTEMPT, number(0)),
    ];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn known_of(item: &Item) -> Result<Created, StoreError> {
    let columns = Columns { item, doing: CREATING };
    Ok(Created::Known { job_id: columns.required(FOR_JOB)?, body_sha256: columns.required(BODY_SHA256)? })
}

fn record_of(item: &Item) -> Result<Record, StoreError> {
    let columns = Columns { item, doing: READING };
    let required = |name| columns.number(name).ok_or_else(|| columns.wrong(name, "is no number"));
    let parameters = columns.text(PARAMETERS).unwrap_or_default();
    Ok(Record {
        message: JobMessage {
            version: Version,
            job_id: columns.required(JOB_ID)?,
            user: columns.required(USER)?,
            task: columns.required(TASK)?,
            created_at: required(CREATED_AT)?,
            expires_at: required(WANTED_UNTIL)?,
            parameters: serde_json::from_str(&parameters).map_err(|error| columns.wrong(PARAMETERS, &error.to_string()))?,
        },
        state: columns.required(STATE)?,
        unsent: item.contains_key(UNSENT),
        started_at: columns.number(STARTED_AT),
        ended_at: columns.number(ENDED_AT),
        text: columns.text(TEXT),
        tokens: columns.number(TOKENS),
        prompt_tokens: columns.number(PROMPT_TOKENS),
        finish: columns.word(FINISH)?,
        reason: columns.text(REASON),
        error: columns.text(ERROR),
        result: columns.text(RESULT_BUCKET).zip(columns.text(RESULT_KEY)),
    })
}
