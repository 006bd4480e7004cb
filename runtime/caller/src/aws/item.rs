//! Items of DynamoDB as Rust's values.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::StoreError;

/// An item: columns by name.
pub type Item = HashMap<String, AttributeValue>;

/// A text.
#[must_use]
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number.
#[must_use]
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Looks into an item. A column that is absent is nothing; one that holds what it must not is an error, since somebody else writes it.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// What is looked into.
    pub item: &'a Item,
    /// What is being done, for the error.
    pub doing: &'static str,
}

impl Columns<'_> {
    /// A text; nothing when the column holds none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.item.get(name).and_then(|value| value.as_s().ok()).cloned()
    }

    /// A number that is not below zero; nothing when the column holds none.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
    }

    /// A text that must be there and be read as `T`.
    ///
    /// # Errors
    ///
    /// It is not there, or no `T`.
    pub fn required<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        self.word(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A text that is one of a type's words.
    ///
    /// # Errors
    ///
    /// It is another word.
    pub fn word<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        serde_json::from_value(text.into()).map(Some).map_err(|error| self.wrong(name, &error.to_string()))
    }

    /// An error about a column.
    #[must_use]
    pub fn wrong(&self, name: &str, what: &str) -> StoreError {
        StoreError::new(self.doing, format!("the column `{name}` {what}"))
    }
}
