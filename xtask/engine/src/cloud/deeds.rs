//! What the engine does to jobs: their records and their messages, and nothing else of what a stack holds.

use serde_json::{Value, json};

use super::{Action, Ask, Protocol, Service};

/// DynamoDB.
pub(crate) static DYNAMODB: Service = Service::new("dynamodb", Protocol::Json { version: "1.0", target: "DynamoDB_20120810" });
/// SQS.
pub(crate) static SQS: Service = Service::new("sqs", Protocol::Json { version: "1.0", target: "AmazonSQS" });

/// Everything that can be done.
const DEEDS: &[&str] = &["PutItem", "UpdateItem", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"];

/// An operation on one record or one message. The only way to one is [`Order::of`], which refuses every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order(Action);

impl Order {
    /// An operation of a service.
    ///
    /// # Panics
    /// While compiling, for an operation that is none on one record or one message.
    #[must_use]
    pub const fn of(service: &'static Service, operation: &'static str) -> Self {
        assert!(is_deed(operation), "the engine changes records and messages, and what a stack declares by CloudFormation alone");
        Self(Action::unchecked(service, operation))
    }

    /// The operation with its parameters, as AWS spells them.
    #[must_use]
    pub fn with(self, parameters: Value) -> Deed {
        Deed(self.0.ask(parameters))
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed(Ask);

impl Deed {
    /// The operation and its parameters.
    #[must_use]
    pub fn ask(&self) -> &Ask {
        &self.0
    }
}

#[expect(clippy::indexing_slicing, reason = "a const function has no other way, and the loop stops at the end")]
const fn is_deed(operation: &str) -> bool {
    let mut at = 0;
    while at < DEEDS.len() {
        if DEEDS[at].len() == operation.len() && super::reading::starts_with(operation, DEEDS[at]) {
            return true;
        }
        at += 1;
    }
    false
}

/// A message attribute of the type `String`.
pub(crate) fn attribute(value: &str) -> Value {
    json!({ "DataType": "String", "StringValue": value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_and_messages_can_be_changed() {
        assert!(DEEDS.iter().all(|operation| is_deed(operation)));
        for operation in ["DeleteItem", "PurgeQueue", "DeleteTable", "SendMessageBatch", "DeleteQueue", "PutItems", ""] {
            assert!(!is_deed(operation), "`{operation}` could lose what nobody meant to lose");
        }
    }

    #[test]
    #[should_panic(expected = "by CloudFormation alone")]
    fn a_queue_cannot_be_emptied() {
        let _ = Order::of(&SQS, "PurgeQueue");
    }
}
