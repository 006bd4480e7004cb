//! What the function asks of the cloud: small traits, so that its tests need none and can make every call fail.

use std::{error::Error, future::Future};

use contract::jobs::{JobId, JobState, Picture};
use lambda_events::Message;

/// A service did not do what was asked: the network, too many requests, a missing permission. It may work the next time.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct CloudError {
    /// What was being done, such as `claim the job`.
    pub doing: &'static str,
    /// What the service said.
    pub source: Box<dyn Error + Send + Sync>,
}

impl CloudError {
    /// An error of a call.
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, source: source.into() }
    }
}

/// All that the function asks of the cloud.
pub trait Cloud: Records + Pictures + Queue + Model {}

impl<T: Records + Pictures + Queue + Model> Cloud for T {}

/// The jobs table, written by whoever has a job's fencing token and by nobody else.
pub trait Records {
    /// Asks for a job: from now on, whoever had it before can write nothing more.
    ///
    /// A job that was begun by another call is given only when that call must be over: more than `lease_milliseconds` before `now`.
    fn claim(&self, job_id: &JobId, now: u64, lease_milliseconds: u64) -> impl Future<Output = Result<Claim, CloudError>>;

    /// Writes the end of a job that is ours; false when it is not ours any more, and nothing was written.
    fn end(&self, claimed: &Claimed, end: &End, now: u64) -> impl Future<Output = Result<bool, CloudError>>;

    /// Puts a job of ours back among those that wait. `no_room` says that the model had none: then it was no try.
    fn give_back(&self, claimed: &Claimed, no_room: bool) -> impl Future<Output = Result<(), CloudError>>;

    /// Ends a job that somebody asked to stop and nobody has.
    fn cancel(&self, job_id: &JobId, now: u64) -> impl Future<Output = Result<(), CloudError>>;
}

/// What came of asking for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is ours.
    Ours(Claimed),
    /// Another call has it, for so long at most.
    Held {
        /// Milliseconds until that call must be over.
        milliseconds: u64,
    },
    /// Somebody asked to stop it before it began.
    Stopped,
    /// It came to its end before, with the reason when it failed.
    Ended(JobState, Option<String>),
    /// There is no record of it.
    Gone,
}

/// A job that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The job.
    pub job_id: JobId,
    /// The fencing token: how often it was begun.
    pub attempt: u64,
    /// How often it was tried since it was last handed in, this time included.
    pub tries: u32,
    /// How often in a row the model had no room for it.
    pub waits: u32,
}

/// How a job came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its picture lies there.
    Done {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// There is no picture, and there will be none.
    Failed {
        /// One of [`contract::imagegen::reason`].
        reason: &'static str,
        /// The same in words, for whoever asked.
        words: String,
    },
    /// Nobody wants it any more.
    Expired,
}

impl End {
    /// The state of the record.
    #[must_use]
    pub fn state(&self) -> JobState {
        match self {
            Self::Done { .. } => JobState::Done,
            Self::Failed { .. } => JobState::Failed,
            Self::Expired => JobState::Expired,
        }
    }
}

/// The bucket that pictures lie in.
pub trait Pictures {
    /// Its name.
    fn bucket(&self) -> &str;

    /// Whether a picture is there.
    fn has(&self, key: &str) -> impl Future<Output = Result<bool, CloudError>>;

    /// Puts a picture there, unless there is one: the first stays, since somebody may have seen it.
    fn put(&self, key: &str, picture: Vec<u8>) -> impl Future<Output = Result<(), CloudError>>;
}

/// The queue that messages come from, and the one for those that will not be tried again.
pub trait Queue {
    /// Lets a message that shall come again come after so many seconds, and not earlier.
    fn hide(&self, message: &Message, seconds: u32) -> impl Future<Output = Result<(), CloudError>>;

    /// Puts a message among the dead letters, with the reason.
    fn bury(&self, message: &Message, job_id: Option<&JobId>, reason: &str) -> impl Future<Output = Result<(), CloudError>>;
}

/// The image model.
pub trait Model {
    /// Has a picture made: a PNG file. Each call is paid for, whatever becomes of its answer.
    fn generate(&self, picture: &Picture) -> impl Future<Output = Result<Vec<u8>, Trouble>>;
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The model has no room, or its service is down: nothing was tried. In words.
    NoRoom(String),
    /// The model will not make this picture, now or later.
    Refused {
        /// One of [`contract::imagegen::reason`].
        reason: &'static str,
        /// What it says.
        words: String,
    },
    /// It went wrong, and may go right the next time. In words.
    Broken(String),
}
