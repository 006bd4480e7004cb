//! What a worker asks of an engine, whichever it is.

use contract::jobs::{Finish, Turn};
use tokio::sync::mpsc;

/// Something that makes text: a model in this process, or a server that has one.
pub trait Engine: Send + Sync {
    /// How many texts it makes at once; more wait for a slot inside [`Engine::start`]'s generation.
    fn slots(&self) -> usize;

    /// Begin a text. Pieces come as they are made; who drops the [`Generation`] stops it, and its slot is free again.
    fn start(&self, prompt: Prompt) -> Generation;
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The conversation, oldest first; the model's own chat template makes text of it.
    pub messages: Vec<Turn>,
    /// Most tokens of the answer.
    pub max_tokens: u32,
    /// 0 takes the most probable token each time, 1 samples as the model learned; up to 2.
    pub temperature: f64,
    /// Samples among the most probable tokens that together have this probability; 1 is all.
    pub top_p: f64,
    /// The same seed, prompt and model give the same text; drawn anew when absent.
    pub seed: Option<u64>,
}

/// A text in the making. The last item is [`Piece::End`] or a failure; when neither came, the engine is gone.
#[derive(Debug)]
pub struct Generation {
    /// The pieces, bounded: an engine waits for a reader that is slow.
    pub pieces: mpsc::Receiver<Result<Piece, Failure>>,
}

/// What comes out of an engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Some more text, whole characters.
    Text {
        /// The text.
        text: String,
        /// How many tokens it is made of.
        tokens: u32,
    },
    /// The text is complete.
    End {
        /// Why it ended: [`Finish::Stop`] or [`Finish::Length`]; the others are the worker's.
        finish: Finish,
        /// How many tokens the prompt has.
        prompt_tokens: u32,
    },
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request can never be answered by this model: trying again would give the same.
    #[error("{message}")]
    Refused {
        /// One word of a fixed list: `prompt_too_long`, `bad_role`, `no_template`, `refused_by_server`.
        reason: &'static str,
        /// What was wrong, with the value and what would have been right.
        message: String,
    },
    /// Something that should work did not; another try, or another worker, may have more luck.
    #[error("{message}")]
    Broken {
        /// What happened.
        message: String,
    },
}
