//! The task `generate`: text from a language model.

use serde::{Deserialize, Serialize};

/// Name of the task.
pub const GENERATE: &str = "generate";

/// Parameters of the task, in the message and in the job's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    /// The model, one of the environment's list.
    pub model: String,
    /// The conversation, oldest first; the last turn is the user's.
    pub messages: Vec<Turn>,
    /// Most tokens of the answer.
    pub max_tokens: u32,
    /// 0 takes the most probable token each time, 1 samples as the model learned; up to 2.
    pub temperature: f64,
    /// Samples among the most probable tokens that together have this probability; 1 is all.
    pub top_p: f64,
    /// The same seed, prompt and model give the same text; drawn by the worker when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// One turn of a conversation, as chat templates of models know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// The model said that it is done.
    Stop,
    /// It had as many tokens as it may have, or the model's context was full.
    Length,
    /// It took as long as a job may take; the text so far is kept.
    Time,
    /// Somebody asked to stop; the text so far is kept.
    Cancelled,
}

impl Finish {
    /// The word in the table and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Time => "time",
            Self::Cancelled => "cancelled",
        }
    }
}
