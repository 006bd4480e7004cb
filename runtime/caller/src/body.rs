//! The body of a request as JSON.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::{Answer, Request};

/// A body of JSON as its type.
///
/// # Errors
///
/// An answer that says what was wrong: another content type (415), more bytes than `most_bytes` (413), no JSON (400), or JSON of
/// another shape (422).
pub fn json<T: DeserializeOwned>(request: &Request, most_bytes: u32) -> Result<T, Answer> {
    let body = bytes(request, most_bytes)?;
    // serde reads a struct from an array too, field by field.
    let is_object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let read =
        if is_object { serde_json::from_slice(body) } else { serde_json::from_slice::<IgnoredAny>(body).and_then(|_| Err(no_object())) };
    read.map_err(|error| {
        use serde_json::error::Category;
        match error.classify() {
            Category::Data => Answer::error(422, "invalid_body", format!("the body does not fit: {error}")),
            Category::Io | Category::Syntax | Category::Eof => no_json(&error),
        }
    })
}

/// A body of JSON, whatever it holds.
///
/// # Errors
///
/// An answer that says what was wrong: another content type (415), more bytes than `most_bytes` (413), or no JSON (400).
pub fn any(request: &Request, most_bytes: u32) -> Result<Value, Answer> {
    serde_json::from_slice(bytes(request, most_bytes)?).map_err(|error| no_json(&error))
}

/// A body that is said to be JSON and is not too large.
fn bytes(request: &Request, most_bytes: u32) -> Result<&[u8], Answer> {
    let content_type = request.header("content-type").unwrap_or("application/json");
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let message = format!("the content type is `{essence}`, it must be `application/json`");
        return Err(Answer::error(415, "unsupported_media_type", message));
    }
    let Some(body) = request.body() else {
        return Err(Answer::error(400, "invalid_json", "the body is marked as base64 and is none; it must be a JSON object in UTF-8"));
    };
    if (most_bytes as usize) < body.len() {
        let message = format!("the body has {} bytes, it may have at most {most_bytes}", body.len());
        return Err(Answer::error(413, "body_too_large", message));
    }
    Ok(body)
}

fn no_json(error: &serde_json::Error) -> Answer {
    Answer::error(400, "invalid_json", format!("the body is no JSON: {error}; it must be a JSON object in UTF-8"))
}

fn no_object() -> serde_json::Error {
    serde::de::Error::custom("it must be a JSON object")
}
