//! The front door's configuration: written by the stack `api`, read by the function.

use crate::Words;
use crate::imagegen::Family;
use crate::settings::{Any, OneOf, configuration};

configuration! {
    /// All that the front door needs to know.
    FrontDoorConfig, prefix "FRONT_DOOR";
    references {
        /// Who must have issued a token: `https://cognito-idp.<region>.amazonaws.com/<pool>`.
        issuer = "ISSUER", "the issuer of the user pool's tokens, an https URL";
        /// Where the issuer's public keys are; beside the local cloud another address than the issuer's.
        jwks_url = "JWKS_URL", "the URL of the issuer's public keys";
        /// The app client that a token must be for.
        client_id = "CLIENT_ID", "the id of the user pool's app client";
        /// Name of the jobs table.
        jobs_table = "JOBS_TABLE", "the name of the jobs table";
        /// Name of the table that counts requests per user.
        rate_table = "RATE_TABLE", "the name of the table that counts requests";
        /// Name of the table that holds the fleet's state and the operations on it.
        fleet_table = "FLEET_TABLE", "the name of the fleet's table";
        /// URL of the FIFO queue that jobs wait in.
        job_queue_url = "JOB_QUEUE_URL", "the URL of the job queue";
        /// URL of the queue that jobs for pictures wait in.
        picture_queue_url = "PICTURE_QUEUE_URL", "the URL of the queue that jobs for pictures wait in";
        /// URL of the FIFO queue that the reconciler listens to.
        ops_queue_url = "OPS_QUEUE_URL", "the URL of the ops queue";
    }
    values {
        /// Which tokens are taken: Cognito's `id` or `access` tokens.
        token_use: String = "TOKEN_USE", OneOf(&["id", "access"]);
        /// Origins that browsers may call from, beside any port of localhost and every `capacitor://` origin.
        origins: Words = "ORIGINS", Any("origins such as `https://app.example.com` with commas between, or `none`");
        /// Requests that one user may make within any second.
        burst_per_second: u32 = "BURST_PER_SECOND", 1..=100;
        /// Requests that one user may make within any minute.
        per_minute: u32 = "PER_MINUTE", 1..=1_000;
        /// `60` says so whatever is left to wait, `exact` says the seconds that are left.
        retry_after: String = "RETRY_AFTER", OneOf(&["60", "exact"]);
        /// Whether new jobs are taken; switched off when something runs wild.
        accepts_jobs: bool = "ACCEPTS_JOBS", Any("`true` or `false`");
        /// Largest body, in bytes.
        max_body_bytes: u32 = "MAX_BODY_BYTES", 1_024..=1_000_000;
        /// Longest prompt: all turns together, in bytes.
        max_prompt_bytes: u32 = "MAX_PROMPT_BYTES", 1..=1_000_000;
        /// Most tokens that a request may ask for.
        max_tokens: u32 = "MAX_TOKENS", 1..=32_768;
        /// Models that a request may name; the first is taken when it names none.
        models: Words = "MODELS", Any("names of models with commas between");
        /// The family of the model that makes pictures: what may be asked of it.
        picture_family: String = "PICTURE_FAMILY", OneOf(Family::WORDS);
        /// For how long a job's result is wanted, in seconds.
        job_lifetime_seconds: u32 = "JOB_LIFETIME_SECONDS", 60..=345_600;
        /// For how many days the record of a job is kept.
        record_days: u32 = "RECORD_DAYS", 1..=365;
        /// The Cognito group whose members may change the fleet.
        admin_group: String = "ADMIN_GROUP", Any("the name of a group of the user pool");
        /// Whether all workers have one type, so that an admin may ask for another; a fleet that mixes types has them in its environment.
        may_resize: bool = "MAY_RESIZE", Any("`true` or `false`");
        /// Instance types that an admin may ask for.
        instance_types: Words = "INSTANCE_TYPES", Any("instance types with commas between, or `none`");
    }
}

/// The columns of the table that counts requests per user.
pub mod rate {
    /// Partition key: the user, text.
    pub const USER: &str = "user";
    /// When DynamoDB may forget the item, in seconds since 1970: the table's time-to-live attribute.
    pub const EXPIRES_AT: &str = "expires_at";
    /// A number that grows with every write: a writer names the one that it read.
    pub const VERSION: &str = "version";
    /// When the requests of the last minute were let in, in milliseconds since 1970, oldest first: a list of numbers.
    pub const TIMES: &str = "times";
}
