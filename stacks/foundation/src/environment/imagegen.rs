//! Settings of the `imagegen` stack.

use contract::imagegen::{Aspect, Family};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::images::Architecture;
use super::schema::consts;
use super::texts::{ImageModel, Region};

/// Generated pictures: the model that makes them, how many at once, and how long a job is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Imagegen {
    /// The image model, by its id in Bedrock; `preflight` says whether it is alive and may be used.
    pub model: ImageModel,

    /// Region that the model is called in: image models are in few of them, and prompts go there.
    pub model_region: Region,

    /// What the model's requests and answers look like; the provider at the beginning of its id.
    #[schemars(with = "serde_json::Value", extend("oneOf" = consts(Family::WORDS)))]
    pub family: Family,

    /// Width to height of a picture that nobody asked for another shape of.
    #[schemars(with = "serde_json::Value", extend("oneOf" = consts(Aspect::WORDS)))]
    pub aspect_ratio: Aspect,

    /// Memory of the function in MB as Lambda counts them; it waits for the model most of the time.
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,

    /// Seconds after which one run of the function is stopped; the model has 20 fewer.
    #[schemars(range(min = 60, max = 900))]
    pub timeout_seconds: u32,

    /// How many functions may run at once. Each has up to five pictures made, so the model is asked for five times as many at once.
    #[schemars(range(min = 2, max = 1_000))]
    pub concurrency: u32,

    /// Processor of the function; its binary must be built for the same.
    pub architecture: Architecture,

    /// How often a picture is tried before its job fails; being told to wait by the model is no try.
    #[schemars(range(min = 1, max = 10))]
    pub tries: u32,

    /// Days for which a job waits for the function before SQS drops it; at least as long as `api.job_lifetime_minutes`.
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u32,

    /// Days for which a job that failed at every try is kept in the dead-letter queue; not fewer than `retention_days`.
    #[schemars(range(min = 1, max = 14))]
    pub dead_letter_retention_days: u32,

    /// When people are told. One dead letter is always an alarm.
    pub alarms: ImagegenAlarms,
}

/// When people are told about generated pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ImagegenAlarms {
    /// Minutes after which a job has waited too long; fewer than `retention_days` has.
    #[schemars(range(min = 1, max = 20_159))]
    pub oldest_message_minutes: u32,

    /// Times within an hour that the model may tell jobs to wait and no more: the account's quota for it is too small.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub throttles_per_hour: u32,
}

impl Default for Imagegen {
    fn default() -> Self {
        Self {
            model: ImageModel::default(),
            model_region: ImageModel::default_region(),
            family: Family::Stability,
            aspect_ratio: Aspect::Square,
            memory_mb: 256,
            timeout_seconds: 120,
            concurrency: 2,
            architecture: Architecture::X86_64,
            tries: 3,
            retention_days: 4,
            // The SQS maximum: what failed on Friday must still be there after a long weekend.
            dead_letter_retention_days: 14,
            alarms: ImagegenAlarms::default(),
        }
    }
}

impl Default for ImagegenAlarms {
    fn default() -> Self {
        Self { oldest_message_minutes: 15, throttles_per_hour: 100 }
    }
}

/// What the function needs beside the model's call, in seconds: the record twice, the picture into its bucket, and tries of both.
const BESIDE_THE_MODEL_SECONDS: u32 = 20;

impl Imagegen {
    /// Seconds that one call of the model may take.
    #[must_use]
    pub fn model_seconds(&self) -> u32 {
        self.timeout_seconds.saturating_sub(BESIDE_THE_MODEL_SECONDS)
    }

    /// Seconds for which a job that a function took stays hidden: six times its timeout, as AWS advises.
    #[must_use]
    pub fn visibility_timeout_seconds(&self) -> u32 {
        6 * self.timeout_seconds
    }
}
