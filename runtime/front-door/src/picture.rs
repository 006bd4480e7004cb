//! The body of `POST /generate`: which picture is asked for, or everything that is wrong with it.

use caller::{Answer, body};
use contract::{
    front_door::FrontDoorConfig,
    imagegen::{Aspect, Family},
    jobs::Picture,
};
use serde_json::{Map, Value};

use crate::event::Request;

const FIELDS: [&str; 4] = ["prompt", "negative_prompt", "aspect_ratio", "seed"];

/// The task's parameters: what is asked for, as far as the environment's models take it.
///
/// Whatever is wrong with the body is a 400 with the reason: its clients were written for an API that had no other word for it.
pub(crate) fn parameters(request: &Request, config: &FrontDoorConfig) -> Result<Picture, Answer> {
    let body = body::any(request, config.max_body_bytes)?;
    let fields = one_object(body)?;
    let family = Family::of(&config.picture_family).ok_or_else(|| Answer::unavailable("this environment has no image model"))?;
    Asked { fields, family, wrong: Vec::new() }.read()
}

/// An object, or an array of exactly one: so the first clients sent it.
fn one_object(body: Value) -> Result<Map<String, Value>, Answer> {
    let refused = |what: &str| {
        let message = format!("the body is {what}, it must be one object with a `prompt`");
        Err(Answer::error(400, "invalid_body", message))
    };
    match body {
        Value::Object(fields) => Ok(fields),
        Value::Array(items) => match <[Value; 1]>::try_from(items) {
            Ok([Value::Object(fields)]) => Ok(fields),
            Ok([other]) => refused(&format!("an array of {}", kind(&other))),
            Err(items) if items.is_empty() => refused("an empty array"),
            Err(items) => refused(&format!("an array of {}: ask for one picture at a time", items.len())),
        },
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => refused(kind(&other)),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The fields in reading: what is wrong is said at once, not one by one.
struct Asked {
    fields: Map<String, Value>,
    family: Family,
    wrong: Vec<(&'static str, String)>,
}

impl Asked {
    fn read(mut self) -> Result<Picture, Answer> {
        let prompt = self.text("prompt", "prompt_too_long");
        if !self.fields.contains_key("prompt") {
            self.wrong.push(("prompt_missing", "there must be a `prompt`".to_owned()));
        } else if prompt.as_deref().is_some_and(|prompt| prompt.trim().is_empty()) {
            self.wrong.push(("prompt_empty", "the prompt is empty, it must say what shall be seen".to_owned()));
        }
        let negative_prompt = self.text("negative_prompt", "negative_prompt_too_long").filter(|text| !text.trim().is_empty());
        let aspect_ratio = self.aspect_ratio();
        let seed = self.seed();
        let unknown: Vec<_> = self.fields.keys().filter(|name| !FIELDS.contains(&name.as_str())).map(|name| shown(name)).collect();
        if !unknown.is_empty() {
            let known: Vec<_> = FIELDS.iter().map(|name| format!("`{name}`")).collect();
            self.wrong.push(("unknown_field", format!("{} is no field, known are {}", unknown.join(", "), known.join(", "))));
        }
        match (self.wrong.first(), prompt) {
            (None, Some(prompt)) => Ok(Picture { prompt, negative_prompt, aspect_ratio, seed }),
            (first, _) => {
                let word = first.map_or("prompt_missing", |(word, _)| word);
                // Programs get the first word, people everything at once.
                let messages: Vec<_> = self.wrong.iter().map(|(_, message)| message.as_str()).collect();
                Err(Answer::error(400, word, messages.join("; ")))
            }
        }
    }

    /// A text that is no longer than the model takes; nothing where it is absent, and where it was wrong, which is noted.
    fn text(&mut self, name: &'static str, too_long: &'static str) -> Option<String> {
        let value = self.fields.get(name)?;
        let Value::String(text) = value else {
            self.wrong.push(("invalid_body", format!("`{name}` is {}, it must be a text", kind(value))));
            return None;
        };
        let (characters, most) = (text.chars().count(), self.family.most_characters());
        if most < characters {
            self.wrong.push((too_long, format!("`{name}` has {characters} characters, it may have at most {most}")));
        }
        Some(text.clone())
    }

    fn aspect_ratio(&mut self) -> Option<Aspect> {
        let value = self.fields.get("aspect_ratio")?;
        let aspect = value.as_str().and_then(Aspect::of);
        if aspect.is_none() {
            let known: Vec<_> = Aspect::WORDS.iter().map(|word| format!("`{word}`")).collect();
            let found = value.as_str().map_or_else(|| kind(value).to_owned(), shown);
            self.wrong.push(("unknown_aspect_ratio", format!("`aspect_ratio` is {found}, it must be one of {}", known.join(", "))));
        }
        aspect
    }

    fn seed(&mut self) -> Option<u32> {
        let value = self.fields.get("seed")?;
        let most = self.family.most_seed();
        let seed = value.as_u64().and_then(|seed| u32::try_from(seed).ok()).filter(|seed| *seed <= most);
        if seed.is_none() {
            let found = if value.is_number() { value.to_string() } else { kind(value).to_owned() };
            self.wrong.push(("seed_out_of_range", format!("`seed` is {found}, it must be a whole number from 0 to {most}")));
        }
        seed
    }
}

/// Anybody's text, cut short.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}
