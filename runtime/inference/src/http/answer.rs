//! What a server's answer means.

use contract::jobs::Finish;
use serde::Deserialize;

use super::{broken, finish};
use crate::{Failure, Piece};

/// One event of the stream.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Problem>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
}

#[derive(Debug, Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What a server says instead of a text; vLLM of old leaves out the outer object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Refusal {
    Wrapped { error: Problem },
    Bare(Problem),
}

/// What an event brings.
#[derive(Debug, PartialEq)]
pub(super) enum Chunk {
    Nothing,
    Text(Piece),
    Done,
}

/// The events of one answer, added up.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) finish: Option<Finish>,
    pub(super) prompt_tokens: u32,
    /// Tokens that pieces were counted as.
    counted: u32,
    /// Tokens that the server counted.
    made: u32,
}

impl Chunks {
    pub(super) fn read(&mut self, event: &str) -> Result<Chunk, Failure> {
        if event == "[DONE]" {
            return Ok(Chunk::Done);
        }
        let event: Event = serde_json::from_str(event).map_err(|error| broken(format!("the server's answer cannot be read: {error}")))?;
        if let Some(problem) = event.error {
            return Err(broken(format!("the server stopped in the middle of the text: {}", problem.message)));
        }
        if let Some(usage) = event.usage {
            (self.prompt_tokens, self.made) = (usage.prompt_tokens, usage.completion_tokens);
        }
        let Some(choice) = event.choices.into_iter().next() else { return Ok(Chunk::Nothing) };
        if let Some(word) = choice.finish_reason {
            self.finish = Some(finish(&word));
        }
        match choice.delta.content.filter(|text| !text.is_empty()) {
            Some(text) => {
                // Servers send a piece for each token, except where several make a character; the end corrects it.
                self.counted += 1;
                Ok(Chunk::Text(Piece::Text { text, tokens: 1 }))
            }
            None => Ok(Chunk::Nothing),
        }
    }

    /// Tokens that no piece was counted as.
    pub(super) fn uncounted(&self) -> Option<Piece> {
        let tokens = self.made.saturating_sub(self.counted);
        (0 < tokens).then(|| Piece::Text { text: String::new(), tokens })
    }
}

/// What an answer without a text means.
///
/// Only what the server says of the request itself is a refusal. A wrong address, a wrong key or a wrong name of the model (401, 403, 404)
/// is a mistake in the setup: the job may be right, and another worker may have more luck.
pub(super) fn refusal(status: u16, body: &[u8]) -> Failure {
    let (said, kind) = match serde_json::from_slice(body) {
        Ok(Refusal::Wrapped { error } | Refusal::Bare(error)) => (error.message, error.kind.unwrap_or_default()),
        Err(_) => (String::from_utf8_lossy(body).chars().take(300).collect(), String::new()),
    };
    let said = if said.is_empty() { "it says not why".to_owned() } else { said };
    let message = format!("the server answered {status}: {said}");
    let too_long = || kind == "exceed_context_size_error" || said.contains("context length") || said.contains("context size");
    match status {
        400 | 413 | 422 if too_long() => Failure::Refused { reason: "prompt_too_long", message },
        400 | 413 | 422 => Failure::Refused { reason: "refused_by_server", message },
        _ => broken(message),
    }
}
