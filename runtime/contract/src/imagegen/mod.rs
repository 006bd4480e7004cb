//! Generated pictures: which models make them, what may be asked of them, where they lie, and the function's configuration.

mod aspect;
mod config;
mod family;

pub use aspect::Aspect;
pub use config::ImagegenConfig;
pub use family::Family;

use crate::jobs::JobId;

/// Type of every generated picture: models of every family draw PNG when they are asked for it.
pub const CONTENT_TYPE: &str = "image/png";

/// Where generated pictures lie in their bucket.
pub const PREFIX: &str = "pictures/";

/// Key of a job's picture: known before the picture is there, so that whoever tries again finds what an earlier try has made.
///
/// ```
/// let job_id = "01KATX3W7G2M8Z9QCVB4R5NDEF".parse().unwrap();
/// assert_eq!(contract::imagegen::picture_key(&job_id), "pictures/01KATX3W7G2M8Z9QCVB4R5NDEF.png");
/// ```
#[must_use]
pub fn picture_key(job_id: &JobId) -> String {
    format!("{PREFIX}{job_id}.png")
}

/// Why there is no picture: the words in a job's record, for programs.
pub mod reason {
    /// The model's filters refused the prompt, or the picture that came of it. It would be refused again.
    pub const FILTERED: &str = "filtered";
    /// The model does not take such a request. It would be refused again.
    pub const INVALID: &str = "invalid_request";
    /// It was tried as often as it may be.
    pub const TRIED_TOO_OFTEN: &str = "tried_too_often";
    /// No job can be read from the message.
    pub const UNREADABLE: &str = "unreadable";
    /// The message asks for something else than a picture.
    pub const UNKNOWN_TASK: &str = "unknown_task";
    /// The message's job has no record.
    pub const NO_RECORD: &str = "no_record";
}
