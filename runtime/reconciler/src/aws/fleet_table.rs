//! The fleet's table.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use contract::fleet::{FLEET, OperationState, column, operation_key, worker_key};

use super::{Aws, Item, failed, number, number_of, text, text_of, word_of};
use crate::cloud::{CloudError, FleetTable, Operation, Worker};

impl FleetTable for Aws {
    async fn idle_since(&self) -> Result<Option<u64>, CloudError> {
        Ok(self.fleet_item(FLEET).await?.and_then(|item| number_of(&item, column::IDLE_SINCE)))
    }

    async fn begin_idle(&self, now_seconds: u64) -> Result<(), CloudError> {
        let call = self
            .update_fleet(FLEET)
            .update_expression("SET #idle = :now")
            .condition_expression("attribute_not_exists(#idle)")
            .expression_attribute_names("#idle", column::IDLE_SINCE)
            .expression_attribute_values(":now", number(now_seconds));
        send(call).await.map(drop)
    }

    async fn end_idle(&self) -> Result<(), CloudError> {
        let call = self.update_fleet(FLEET).update_expression("REMOVE #idle").expression_attribute_names("#idle", column::IDLE_SINCE);
        send(call).await.map(drop)
    }

    async fn workers(&self, since_seconds: u64) -> Result<Vec<Worker>, CloudError> {
        // The table holds a line per worker and operation of the last days: a scan is one call, and needs no index.
        let mut pages = self
            .dynamodb
            .scan()
            .table_name(&self.fleet_table)
            .consistent_read(true)
            .filter_expression("begins_with(#id, :worker) AND #updated >= :since")
            .expression_attribute_names("#id", column::ID)
            .expression_attribute_names("#updated", column::UPDATED_AT)
            .expression_attribute_values(":worker", text(worker_key("")))
            .expression_attribute_values(":since", number(since_seconds))
            .into_paginator()
            .items()
            .send();
        let mut workers = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(failed("read what the workers say"))?;
            workers.push(Worker { busy: number_of(&item, column::BUSY).unwrap_or_default() });
        }
        Ok(workers)
    }

    async fn operation(&self, operation_id: &str) -> Result<Option<Operation>, CloudError> {
        let item = self.fleet_item(&operation_key(operation_id)).await?;
        Ok(item
            .map(|item| Operation { state: word_of(&item, column::STATE), has_execution: text_of(&item, column::EXECUTION_ARN).is_some() }))
    }

    async fn operation_runs(&self, operation_id: &str, execution_arn: &str, now_seconds: u64) -> Result<(), CloudError> {
        let key = operation_key(operation_id);
        let queued = self
            .update_fleet(&key)
            .update_expression("SET #execution = :execution, #state = :running, #updated = :now")
            .condition_expression("attribute_not_exists(#state) OR #state = :queued")
            .expression_attribute_names("#execution", column::EXECUTION_ARN)
            .expression_attribute_names("#state", column::STATE)
            .expression_attribute_names("#updated", column::UPDATED_AT)
            .expression_attribute_values(":execution", text(execution_arn))
            .expression_attribute_values(":running", text(OperationState::Running.as_str()))
            .expression_attribute_values(":queued", text(OperationState::Queued.as_str()))
            .expression_attribute_values(":now", number(now_seconds));
        if send(queued).await? {
            return Ok(());
        }
        // The machine was quicker: it has written a state that is newer than ours.
        let quicker = self
            .update_fleet(&key)
            .update_expression("SET #execution = :execution")
            .expression_attribute_names("#execution", column::EXECUTION_ARN)
            .expression_attribute_values(":execution", text(execution_arn));
        send(quicker).await.map(drop)
    }

    async fn operation_refused(&self, operation_id: &str, error: &str, now_seconds: u64) -> Result<(), CloudError> {
        let call = self
            .update_fleet(&operation_key(operation_id))
            .update_expression("SET #state = :failed, #error = :error, #updated = :now")
            .condition_expression("attribute_not_exists(#state) OR #state = :queued")
            .expression_attribute_names("#state", column::STATE)
            .expression_attribute_names("#error", column::ERROR)
            .expression_attribute_names("#updated", column::UPDATED_AT)
            .expression_attribute_values(":failed", text(OperationState::Failed.as_str()))
            .expression_attribute_values(":queued", text(OperationState::Queued.as_str()))
            .expression_attribute_values(":error", text(error))
            .expression_attribute_values(":now", number(now_seconds));
        send(call).await.map(drop)
    }
}

impl Aws {
    async fn fleet_item(&self, id: &str) -> Result<Option<Item>, CloudError> {
        let call = self.dynamodb.get_item().table_name(&self.fleet_table).key(column::ID, text(id)).consistent_read(true);
        Ok(call.send().await.map_err(failed(format!("read `{id}` of the fleet's table")))?.item)
    }

    fn update_fleet(&self, id: &str) -> UpdateItemFluentBuilder {
        self.dynamodb.update_item().table_name(&self.fleet_table).key(column::ID, text(id))
    }
}

/// Whether the condition held.
async fn send(call: UpdateItemFluentBuilder) -> Result<bool, CloudError> {
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(false),
        Err(error) => Err(failed("write to the fleet's table")(error)),
    }
}
