//! Fields of the JSON log lines, one object a line: what Logs Insights queries and `cargo xtask logs` search for.

/// When it was written, RFC 3339 in UTC.
pub const TIMESTAMP: &str = "timestamp";
/// One of [`Level`].
pub const LEVEL: &str = "level";
/// What happened, as a sentence without variable parts, so that equal lines can be counted.
pub const MESSAGE: &str = "message";
/// Identity of the job that the line is about.
pub const JOB_ID: &str = "jobId";
/// What became of a job, in one word: `queued` on the front door's line, `started`, `done`, `failed`, `expired`, `cancelled` on a worker's.
pub const STATE: &str = "state";
/// How often the job was begun, this time included: the fencing token of whoever writes the line.
pub const ATTEMPT: &str = "attempt";
/// Who has the job: the instance, or the process.
pub const WORKER: &str = "worker";
/// Identity of the queue message that the line is about; on the line of the sender and of every receiver.
pub const MESSAGE_ID: &str = "messageId";
/// Identity of one call of a Lambda function.
pub const REQUEST_ID: &str = "requestId";
/// Bucket of the object that the line is about.
pub const BUCKET: &str = "bucket";
/// Key of the object, as people write it (not percent-encoded).
pub const KEY: &str = "key";
/// Entity tag of the object, without quotes.
pub const ETAG: &str = "etag";
/// Why something was refused: one word of a fixed list, never a sentence.
pub const REASON: &str = "reason";
/// What went wrong, in words: the error with all its causes.
pub const ERROR: &str = "error";
/// How long it took, in milliseconds.
pub const MILLISECONDS: &str = "milliseconds";

// The access lines of the HTTP API: the gateway's, which covers what never reached the front door, and the front door's, which knows the
// user. Both of one request have the same `requestId`.

/// Who called: the address.
pub const IP: &str = "ip";
/// The route's path, with `{id}` where an identity stood.
pub const ROUTE: &str = "route";
/// The method.
pub const METHOD: &str = "method";
/// The answer's status, a number.
pub const STATUS: &str = "status";
/// Who called: the `sub` of the token, once it was checked.
pub const JWT_SUB: &str = "jwtSub";
/// How long the answer took, in milliseconds, a number.
pub const LATENCY_MS: &str = "latencyMs";
/// What called: the header as it was sent.
pub const USER_AGENT: &str = "userAgent";
/// Which page called: the header as it was sent.
pub const ORIGIN: &str = "origin";

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Work went as it should.
    Info,
    /// Somebody's input was refused, or something will be tried again.
    Warn,
    /// Something that should work did not.
    Error,
}

impl Level {
    /// The word in the log line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
