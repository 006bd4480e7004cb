//! The HTTP API: paths, bodies and headers, spelled alike by the front door, the stack and every client.

use serde::{Deserialize, Serialize};

use crate::jobs::{Finish, JobState, Turn};

/// The routes, as HTTP APIs write them: method and path.
pub const ROUTES: [(&str, &str); 8] = [
    ("POST", "/infer"),
    ("POST", GENERATE_PATH),
    // The same with a slash behind it, as clients of the first days sent it.
    ("POST", "/generate/"),
    ("POST", "/stop"),
    ("GET", "/ping"),
    ("GET", "/jobs/{id}"),
    ("POST", "/admin/resize"),
    ("GET", "/admin/operations/{id}"),
];

/// The path that pictures are asked for at.
pub const GENERATE_PATH: &str = "/generate";

/// Header by which a client makes a request that it may send twice: the second answer is the first one's.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Body of `POST /infer`: a prompt, or a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Infer {
    /// What is asked; the same as one turn of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The conversation so far, oldest first, the user's turn last; instead of `prompt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Turn>>,
    /// The model; the environment's first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Most tokens of the answer; 256, or the environment's limit if that is less, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 to 2; 0.7 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Above 0, up to 1; 0.95 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// The same seed gives the same text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// Answer 200 to `POST /infer` and to `POST /generate`, whose `Location` is the job; also part of the answer to `POST /stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The job's identity.
    pub job_id: String,
    /// Where it stands.
    pub state: JobState,
}

/// Body of `POST /stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The job to stop; one of the caller's own.
    pub job_id: String,
}

/// Answer to `GET /jobs/{id}`. Times are in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's identity.
    pub job_id: String,
    /// Where it stands.
    pub state: JobState,
    /// When it was asked for.
    pub created_at: u64,
    /// When a worker began it, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    /// When it came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// The text so far; whole when the state is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many tokens the text has so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// How many tokens the prompt has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Why the text ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<Finish>,
    /// Where to fetch a result that is an object, for a few minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Why it failed: one word of a fixed list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Body of `POST /admin/resize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// The type of instance that workers shall run on, such as `g5.xlarge`.
    pub instance_type: String,
}

/// Answer 202 to `POST /admin/resize`, and 200 to `GET /admin/operations/{id}`. Times are in seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The operation's identity.
    pub operation_id: String,
    /// Where it stands.
    pub state: crate::fleet::OperationState,
    /// The type that was asked for.
    pub instance_type: String,
    /// When it was asked for.
    pub created_at: u64,
    /// When it last changed.
    pub updated_at: u64,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The body of every answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// One word of a fixed list, for programs: `invalid_token`, `rate_limited`, `prompt_too_long`, …
    pub error: String,
    /// What was wrong, with the value and what would have been right. Absent where the answer is exactly one word by contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
