//! Jobs: the message in its queue, the states a job passes through, the columns of the jobs table.
//!
//! The queue orders, the table remembers: SQS cannot be asked for one message, so a job's state lives in the table.

mod generate;
mod picture;
mod record;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use generate::{Finish, GENERATE, Generate, Turn};
pub use picture::{PICTURE, Picture};
pub use record::{column, idempotency_key, index};

/// Largest message that SQS takes, in bytes: body, attribute names, types and values together.
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// Longest message group id and deduplication id, in characters.
pub const MAX_GROUP_BYTES: usize = 128;

/// How often the job queue hands a message out beyond its tries, before SQS itself makes it a dead letter.
///
/// SQS writes no record: a job whose workers die in its last try would be called running for ever. With a delivery more, a worker gets the
/// message and writes that the job failed; with two, that worker may die too, or a delivery be lost on its way.
pub const SPARE_DELIVERIES: u32 = 2;

/// Names of the message attributes: what can be read of a job without reading its body. All are of the SQS type `String`.
pub mod attribute {
    /// The job's identity; a message that is sent again from the dead-letter queue keeps it, though SQS gives it a new message id.
    pub const JOB_ID: &str = "JobId";
    /// What is to be done.
    pub const TASK: &str = "Task";
    /// The version of the body.
    pub const SCHEMA_VERSION: &str = "SchemaVersion";
    /// Only on a message that a worker put into the dead-letter queue itself: why it will not be tried again.
    pub const REASON: &str = "Reason";
}

/// Whether a queue of this URL is a FIFO queue: SQS wants that word at the end of its name, and refuses deduplication ids at any other.
#[must_use]
pub fn is_fifo(queue_url: &str) -> bool {
    queue_url.ends_with(".fifo")
}

/// The body of a job message, version 1.
///
/// `P` are the task's own parameters: a typed struct where the task is known, any JSON value where it is not.
/// A field that this version does not know is ignored, so that a newer sender may add some; another version is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobMessage<P> {
    /// Always 1.
    pub version: Version,
    /// Who this job is: also its deduplication id, so that the same job sent twice within five minutes is one message.
    pub job_id: JobId,
    /// Who asked, such as the `sub` of a Cognito token: also the message group, so that one user's jobs run in order and no user waits for another's.
    pub user: String,
    /// What is to be done, such as `generate`.
    pub task: String,
    /// When it was asked for, in seconds since 1970.
    pub created_at: u64,
    /// When nobody wants the result any more, in seconds since 1970; a worker that finds the job later marks it expired and does nothing.
    pub expires_at: u64,
    /// What the task needs to know; large inputs go to S3, with a pointer here.
    pub parameters: P,
}

impl<P> JobMessage<P> {
    /// A job of this version that is wanted for `lifetime_seconds` from `created_at` on.
    pub fn new(job_id: JobId, user: &str, task: &str, created_at: u64, lifetime_seconds: u64, parameters: P) -> Self {
        Self {
            version: Version,
            job_id,
            user: user.to_owned(),
            task: task.to_owned(),
            created_at,
            expires_at: created_at.saturating_add(lifetime_seconds),
            parameters,
        }
    }

    /// What SQS keeps in order: the user.
    #[must_use]
    pub fn message_group_id(&self) -> &str {
        &self.user
    }

    /// What SQS takes for the same message within five minutes: the job.
    ///
    /// It is given explicitly, because a hash of the body would drop a second, different job whose body happens to be equal.
    #[must_use]
    pub fn deduplication_id(&self) -> &str {
        self.job_id.as_str()
    }

    /// The message attributes that go with this body, name and value.
    #[must_use]
    pub fn attributes(&self) -> [(&'static str, String); 3] {
        [
            (attribute::JOB_ID, self.job_id.to_string()),
            (attribute::TASK, self.task.clone()),
            (attribute::SCHEMA_VERSION, Version::NUMBER.to_string()),
        ]
    }

    /// Whether nobody wants the result any more.
    #[must_use]
    pub fn is_expired(&self, now_seconds: u64) -> bool {
        self.expires_at <= now_seconds
    }

    /// What is wrong with this message, so that it can be refused before SQS does; `None` when it may be sent.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let Self { user, task, created_at, expires_at, .. } = self;
        if user.is_empty() || user.len() > MAX_GROUP_BYTES || !user.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(format!(
                "user `{user}` is no message group: 1 to {MAX_GROUP_BYTES} letters, digits or punctuation marks of ASCII"
            ));
        }
        if task.is_empty() || task.len() > MAX_GROUP_BYTES || !task.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(format!("task `{task}` is no task name: 1 to {MAX_GROUP_BYTES} letters, digits or punctuation marks of ASCII"));
        }
        (expires_at <= created_at).then(|| format!("the job expires at {expires_at}, which is not after its creation at {created_at}"))
    }
}

/// Version 1 of the message body: written as that number, and nothing else is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version;

impl Version {
    /// The number that stands in the body.
    pub const NUMBER: u32 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            other => Err(de::Error::custom(format!("job message version `{other}` is unknown here, known is {}", Self::NUMBER))),
        }
    }
}

/// The identity of a job: a ULID as its 26 characters, so that identities sort by the time they were given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(String);

/// The text is no ULID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAJobId(pub String);

impl fmt::Display for NotAJobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no job id, it must be a ULID such as `01KATX3W7G2M8Z9QCVB4R5NDEF`", self.0)
    }
}

impl std::error::Error for NotAJobId {}

impl JobId {
    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for JobId {
    type Err = NotAJobId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let crockford = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
        // 26 characters of five bits are 130: the first may only hold three.
        let fits = text.len() == 26 && text.bytes().all(crockford) && text.as_bytes()[0] <= b'7';
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAJobId(text.to_owned())) }
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// The result is there.
    Done,
    /// It was tried and will not be tried again.
    Failed,
    /// It waited longer than anybody wanted the result.
    Expired,
    /// Whoever asked does not want it any more.
    Cancelled,
}

impl JobState {
    /// The word in the table and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the job will never change again: a second delivery of its message has nothing to do.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Done | Self::Failed | Self::Expired | Self::Cancelled => true,
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
