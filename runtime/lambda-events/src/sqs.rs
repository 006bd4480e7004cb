//! A batch of SQS messages as Lambda's event source mapping delivers it, and the answer that it understands.

use serde::{Deserialize, Serialize};

/// What a function behind a queue is called with: one to ten messages, up to 10,000 of a standard queue with a batching window.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Batch {
    /// Its messages; of a FIFO queue, those of a group in their order.
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
    ///
    /// Lambda always sends one. Empty where there is none: SQS refuses to hide such a message, and it comes again at the queue's own time,
    /// while a batch that is not read at all becomes dead letters.
    #[serde(default)]
    pub receipt_handle: String,
    /// What its sender wrote.
    pub body: String,
}

/// The answer: which messages shall come again. One that names none says that all are done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// One entry for each; all others are done and leave the queue.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

impl BatchResponse {
    /// Has a message come again, once its visibility timeout is over; saying so twice is saying it once.
    ///
    /// Of a FIFO queue's group, all messages behind it must be said to come again too, or SQS deletes them and their order is lost.
    pub fn again(&mut self, message: &Message) {
        let entry = BatchItemFailure { item_identifier: message.message_id.clone() };
        if !self.batch_item_failures.contains(&entry) {
            self.batch_item_failures.push(entry);
        }
    }

    /// The ids of the messages that shall come again.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str())
    }
}

/// A message that shall come again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its message id.
    pub item_identifier: String,
}
