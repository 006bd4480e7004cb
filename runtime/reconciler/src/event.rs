//! What arrives: a minute has passed, or there are messages in the ops queue.

use serde::{Deserialize, Serialize};

/// One call of the function. Only what is used is read: whatever holds no messages is the schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// Messages of the ops queue.
    #[serde(rename = "Records", default)]
    pub messages: Vec<Message>,
}

/// One message of the ops queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Names the message in the answer.
    pub message_id: String,
    /// An [`OpsMessage`](contract::fleet::OpsMessage), as JSON text.
    pub body: String,
}

/// The answer: which messages shall come again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// One entry for each; all others are done and leave the queue.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

impl Answer {
    pub(crate) fn again(&mut self, message: &Message) {
        let entry = BatchItemFailure { item_identifier: message.message_id.clone() };
        if !self.batch_item_failures.contains(&entry) {
            self.batch_item_failures.push(entry);
        }
    }
}

/// A message that shall come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its message id.
    pub item_identifier: String,
}
