//! The record of a job: what the jobs table holds of it.

/// The columns of the jobs table. Times are numbers; those in seconds since 1970 say so, the others are milliseconds since 1970.
pub mod column {
    /// Partition key: the job's identity, text. The item of an idempotency key has [`idempotency_key`](super::idempotency_key) here.
    pub const JOB_ID: &str = "job_id";
    /// When DynamoDB may forget the record, in seconds since 1970: the table's time-to-live attribute.
    pub const EXPIRES_AT: &str = "expires_at";
    /// Who asked for the job.
    pub const USER: &str = "user";
    /// What is to be done.
    pub const TASK: &str = "task";
    /// One of [`JobState`](super::super::JobState).
    pub const STATE: &str = "state";
    /// When the job was asked for, in seconds since 1970.
    pub const CREATED_AT: &str = "created_at";
    /// When nobody wants the result any more, in seconds since 1970.
    pub const WANTED_UNTIL: &str = "wanted_until";
    /// The task's parameters, JSON as text.
    pub const PARAMETERS: &str = "parameters";
    /// There only until the job's message is surely in the queue; holds [`UNSENT`](super::index::UNSENT_VALUE). Whoever finds it sends
    /// the message again, under the same deduplication id.
    pub const UNSENT: &str = "unsent";
    /// How often the job was begun, a number: the fencing token. A worker writes only while this is the number that it began with.
    pub const ATTEMPT: &str = "attempt";
    /// How often it was begun since it was last handed in, a number, where the queue's own count does not say it. Times at which the model
    /// had no room are not among them.
    pub const TRIES: &str = "tries";
    /// How often in a row the model had no room for it, a number.
    pub const WAITS: &str = "waits";
    /// Who has it: the instance, or the process.
    pub const WORKER: &str = "worker";
    /// When the last attempt began, in milliseconds since 1970.
    pub const STARTED_AT: &str = "started_at";
    /// When the state became final, in milliseconds since 1970.
    pub const ENDED_AT: &str = "ended_at";
    /// The text so far; whole when the state is final.
    pub const TEXT: &str = "text";
    /// How many tokens the text so far has.
    pub const TOKENS: &str = "tokens";
    /// How many tokens the prompt has.
    pub const PROMPT_TOKENS: &str = "prompt_tokens";
    /// Why the text ended: one of [`Finish`](super::super::Finish).
    pub const FINISH: &str = "finish";
    /// Why the job failed: one word of a fixed list.
    pub const REASON: &str = "reason";
    /// Why the job failed, in words.
    pub const ERROR: &str = "error";
    /// True once somebody asked to stop the job: its worker ends it at the next token.
    pub const STOP: &str = "stop";
    /// How long a worker was busy with it, in milliseconds, over all attempts.
    pub const BUSY_MILLISECONDS: &str = "busy_milliseconds";
    /// The type of the instance that did it.
    pub const INSTANCE_TYPE: &str = "instance_type";
    /// Where the result lies when it is an object: the bucket.
    pub const RESULT_BUCKET: &str = "result_bucket";
    /// Where the result lies when it is an object: the key.
    pub const RESULT_KEY: &str = "result_key";
    /// Of an idempotency key's item: SHA-256 of the request's body, so that another request under the same key is told apart.
    pub const BODY_SHA256: &str = "body_sha256";
    /// Of an idempotency key's item: the job that the key stands for.
    pub const FOR_JOB: &str = "for_job";
}

/// Indexes of the jobs table.
pub mod index {
    /// Jobs whose message may not be in the queue: partition key [`UNSENT`](super::column::UNSENT), sort key
    /// [`CREATED_AT`](super::column::CREATED_AT). Holds nothing in quiet times, since a job leaves it when its message is sent.
    pub const UNSENT: &str = "unsent";
    /// The one value of that partition key.
    pub const UNSENT_VALUE: &str = "1";
}

/// The jobs table's key for what a user sent under an `Idempotency-Key`: no job id looks like it.
#[must_use]
pub fn idempotency_key(user: &str, key: &str) -> String {
    format!("key#{user}#{key}")
}
