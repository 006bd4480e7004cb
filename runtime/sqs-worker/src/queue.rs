//! What the worker asks of a queue: SQS in production, a scripted one in tests.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

/// A message that was received: from now on it is hidden from all others, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its identity in the queue; the same at every delivery.
    pub id: String,
    /// What this delivery is called; another at every delivery, and void once the message was delivered again.
    pub receipt: String,
    /// What SQS keeps in order.
    pub group: String,
    /// The body.
    pub body: String,
    /// The attributes of the type `String`, name and value.
    pub attributes: BTreeMap<String, String>,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
}

/// Why the queue did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The message is no longer ours: its visibility timeout was over, or somebody deleted it.
    #[error("the message is no longer leased to this worker")]
    LeaseLost,
    /// Anything else; another try may have more luck.
    #[error("the queue could not be asked to {action}")]
    Failed {
        /// What it was asked to do.
        action: &'static str,
        /// What came instead.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A FIFO queue, and the dead-letter queue that belongs to it.
///
/// A call may be dropped before it has ended, but for [`Queue::receive`]: a message that is handed to nobody stays hidden.
pub trait Queue: Send + Sync + 'static {
    /// Receives one message and hides it from others; nothing when none came within `wait`.
    fn receive(&self, wait: Duration, hidden: Duration) -> impl Future<Output = Result<Option<Message>, Refusal>> + Send;

    /// Hides a message that was received for so long from now on; no time at all gives it back.
    fn hide(&self, message: &Message, hidden: Duration) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Deletes a message that was received.
    fn delete(&self, message: &Message) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Sends the same message to the dead-letter queue, with a reason; does not delete it.
    fn bury(&self, message: &Message, reason: &str) -> impl Future<Output = Result<(), Refusal>> + Send;
}
