//! The task `picture`: a picture from an image model.

use serde::{Deserialize, Serialize};

use crate::imagegen::Aspect;

/// Name of the task. Its jobs wait in a queue of their own.
pub const PICTURE: &str = "picture";

/// Parameters of the task, in the message and in the job's record; also the body of `POST /generate`, where an array of exactly one is
/// taken as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// What shall be seen.
    pub prompt: String,
    /// What shall not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative_prompt: Option<String>,
    /// Its shape; the environment's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<Aspect>,
    /// The same seed, prompt and model give the same picture; the model draws one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}
