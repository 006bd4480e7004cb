//! What arrives: a minute has passed, or there are messages in the ops queue.

use lambda_events::Message;
use serde::Deserialize;

/// One call of the function. Whatever holds no messages is the schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// Messages of the ops queue, each with an [`OpsMessage`](contract::fleet::OpsMessage) in its body, as JSON text.
    #[serde(rename = "Records", default)]
    pub messages: Vec<Message>,
}
