//! The fleet's table, as far as operations go.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use contract::{
    api::Operation,
    fleet::{
        OperationState,
        column::{ASKED_BY, CREATED_AT, ERROR, EXPIRES_AT, ID, INSTANCE_TYPE, STATE, UPDATED_AT},
        operation_key,
    },
};

use super::{
    Aws, failed,
    item::{Columns, Item, number, text},
};
use crate::cloud::{FleetStore, StoreError};

const READING: &str = "read the operation";

impl FleetStore for Aws {
    async fn begin(&self, operation: &Operation, asked_by: &str, expires_at: u64) -> Result<(), StoreError> {
        let Operation { operation_id, state, instance_type, created_at, updated_at, error: _ } = operation;
        let call = self
            .dynamo
            .put_item()
            .table_name(&self.fleet_table)
            .item(ID, text(operation_key(operation_id)))
            .item(EXPIRES_AT, number(expires_at))
            .item(STATE, text(state.as_str()))
            .item(INSTANCE_TYPE, text(instance_type))
            .item(ASKED_BY, text(asked_by))
            .item(CREATED_AT, number(*created_at))
            .item(UPDATED_AT, number(*updated_at));
        call.send().await.map(drop).map_err(failed("store the operation"))
    }

    async fn fail(&self, operation_id: &str, error: &str, now_seconds: u64) -> Result<(), StoreError> {
        let call = self
            .dynamo
            .update_item()
            .table_name(&self.fleet_table)
            .key(ID, text(operation_key(operation_id)))
            .condition_expression("#state = :queued")
            .update_expression("SET #state = :failed, #error = :error, #updated = :now")
            .expression_attribute_names("#state", STATE)
            .expression_attribute_names("#error", ERROR)
            .expression_attribute_names("#updated", UPDATED_AT)
            .expression_attribute_values(":queued", text(OperationState::Queued.as_str()))
            .expression_attribute_values(":failed", text(OperationState::Failed.as_str()))
            .expression_attribute_values(":error", text(error))
            .expression_attribute_values(":now", number(now_seconds));
        match call.send().await {
            Ok(_) => Ok(()),
            // Somebody began it after all.
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(()),
            Err(error) => Err(failed("note that the operation failed")(error)),
        }
    }

    async fn operation(&self, operation_id: &str) -> Result<Option<Operation>, StoreError> {
        let call = self.dynamo.get_item().table_name(&self.fleet_table).key(ID, text(operation_key(operation_id))).consistent_read(true);
        let item = call.send().await.map(|answer| answer.item).map_err(failed(READING))?;
        item.as_ref().map(|item| operation_of(operation_id, item)).transpose()
    }
}

fn operation_of(operation_id: &str, item: &Item) -> Result<Operation, StoreError> {
    let columns = Columns { item, doing: READING };
    let required = |name| columns.number(name).ok_or_else(|| columns.wrong(name, "is no number"));
    Ok(Operation {
        operation_id: operation_id.to_owned(),
        state: columns.required(STATE)?,
        instance_type: columns.required(INSTANCE_TYPE)?,
        created_at: required(CREATED_AT)?,
        // The state machine may leave it as it was.
        updated_at: columns.number(UPDATED_AT).map_or_else(|| required(CREATED_AT), Ok)?,
        error: columns.text(ERROR),
    })
}
