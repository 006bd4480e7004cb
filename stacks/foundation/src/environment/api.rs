//! Settings of the `api` stack.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::images::Architecture;
use super::texts::{DomainPrefix, Origin};

/// The HTTP API: who may call it, how often, and with how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Users that the API must serve at the same time: sizes the limits of its routes, which protect all of them together.
    #[schemars(range(min = 1, max = 1_000))]
    pub users: u32,

    /// Requests that one user may make within any second.
    #[schemars(range(min = 1, max = 100))]
    pub burst_per_second: u32,

    /// Requests that one user may make within any minute.
    #[schemars(range(min = 1, max = 1_000))]
    pub per_minute: u32,

    /// What `Retry-After` says to a user who made too many.
    pub retry_after: RetryAfter,

    /// Whether new jobs are taken; switched off when something runs wild.
    pub job_intake: bool,

    /// Which of Cognito's tokens are taken.
    pub token_use: TokenUse,

    /// Origins that browsers may call from, beside any port of localhost and every `capacitor://` origin.
    #[schemars(length(max = 20), extend("uniqueItems" = true))]
    pub origins: Vec<Origin>,

    /// Largest body of a request, in bytes.
    #[schemars(range(min = 1_024, max = 1_000_000))]
    pub max_body_bytes: u32,

    /// Longest prompt, all turns together, in bytes; less than `max_body_bytes`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_prompt_bytes: u32,

    /// Most tokens that a request may ask for; fewer than the workers' context has.
    #[schemars(range(min = 1, max = 32_768))]
    pub max_tokens: u32,

    /// Minutes after which nobody wants the result of a job any more: a worker that finds it later does nothing. Not more than
    /// `jobs.retention_days` has.
    #[schemars(range(min = 1, max = 5_760))]
    pub job_lifetime_minutes: u32,

    /// Days for which the record of a job, with its text, is kept.
    #[schemars(range(min = 1, max = 365))]
    pub record_days: u32,

    /// Memory of the front door in MB as Lambda counts them; the time to start shrinks as it grows.
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,

    /// Seconds after which one request is given up; an HTTP API waits 30 at most.
    #[schemars(range(min = 1, max = 29))]
    pub timeout_seconds: u32,

    /// Processor of the front door and of the reconciler; their binaries must be built for the same.
    pub architecture: Architecture,

    /// Who may log in, and for how long.
    pub login: Login,

    /// When people are told about the API.
    pub alarms: ApiAlarms,
}

/// What `Retry-After` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RetryAfter {
    /// 60 seconds, whatever is left to wait.
    Minute,
    /// The seconds that are left to wait.
    Exact,
}

impl RetryAfter {
    /// The front door's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "60",
            Self::Exact => "exact",
        }
    }
}

/// Which of Cognito's tokens are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenUse {
    /// ID tokens, which say who somebody is.
    Id,
    /// Access tokens, which AWS prefers for APIs.
    Access,
}

impl TokenUse {
    /// Cognito's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }
}

/// Who may log in, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Login {
    /// Whether people may make an account for themselves; otherwise an administrator makes it.
    pub self_sign_up: bool,

    /// Whether a program may exchange name and password for a token, without a browser: for tests and scripts.
    pub by_password: bool,

    /// Beginning of the login page's host name, which is made unique by the account's number.
    pub domain_prefix: DomainPrefix,

    /// Minutes for which an ID or access token is good.
    #[schemars(range(min = 5, max = 1_440))]
    pub token_minutes: u32,

    /// Hours for which somebody stays logged in.
    #[schemars(range(min = 1, max = 8_760))]
    pub session_hours: u32,
}

/// When people are told about the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApiAlarms {
    /// Requests refused for their number within five minutes that are too many: one impatient user is no incident.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub refused_per_five_minutes: u32,

    /// Milliseconds that one request in a hundred may take and no more.
    #[schemars(range(min = 1, max = 29_000))]
    pub p99_milliseconds: u32,

    /// Answers 5xx within five minutes that are too many.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failures_per_five_minutes: u32,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            users: 20,
            burst_per_second: 5,
            per_minute: 20,
            retry_after: RetryAfter::Minute,
            job_intake: true,
            token_use: TokenUse::Id,
            origins: Vec::new(),
            max_body_bytes: 65_536,
            max_prompt_bytes: 16_384,
            max_tokens: 512,
            job_lifetime_minutes: 24 * 60,
            record_days: 30,
            memory_mb: 512,
            timeout_seconds: 10,
            architecture: Architecture::X86_64,
            login: Login::default(),
            alarms: ApiAlarms::default(),
        }
    }
}

impl Default for Login {
    fn default() -> Self {
        Self { self_sign_up: false, by_password: false, domain_prefix: DomainPrefix::default(), token_minutes: 60, session_hours: 168 }
    }
}

impl Default for ApiAlarms {
    fn default() -> Self {
        Self { refused_per_five_minutes: 100, p99_milliseconds: 1_000, failures_per_five_minutes: 5 }
    }
}

impl Api {
    /// Requests in a second that all users together may make on one route: the limit that protects the platform as a whole.
    ///
    /// Never below what one user may do, or that user would meet this limit first, which knows no users.
    #[must_use]
    pub fn route_rate(&self) -> u32 {
        (self.users * self.per_minute).div_ceil(60).max(self.burst_per_second)
    }

    /// Requests at once that all users together may make on one route.
    #[must_use]
    pub fn route_burst(&self) -> u32 {
        // Not all of them press the button in the same second; a fifth is a crowd.
        (self.users * self.burst_per_second).div_ceil(5).max(2 * self.burst_per_second).min(5_000)
    }
}
