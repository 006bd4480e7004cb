//! What an HTTP API hands to a function and takes back: payload format 2.0.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use serde::{Deserialize, Serialize};

/// A request as the HTTP API tells of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    http: Http,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    stage: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: String,
}

/// The name of the stage that does not show in paths.
const DEFAULT_STAGE: &str = "$default";

/// A request as a program behind the gate looks at it.
#[derive(Debug)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// The path, without the stage.
    pub path: String,
    /// Its identity, which the gateway's own log knows too.
    pub id: String,
    /// Who called: the address.
    pub ip: String,
    headers: BTreeMap<String, String>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// A request whose body is somebody else's to read.
    pub fn head(method: &str, path: &str, id: &str, ip: &str, named: impl IntoIterator<Item = (String, String)>) -> Self {
        let text = str::to_owned;
        Self { method: text(method), path: text(path), id: text(id), ip: text(ip), headers: joined(named), body: None }
    }

    /// A header's value, by its name in lower case; of one that came more than once all values, with commas between.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body's bytes; nothing when the base64 that carried them was none.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        let Event { raw_path, headers: named, body, is_base64_encoded, request_context: Context { http, request_id, stage } } = event;
        let body = body.unwrap_or_default();
        let body = if is_base64_encoded { base64::decode(body).ok() } else { Some(body.into_bytes()) };
        Self {
            method: http.method,
            path: without_stage(raw_path, &stage),
            id: request_id,
            ip: http.source_ip,
            headers: joined(named),
            body,
        }
    }
}

/// Headers by their names in lower case; of one that comes more than once all values.
fn joined(named: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in named {
        // The HTTP API writes names in lower case; whatever else calls may not, and must not slip a second value past a check.
        let all = headers.entry(name.to_ascii_lowercase()).or_default();
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(&value);
    }
    headers
}

/// A stage with a name stands in front of the path.
fn without_stage(path: String, stage: &str) -> String {
    if stage.is_empty() || stage == DEFAULT_STAGE {
        return path;
    }
    match path.strip_prefix('/').and_then(|path| path.strip_prefix(stage)) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        Some(_) | None => path,
    }
}

/// What the HTTP API sends back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The status.
    pub status_code: u16,
    /// The headers, by name.
    pub headers: BTreeMap<&'static str, String>,
    /// The body; JSON, or nothing.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(path: &str, stage: &str) -> Request {
        let event = json!({
            "version": "2.0", "rawPath": path, "headers": { "Origin": "a", "origin": "b", "X-Y": "z" }, "body": "aGk=", "isBase64Encoded": true,
            "requestContext": { "http": { "method": "GET", "path": path, "sourceIp": "192.0.2.1" }, "requestId": "r-1", "stage": stage },
        });
        serde_json::from_value::<Event>(event).unwrap().into()
    }

    #[test]
    fn a_named_stage_is_no_part_of_the_path() {
        assert_eq!(request("/v1/ping", "v1").path, "/ping");
        assert_eq!(request("/v1", "v1").path, "/");
        assert_eq!(request("/v10/ping", "v1").path, "/v10/ping", "another path would be answered");
        assert_eq!(request("/ping", "$default").path, "/ping");
    }

    #[test]
    fn a_header_that_comes_twice_is_one_value_that_nobody_expects() {
        let request = request("/ping", "$default");

        assert_eq!(request.header("origin"), Some("a,b"), "one of two origins would be checked and the other used");
        assert_eq!((request.header("x-y"), request.body()), (Some("z"), Some(b"hi".as_slice())));
    }
}
