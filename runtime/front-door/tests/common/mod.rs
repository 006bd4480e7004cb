//! What the tests of the front door share: a cloud in memory that can be told to fail, keys, tokens, a clock, a log that can be read.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod cloud;
pub(crate) mod local;
#[path = "../../../caller/tests/common/tokens.rs"]
pub(crate) mod tokens;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cloud::MemoryCloud;
use contract::front_door::FrontDoorConfig;
use front_door::{Door, clock::Clock, cloud::Cloud, event::Response};
use serde_json::{Value, json};
use telemetry::Lines;
use tokens::{Issuer, NOW_SECONDS};

pub(crate) const USER: &str = "5c2e7f0a-0b1d-4c52-9d2e-1f6a7b8c9d0e";

pub(crate) fn config() -> FrontDoorConfig {
    FrontDoorConfig {
        issuer: tokens::ISSUER.to_owned(),
        jwks_url: "http://127.0.0.1/keys".to_owned(),
        client_id: tokens::CLIENT.to_owned(),
        jobs_table: "jobs".to_owned(),
        rate_table: "rates".to_owned(),
        fleet_table: "fleet".to_owned(),
        job_queue_url: "http://127.0.0.1/jobs.fifo".to_owned(),
        picture_queue_url: "http://127.0.0.1/pictures".to_owned(),
        ops_queue_url: "http://127.0.0.1/ops.fifo".to_owned(),
        token_use: "id".to_owned(),
        origins: "https://app.example.com".parse().unwrap(),
        burst_per_second: 5,
        per_minute: 20,
        retry_after: "60".to_owned(),
        accepts_jobs: true,
        may_resize: true,
        max_body_bytes: 4_096,
        max_prompt_bytes: 100,
        max_tokens: 512,
        models: "tiny,large".parse().unwrap(),
        picture_family: "amazon".to_owned(),
        job_lifetime_seconds: 3_600,
        record_days: 7,
        admin_group: "admins".to_owned(),
        instance_types: "g5.xlarge,g6.xlarge".parse().unwrap(),
    }
}

/// A clock that stands still until it is told to go on.
#[derive(Debug, Clone)]
pub(crate) struct TestClock(Arc<AtomicU64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(NOW_SECONDS * 1_000)))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn milliseconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A front door with all that belongs to it.
pub(crate) struct House<C = MemoryCloud> {
    pub(crate) door: Door<C, Issuer, TestClock>,
    pub(crate) clock: TestClock,
    pub(crate) issuer: Issuer,
    lines: Lines,
}

impl House {
    /// With a cloud in memory.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(crate) fn with(change: impl FnOnce(&mut FrontDoorConfig)) -> Self {
        let mut config = config();
        change(&mut config);
        House::at(MemoryCloud::default(), config)
    }
}

impl<C: Cloud> House<C> {
    pub(crate) fn at(cloud: C, config: FrontDoorConfig) -> Self {
        let (lines, clock, issuer) = (Lines::default(), TestClock::default(), Issuer::default());
        let log = lines.log("front-door-under-test");
        let door = Door::new(config, cloud, issuer.clone(), clock.clone(), log);
        Self { door, clock, issuer, lines }
    }

    pub(crate) fn cloud(&self) -> &C {
        self.door.cloud()
    }

    /// All log lines so far, each a JSON object.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.lines.read()
    }

    /// Everything that was logged, as it was written.
    pub(crate) fn log_text(&self) -> String {
        self.lines.text()
    }

    /// The last access line.
    pub(crate) fn access_line(&self) -> Value {
        self.log().into_iter().rfind(|line| line["message"] == "request").unwrap()
    }

    /// Calls, and lets the limits forget it: what is tested is something else.
    pub(crate) async fn call(&self, call: Call) -> Told {
        self.clock.advance(60_000);
        self.call_now(call).await
    }

    pub(crate) async fn call_now(&self, call: Call) -> Told {
        told(self.door.handle(call.event()).await)
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: String,
    path: String,
    headers: serde_json::Map<String, Value>,
    body: Option<String>,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let headers = json!({ "host": "api.example.com", "user-agent": "tests/1.0" }).as_object().cloned().unwrap();
        Self { method: method.to_owned(), path: path.to_owned(), headers, body: None }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).header("content-type", "application/json").body(&body.to_string())
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a good token of [`USER`].
    pub(crate) fn signed_in(self) -> Self {
        let token = tokens::good(USER);
        self.token(&token)
    }

    /// With a good token of somebody else.
    pub(crate) fn signed_in_as(self, user: &str) -> Self {
        let token = tokens::good(user);
        self.token(&token)
    }

    pub(crate) fn event(&self) -> front_door::event::Event {
        let Self { method, path, headers, body } = self;
        let mut event = json!({
            "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "", "headers": headers,
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "request-1", "time": "23/Nov/2026:11:00:00 +0000",
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "tests/1.0" },
            },
            "isBase64Encoded": false,
        });
        if let Some(body) = body {
            event["body"] = body.as_str().into();
        }
        serde_json::from_value(event).unwrap()
    }
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) body: Value,
    headers: std::collections::BTreeMap<&'static str, String>,
}

impl Told {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The word of an error, and what is said of it.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

pub(crate) fn told(response: Response) -> Told {
    let Response { status_code, headers, body } = response;
    Told { status: status_code, body: serde_json::from_str(&body).unwrap_or(Value::Null), text: body, headers }
}
