//! The body of `POST /infer`: what is asked, or everything that is wrong with it.

use caller::{Answer, body};
use contract::{
    api::Infer,
    front_door::FrontDoorConfig,
    jobs::{Generate, Turn},
};

use crate::event::Request;

/// DynamoDB takes items of 400 KB, and the answer's text goes into the same one.
pub(crate) const MAX_PARAMETERS_BYTES: usize = 262_144;

/// What models are asked for when nobody says: a lively text, not a wild one, of a screen's length.
const MAX_TOKENS: u32 = 256;
const TEMPERATURE: f64 = 0.7;
const TOP_P: f64 = 0.95;

/// A conversation of more turns than this is not typed by anybody.
const MOST_TURNS: usize = 200;

const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// The task's parameters: what was asked, with everything that was left open filled in.
pub(crate) fn parameters(request: &Request, config: &FrontDoorConfig) -> Result<Generate, Answer> {
    let asked: Infer = body::json(request, config.max_body_bytes)?;
    generate(asked, config)
}

fn generate(infer: Infer, config: &FrontDoorConfig) -> Result<Generate, Answer> {
    let Some(first_model) = config.models.0.first() else {
        return Err(Answer::unavailable("this environment has no models"));
    };
    let Infer { prompt, messages, model, max_tokens, temperature, top_p, seed } = infer;
    let mut wrong = Vec::new();
    let messages = turns(prompt, messages).unwrap_or_else(|problem| {
        wrong.push(problem);
        Vec::new()
    });
    let model = model.unwrap_or_else(|| first_model.clone());
    if !config.models.contains(&model) {
        let known: Vec<_> = config.models.0.iter().map(|known| format!("`{known}`")).collect();
        wrong.push(("unknown_model", format!("`model` is `{model}`, it must be one of {}", known.join(", "))));
    }
    let max_tokens = max_tokens.unwrap_or(MAX_TOKENS.min(config.max_tokens));
    if !(1..=config.max_tokens).contains(&max_tokens) {
        let message = format!("`max_tokens` is {max_tokens}, it must be a whole number from 1 to {}", config.max_tokens);
        wrong.push(("max_tokens_out_of_range", message));
    }
    let temperature = temperature.unwrap_or(TEMPERATURE);
    if !(0.0..=2.0).contains(&temperature) {
        wrong.push(("temperature_out_of_range", format!("`temperature` is {temperature}, it must be a number from 0 to 2")));
    }
    let top_p = top_p.unwrap_or(TOP_P);
    if !(0.0 < top_p && top_p <= 1.0) {
        wrong.push(("top_p_out_of_range", format!("`top_p` is {top_p}, it must be a number above 0 and up to 1")));
    }
    if let Some(&(word, _)) = wrong.first() {
        // Programs get the first word, people everything at once.
        let messages: Vec<_> = wrong.iter().map(|(_, message)| message.as_str()).collect();
        return Err(Answer::error(422, word, messages.join("; ")));
    }
    let bytes: usize = messages.iter().map(|turn| turn.content.len()).sum();
    if (config.max_prompt_bytes as usize) < bytes {
        let message = format!("the prompt has {bytes} bytes, it may have at most {}", config.max_prompt_bytes);
        return Err(Answer::error(413, "prompt_too_long", message));
    }
    Ok(Generate { model, messages, max_tokens, temperature, top_p, seed })
}

type Problem = (&'static str, String);

/// The conversation: a prompt is one turn of the user.
fn turns(prompt: Option<String>, messages: Option<Vec<Turn>>) -> Result<Vec<Turn>, Problem> {
    let turns = match (prompt, messages) {
        (Some(content), None) => vec![Turn { role: "user".to_owned(), content }],
        (None, Some(turns)) => turns,
        (None, None) => return Err(("prompt_missing", "there must be a `prompt`, or `messages`".to_owned())),
        (Some(_), Some(_)) => return Err(("prompt_twice", "there must be a `prompt` or `messages`, not both".to_owned())),
    };
    if MOST_TURNS < turns.len() {
        return Err(("too_many_messages", format!("there are {} `messages`, there may be at most {MOST_TURNS}", turns.len())));
    }
    if let Some(turn) = turns.iter().find(|turn| !ROLES.contains(&turn.role.as_str())) {
        return Err(("unknown_role", format!("a `role` is `{}`, it must be one of `system`, `user`, `assistant`", turn.role)));
    }
    match turns.last() {
        Some(last) if last.role == "user" && !last.content.trim().is_empty() => Ok(turns),
        Some(last) if last.role == "user" => Err(("prompt_empty", "the prompt is empty, it must say something".to_owned())),
        Some(last) => Err(("user_not_last", format!("the last of the `messages` is the {}'s, it must be the user's", last.role))),
        None => Err(("prompt_missing", "`messages` is empty, its last one must be the user's".to_owned())),
    }
}
