//! Answers in the making: status, headers, body, and what the access line says of them.

use contract::{api::ApiError, jobs::JobId};
use serde::Serialize;

use crate::cloud::StoreError;

/// An answer before it is sent.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// The word of an [`ApiError`].
    pub(crate) error: Option<&'static str>,
    /// What only the log may know: which check a token failed, what the store said.
    pub(crate) reason: Option<String>,
    pub(crate) job_id: Option<String>,
    /// Whether the user asked more often than he may.
    pub(crate) breach: bool,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), error: None, reason: None, job_id: None, breach: false }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { body, ..Self::empty(status) }.header("content-type", "application/json"),
            Err(error) => Self::unavailable("the answer could not be written").because(error.to_string()),
        }
    }

    /// An error: a word for programs and, for people, what was wrong and what would have been right.
    pub(crate) fn error(status: u16, word: &'static str, message: impl Into<String>) -> Self {
        let body = ApiError { error: word.to_owned(), message: Some(message.into()) };
        Self { error: Some(word), ..Self::json(status, &body) }
    }

    /// An error whose body is exactly one word.
    pub(crate) fn word(status: u16, word: &'static str) -> Self {
        let body = ApiError { error: word.to_owned(), message: None };
        Self { error: Some(word), ..Self::json(status, &body) }
    }

    /// Nothing is wrong with the request, but it cannot be answered now.
    pub(crate) fn unavailable(message: &str) -> Self {
        let body = ApiError { error: "unavailable".to_owned(), message: Some(message.to_owned()) };
        // Written here and not by `json`, which comes here when it fails; a struct of two texts does not.
        let body = serde_json::to_string(&body).unwrap_or_default();
        Self { body, error: Some("unavailable"), ..Self::empty(503) }.header("content-type", "application/json").header("retry-after", "1")
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    pub(crate) fn about(self, job_id: &JobId) -> Self {
        Self { job_id: Some(job_id.to_string()), ..self }
    }
}

impl From<StoreError> for Answer {
    fn from(error: StoreError) -> Self {
        Self::unavailable("a service behind this one did not answer; try again").because(error.with_causes())
    }
}
