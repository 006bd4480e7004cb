//! What the tests of the transcoder share: a store in memory that can be told to fail, a log that can be read.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod store;

use contract::images::TranscodeConfig;
use lambda_events::Batch;
use serde_json::{Value, json};
use store::MemoryStore;
use telemetry::Lines;
use transcode::Transcoder;

pub(crate) const SOURCE: &str = "photos-in";
pub(crate) const DESTINATION: &str = "photos-out";

/// The transcoder with a store in memory, and what it logged.
pub(crate) struct Bench {
    pub(crate) transcoder: Transcoder<MemoryStore>,
    lines: Lines,
}

pub(crate) fn config() -> TranscodeConfig {
    let mut config = TranscodeConfig::new(SOURCE.to_owned(), DESTINATION.to_owned());
    config.proxies.boxes = vec![64, 32];
    config
}

impl Bench {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self::with(store, config())
    }

    pub(crate) fn with(store: MemoryStore, config: TranscodeConfig) -> Self {
        let lines = Lines::default();
        let log = lines.log("transcode-under-test");
        Self { transcoder: Transcoder::new(store, config, log), lines }
    }

    pub(crate) fn store(&self) -> &MemoryStore {
        self.transcoder.store()
    }

    /// Delivers messages as one batch and returns the ids of those that shall come again.
    pub(crate) fn deliver(&self, messages: &[(&str, Value)]) -> Vec<String> {
        let messages: Vec<_> = messages.iter().map(|(id, body)| json!({"messageId": id, "body": text(body), "attributes": {}})).collect();
        let batch: Batch = serde_json::from_value(json!({ "Records": messages })).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.transcoder.handle(&batch)).ids().map(str::to_owned).collect()
    }

    /// All log lines so far, each a JSON object.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.lines.read()
    }

    pub(crate) fn messages_logged(&self) -> Vec<String> {
        self.lines.messages()
    }

    /// How often a metric was counted.
    pub(crate) fn counted(&self, metric: &str) -> f64 {
        self.lines.counted(metric)
    }
}

/// A string is a body as it is, anything else is a body of JSON.
fn text(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}

/// S3's notification of a new object, with the key as S3 encodes it.
pub(crate) fn created(encoded_key: &str) -> Value {
    happened("ObjectCreated:Put", SOURCE, encoded_key)
}

pub(crate) fn happened(event: &str, bucket: &str, encoded_key: &str) -> Value {
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1", "eventTime": "2026-11-23T00:00:00.000Z", "eventName": event,
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "pictures",
            "bucket": {"name": bucket, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": encoded_key, "size": 1, "eTag": "0", "sequencer": "0055AED6DCD90281E5"},
        },
    }]})
}
