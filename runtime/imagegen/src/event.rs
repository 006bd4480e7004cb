//! What arrives: a batch of SQS messages, each a job for a picture.
//!
//! Only what is used is read, so that a field which AWS adds or leaves out cannot fail a batch.

use serde::{Deserialize, Serialize};

/// A batch as Lambda's event source mapping delivers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Batch {
    /// Its messages.
    #[serde(rename = "Records")]
    pub messages: Vec<Message>,
}

/// One message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Names the message in the answer.
    pub message_id: String,
    /// Names this one delivery of it, for those who want to hide it for longer.
    pub receipt_handle: String,
    /// A [`JobMessage`](contract::jobs::JobMessage), as JSON text.
    pub body: String,
}

/// The answer: which messages shall come again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// One entry for each; all others are done and leave the queue.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that shall come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its message id.
    pub item_identifier: String,
}
