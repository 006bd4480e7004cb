//! Answers in the making: status, headers, body, and what the access line says of them.

use contract::{api::ApiError, jobs::JobId};
use serde::Serialize;

use crate::StoreError;

/// An answer before it is sent.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, by name in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; JSON, or nothing.
    pub body: String,
    /// The word of an [`ApiError`].
    pub error: Option<&'static str>,
    /// What only the log may know: which check a token failed, what the store said.
    pub reason: Option<Box<str>>,
    /// The job that it is about, for the log.
    pub job_id: Option<Box<str>>,
    /// The object that it is about, for the log.
    pub key: Option<Box<str>>,
    /// Whether the user asked more often than he may.
    pub breach: bool,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), error: None, reason: None, job_id: None, key: None, breach: false }
    }

    /// An answer with a body of JSON.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { body, ..Self::empty(status) }.header("content-type", "application/json"),
            Err(error) => Self::unavailable("the answer could not be written").because(error.to_string()),
        }
    }

    /// An error: a word for programs and, for people, what was wrong and what would have been right.
    #[must_use]
    pub fn error(status: u16, word: &'static str, message: impl Into<String>) -> Self {
        let body = ApiError { error: word.to_owned(), message: Some(message.into()) };
        Self { error: Some(word), ..Self::json(status, &body) }
    }

    /// An error whose body is exactly one word.
    #[must_use]
    pub fn word(status: u16, word: &'static str) -> Self {
        let body = ApiError { error: word.to_owned(), message: None };
        Self { error: Some(word), ..Self::json(status, &body) }
    }

    /// Nothing is wrong with the request, but it cannot be answered now.
    #[must_use]
    pub fn unavailable(message: &str) -> Self {
        let body = ApiError { error: "unavailable".to_owned(), message: Some(message.to_owned()) };
        // Written here and not by `json`, which comes here when it fails; a struct of two texts does not.
        let body = serde_json::to_string(&body).unwrap_or_default();
        Self { body, error: Some("unavailable"), ..Self::empty(503) }.header("content-type", "application/json").header("retry-after", "1")
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With what only the log may know.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into().into()), ..self }
    }

    /// About a job.
    #[must_use]
    pub fn about(self, job_id: &JobId) -> Self {
        Self { job_id: Some(job_id.as_str().into()), ..self }
    }
}

impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        Self::unavailable("a service behind this one did not answer; try again").because(error.with_causes())
    }
}
