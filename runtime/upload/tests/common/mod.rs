//! What the tests of the service share: a store in memory that can be told to fail, tokens, a clock, a log that can be read.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod http;
pub(crate) mod store;
#[path = "../../../caller/tests/common/tokens.rs"]
pub(crate) mod tokens;

use caller::clock::Clock;
use contract::upload::UploadConfig;
use serde_json::{Value, json};
pub(crate) use telemetry::Lines;
use tokens::{Issuer, NOW_SECONDS};
use upload::Uploads;

pub(crate) const USER: &str = "5c2e7f0a-0b1d-4c52-9d2e-1f6a7b8c9d0e";
pub(crate) const SOMEBODY_ELSE: &str = "00000000-0b1d-4c52-9d2e-1f6a7b8c9d0e";

pub(crate) const MEBIBYTE: usize = 1024 * 1024;
/// What the environments let in.
pub(crate) const MOST: usize = 100 * MEBIBYTE;

pub(crate) fn config(mode: &str) -> UploadConfig {
    UploadConfig {
        issuer: tokens::ISSUER.to_owned(),
        jwks_url: "http://127.0.0.1/keys".to_owned(),
        client_id: tokens::CLIENT.to_owned(),
        rate_table: "rates".to_owned(),
        source_bucket: "photos-in".to_owned(),
        destination_bucket: "photos-out".to_owned(),
        mode: mode.to_owned(),
        listen: "127.0.0.1:0".to_owned(),
        token_use: "id".to_owned(),
        origins: "https://app.example.com".parse().unwrap(),
        burst_per_second: 5,
        per_minute: 20,
        retry_after: "60".to_owned(),
        incoming_prefix: "in/".to_owned(),
        reject_prefix: "rejected/".to_owned(),
        boxes: "2048,1024".parse().unwrap(),
        max_bytes: u32::try_from(MOST).unwrap(),
        link_seconds: 900,
        max_uploads: 4,
        idle_seconds: 30,
        drain_seconds: 30,
    }
}

/// The tests' time, which stands still.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now;

impl Clock for Now {
    fn milliseconds(&self) -> u64 {
        NOW_SECONDS * 1_000
    }
}

pub(crate) fn service<C: upload::store::Cloud>(config: UploadConfig, cloud: C, lines: Lines) -> Uploads<C, Issuer, Now> {
    Uploads::new(config, cloud, Issuer::default(), Now, lines.log("upload-under-test"))
}

pub(crate) fn bearer(user: &str) -> String {
    format!("Bearer {}", tokens::good(user))
}

/// A file of that size that begins as a JPEG does, and whose bytes tell where they stand.
pub(crate) fn jpeg(bytes: usize) -> Vec<u8> {
    // A prime number of different blocks, so that no part is like another one.
    let blocks: Vec<u8> = (0..251).flat_map(|number| [number; 1_000]).collect();
    let mut file = blocks.repeat(bytes / blocks.len() + 1);
    file.truncate(bytes);
    file[..8].copy_from_slice(b"\xff\xd8\xff\xe0\0\x10JF");
    file
}

/// A request as an HTTP API tells of it.
pub(crate) fn event(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> caller::event::Event {
    let headers: serde_json::Map<_, _> = headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let event = json!({
        "version": "2.0", "rawPath": path, "headers": headers, "body": aws_smithy_types::base64::encode(body), "isBase64Encoded": true,
        "requestContext": { "http": { "method": method, "path": path, "sourceIp": "192.0.2.1" }, "requestId": "request-1", "stage": "$default" },
    });
    serde_json::from_value(event).unwrap()
}
