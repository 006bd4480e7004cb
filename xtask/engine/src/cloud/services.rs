//! What the engine asks of the services that a stack's resources belong to.

use std::path::Path;

use serde_json::Value;

use super::{Ask, CloudError, Deed, Pushed};

/// One line of a log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Unique within the log group.
    pub id: String,
    /// The log stream.
    pub stream: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub at_milliseconds: i64,
    /// The line.
    pub message: String,
}

/// The services behind the resources.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Services {
    /// Lines of a log group from a time on, oldest first.
    async fn log_lines(&self, group: &str, from_milliseconds: i64, filter: Option<&str>) -> Result<Vec<LogLine>, CloudError>;
    /// Ask a service something that changes nothing. XML answers come as JSON: texts, lists where elements repeat.
    async fn read(&self, ask: &Ask) -> Result<Value, CloudError>;
    /// Do something to a job: its record, or its message.
    async fn act(&self, deed: &Deed) -> Result<Value, CloudError>;
    /// Put a message into a queue; its id.
    async fn send_message(&self, url: &str, body: &str, group: Option<&str>, deduplication: Option<&str>) -> Result<String, CloudError>;
    /// Put an image into a repository: the image layout in a folder, the one with this digest. What is there is not sent again.
    async fn push_image(&self, repository: &str, layout: &Path, digest: &str) -> Result<Pushed, CloudError>;
}
