//! What the door that plays its part makes of a body: as much of the real rules as the suite and the documentation ask for.

use serde_json::{Value, json};

use super::door::Asked;

/// The identity of everything that is taken.
const ID: &str = "01KATX3W7G2M8Z9QCVB4R5N6TD";
/// The folder of the one who asks.
const FOLDER: &str = "5c2e7f0f9c1b4d3a8e6d5b4a39281706";

const BAD: &str = "400 Bad Request";

const MOST_BODY_BYTES: usize = 65_536;
const MOST_CHARACTERS: usize = 10_000;
const MOST_BYTES: u64 = 104_857_600;

/// In base64: a picture at its key, and exactly the 50 MiB that are declared.
const POLICY: &str = "eyJjb25kaXRpb25zIjpbWyJlcSIsIiRrZXkiLCJpbi81YzJlN2YwZjljMWI0ZDNhOGU2ZDViNGEzOTI4MTcwNi8wMUtBVFgzVzdHMk04WjlRQ1ZCNFI1TjZURCJdLFsiY29udGVudC1sZW5ndGgtcmFuZ2UiLDUyNDI4ODAwLDUyNDI4ODAwXV19";

/// Status, `Location` and body.
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

/// Answers whoever was let in.
pub(super) fn taken(asked: &Asked<'_>, anything: bool) -> Answer {
    let judged = match asked.path() {
        "/generate" if anything => Ok(job()),
        "/generate" => generate(asked),
        "/images" if anything => Ok(picture(None)),
        "/images" => images(asked),
        path => Ok(looked_at(path, anything)),
    };
    judged.unwrap_or_else(|refusal| refusal)
}

fn looked_at(path: &str, anything: bool) -> Answer {
    match path.rsplit_once('/') {
        Some(("/jobs", ID)) => found(&json!({
            "job_id": ID, "state": "done",
            "created_at": 1_795_000_000_000_u64, "started_at": 1_795_000_000_801_u64, "ended_at": 1_795_000_004_990_u64,
            "url": link(&format!("pictures/{ID}.png")),
        })),
        Some(("/images", id)) if anything || id == ID => {
            found(&json!({"id": ID, "state": "transcoded", "proxies": [{"edge": 2048, "url": link("in/…/2048.jpg")}]}))
        }
        Some(("/images", id)) => {
            let message = format!("nothing of yours has arrived as `{id}`; ids are those that `POST /images` gave you");
            error("404 Not Found", "unknown_image", &message)
        }
        _ => found(&json!({"ok": true})),
    }
}

fn generate(asked: &Asked<'_>) -> Result<Answer, Answer> {
    if asked.header("content-type") != "application/json" {
        return Err(error("415 Unsupported Media Type", "unsupported_media_type", ""));
    }
    if MOST_BODY_BYTES < asked.body().len() {
        return Err(error("413 Payload Too Large", "body_too_large", ""));
    }
    let body: Value = serde_json::from_slice(asked.body()).map_err(|_| error(BAD, "invalid_json", ""))?;
    match &body["prompt"] {
        Value::String(prompt) if MOST_CHARACTERS < prompt.len() => {
            let message = format!("`prompt` has {} characters, it may have at most {MOST_CHARACTERS}", prompt.len());
            Err(error(BAD, "prompt_too_long", &message))
        }
        Value::String(_) => Ok(job()),
        Value::Array(_) => Err(error(BAD, "invalid_body", "`prompt` is an array, it must be a text")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(error(BAD, "invalid_body", "")),
    }
}

fn images(asked: &Asked<'_>) -> Result<Answer, Answer> {
    let bytes = asked.body();
    if asked.header("content-type") != "application/json" {
        let begin: Vec<_> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let message = format!("the file begins with {}, neither JPEG nor PNG does", begin.join(" "));
        return if bytes.starts_with(b"\xff\xd8\xff") { Ok(picture(None)) } else { Err(error(BAD, "not_an_image", &message)) };
    }
    let declared: Value = serde_json::from_slice(bytes).map_err(|_| error(BAD, "invalid_json", ""))?;
    let (kind, bytes) = (declared["content_type"].as_str().unwrap_or_default(), declared["bytes"].as_u64().unwrap_or_default());
    if !["image/jpeg", "image/png"].contains(&kind) {
        let message = format!("`content_type` is `{kind}`, it must be `image/jpeg` or `image/png`");
        return Err(error(BAD, "content_type_unknown", &message));
    }
    if MOST_BYTES < bytes {
        return Err(error(BAD, "too_many_bytes", &format!("the picture has {bytes} bytes, it may have at most {MOST_BYTES}")));
    }
    let fields = json!({"Content-Type": kind, "key": key(), "policy": POLICY});
    Ok(picture(Some(json!({"url": "https://bucket.s3.eu-central-1.amazonaws.com/", "fields": fields, "expires_at": 1_795_000_900}))))
}

fn key() -> String {
    format!("in/{FOLDER}/{ID}")
}

fn link(key: &str) -> String {
    format!("https://bucket.s3.eu-central-1.amazonaws.com/{key}?X-Amz-Signature=…")
}

fn job() -> Answer {
    let body = json!({"job_id": ID, "state": "queued"}).to_string();
    Answer { status: "200 OK", location: Some(format!("/jobs/{ID}")), body }
}

fn picture(form: Option<Value>) -> Answer {
    let mut body = json!({"id": ID, "key": key()});
    if let Some(form) = form {
        body["form"] = form;
    }
    Answer { status: "201 Created", location: Some(format!("/images/{ID}")), body: body.to_string() }
}

fn found(body: &Value) -> Answer {
    Answer { status: "200 OK", location: None, body: body.to_string() }
}

fn error(status: &'static str, word: &str, message: &str) -> Answer {
    Answer { status, location: None, body: json!({"error": word, "message": message}).to_string() }
}
