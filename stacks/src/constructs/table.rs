//! Tables whose items are found by one key.

use cfn_kit::dynamodb;
use cfn_kit::dynamodb::table::{AttributeDefinition, AttributeType, BillingMode, KeySchema, KeyType};
use cfn_kit::prelude::*;
use foundation::environment::{DataProtection, Environment};

use super::protect;

/// A table with a text as its only key, paid by the request, whose items DynamoDB forgets when their time has come.
#[derive(Debug, Clone, Copy)]
pub struct Table<'e> {
    env: &'e Environment,
    key: &'static str,
    expires_at: &'static str,
    recoverable: bool,
    index: Option<SparseIndex>,
}

/// An index that holds only the items that have its key: finding few among many costs what the few cost.
#[derive(Debug, Clone, Copy)]
pub struct SparseIndex {
    /// The index's name.
    pub name: &'static str,
    /// The attribute that only few items have, a text.
    pub key: &'static str,
    /// The attribute that sorts them, a number.
    pub number: &'static str,
}

impl<'e> Table<'e> {
    /// A table with this key, and this time-to-live attribute in seconds since 1970.
    #[must_use]
    pub fn new(env: &'e Environment, key: &'static str, expires_at: &'static str) -> Self {
        Self { env, key, expires_at, recoverable: false, index: None }
    }

    /// Let it be restored to any second of the last 35 days, which costs by its size.
    #[must_use]
    pub fn recoverable(self, recoverable: bool) -> Self {
        Self { recoverable, ..self }
    }

    /// Find the few items that have an attribute.
    #[must_use]
    pub fn sparse_index(self, index: SparseIndex) -> Self {
        Self { index: Some(index), ..self }
    }
}

impl<S> Construct<S> for Table<'_> {
    type Handle = Handle<dynamodb::Table, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        use dynamodb::table::{GlobalSecondaryIndex, GlobalSecondaryIndexKeySchema, PointInTimeRecoverySpecification, Projection};
        use dynamodb::table::{ProjectionType, TimeToLiveSpecification};
        let recovery = PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(self.recoverable);
        let data = self.env.protection.data;
        let mut attributes = vec![AttributeDefinition::new(self.key, AttributeType::S)];
        attributes.extend(self.index.into_iter().flat_map(|index| {
            [AttributeDefinition::new(index.key, AttributeType::S), AttributeDefinition::new(index.number, AttributeType::N)]
        }));
        let index = self.index.map(|index| {
            let keys = [
                GlobalSecondaryIndexKeySchema::new(index.key, KeyType::Hash),
                GlobalSecondaryIndexKeySchema::new(index.number, KeyType::Range),
            ];
            // The message that is sent again is made from the whole record.
            [GlobalSecondaryIndex::new(index.name, keys, Projection::new().projection_type(ProjectionType::All))]
        });
        let table = dynamodb::Table::new([KeySchema::new(self.key, KeyType::Hash)])
            .attribute_definitions(attributes)
            .billing_mode(BillingMode::PayPerRequest)
            .time_to_live_specification(TimeToLiveSpecification::new(true).attribute_name(self.expires_at))
            .point_in_time_recovery_specification(recovery)
            .deletion_protection_enabled(data == DataProtection::Keep)
            .when_some(index, |table, index| table.global_secondary_indexes(index));
        template.add(id, protect(table, data))
    }
}
