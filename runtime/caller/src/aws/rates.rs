//! The table that counts requests per user.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use contract::front_door::rate;

use super::{
    failed,
    item::{Columns, Item, number, text},
};
use crate::{
    StoreError,
    limits::{RateStore, Window, Written},
};

const DOING: &str = "count the request";

/// The table that counts requests per user.
#[derive(Debug, Clone)]
pub struct RateTable {
    dynamo: aws_sdk_dynamodb::Client,
    table: String,
}

impl RateStore for RateTable {
    async fn write(&self, user: &str, expected: Option<u64>, window: &Window, expires_at: u64) -> Result<Written, StoreError> {
        let times = window.times.iter().copied().map(number).collect();
        let call = self
            .dynamo
            .put_item()
            .table_name(&self.table)
            .item(rate::USER, text(user))
            .item(rate::VERSION, number(window.version))
            .item(rate::TIMES, AttributeValue::L(times))
            .item(rate::EXPIRES_AT, number(expires_at))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // `user` is one of DynamoDB's reserved words, as many others are: names stand apart everywhere.
        let call = match expected {
            None => call.condition_expression("attribute_not_exists(#user)").expression_attribute_names("#user", rate::USER),
            Some(version) => call
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", rate::VERSION)
                .expression_attribute_values(":version", number(version)),
        };
        let error = match call.send().await {
            Ok(_) => return Ok(Written::Yes),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(condition)) = error.as_service_error() else {
            return Err(failed(DOING)(error));
        };
        let present = match condition.item() {
            Some(item) => Some(item.clone()),
            None => self.present(user).await?,
        };
        present.as_ref().map(window_of).transpose().map(Written::No)
    }
}

impl RateTable {
    /// The table of that name. Nothing is called yet.
    #[must_use]
    pub fn new(aws: &SdkConfig, table: &str) -> Self {
        Self { dynamo: aws_sdk_dynamodb::Client::new(aws), table: table.to_owned() }
    }

    /// The item as it is: asked for where the failed write did not bring it, because there is none or because the endpoint does not do that.
    async fn present(&self, user: &str) -> Result<Option<Item>, StoreError> {
        let call = self.dynamo.get_item().table_name(&self.table).key(rate::USER, text(user)).consistent_read(true);
        call.send().await.map(|answer| answer.item).map_err(failed(DOING))
    }
}

fn window_of(item: &Item) -> Result<Window, StoreError> {
    let columns = Columns { item, doing: DOING };
    let version = columns.number(rate::VERSION).ok_or_else(|| columns.wrong(rate::VERSION, "is no number"))?;
    let times = item.get(rate::TIMES).and_then(|times| times.as_l().ok()).map(Vec::as_slice).unwrap_or_default();
    let time = |value: &AttributeValue| value.as_n().ok().and_then(|number| number.parse().ok());
    let times: Option<Vec<u64>> = times.iter().map(time).collect();
    Ok(Window { version, times: times.ok_or_else(|| columns.wrong(rate::TIMES, "is no list of numbers"))? })
}
