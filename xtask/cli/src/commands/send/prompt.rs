//! A job for the model, made as the front door makes it.

use std::io::Write;

use contract::Words;
use contract::jobs::{GENERATE, Generate, JobMessage, Turn};
use protocol::{Event, Request, Submit};
use ulid::Ulid;

use crate::age::now_seconds;
use crate::cli::Context;
use crate::commands::{jobs, json_line, line};
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;
use crate::told;

/// Whose job it is: one group of the queue, beside those of the users of the API, whose names are identities of Cognito.
pub(super) const USER: &str = "operator";

/// What the front door would take when it is told nothing else.
const MAX_TOKENS: u32 = 256;
const TEMPERATURE: f64 = 0.7;
const TOP_P: f64 = 0.95;
const LIFETIME_SECONDS: u64 = 3_600;
const RECORD_DAYS: u64 = 7;

/// What is asked, and how.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For a prompt")]
pub(super) struct Prompt {
    /// Model to ask; the environment's first without it
    #[arg(long, conflicts_with = "queue")]
    model: Option<String>,
    /// What the model is told before the prompt
    #[arg(long, value_name = "TEXT", conflicts_with = "queue")]
    system: Option<String>,
    /// Most tokens of the answer; 256, or the environment's limit if that is less, without it
    #[arg(long, value_name = "NUMBER", conflicts_with = "queue", value_parser = clap::value_parser!(u32).range(1..=32_768))]
    max_tokens: Option<u32>,
    /// 0 to 2: 0 always takes the most probable token [default: 0.7]
    #[arg(long, value_name = "NUMBER", conflicts_with = "queue", value_parser = temperature)]
    temperature: Option<f64>,
    /// The same seed, prompt and model give the same text, or picture
    #[arg(long, value_name = "NUMBER", conflicts_with = "queue")]
    pub(super) seed: Option<u64>,
    /// Only write the job's id on stdout, and do not wait for its end
    #[arg(long, conflicts_with = "queue")]
    pub(super) no_wait: bool,
}

pub(super) fn run(env: &str, prompt: &str, args: &Prompt, json: bool, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let session = Session::open(ctx, env)?;
    let setting = |name: &str| told::setting(&session.platform, &format!("FRONT_DOOR_{name}"));
    let number = |name: &str| setting(name).and_then(|text| text.parse::<u64>().ok());
    let model = model(args.model.clone(), setting("MODELS").as_deref(), env)?;
    let most = number("MAX_TOKENS").and_then(|most| u32::try_from(most).ok());
    let max_tokens = match (args.max_tokens, most) {
        (Some(wanted), Some(most)) if most < wanted => {
            let message = format!("`--max-tokens {wanted}` is more than `{env}` gives: 1 to {most}");
            return Err(words(&message, "nothing was sent"));
        }
        (Some(wanted), _) => wanted,
        (None, most) => most.unwrap_or(MAX_TOKENS).min(MAX_TOKENS),
    };
    let turn = |role: &str, content: &str| Turn { role: role.to_owned(), content: content.to_owned() };
    let parameters = Generate {
        model,
        messages: args.system.iter().map(|text| turn("system", text)).chain([turn("user", prompt)]).collect(),
        max_tokens,
        temperature: args.temperature.unwrap_or(TEMPERATURE),
        top_p: TOP_P,
        seed: args.seed,
    };
    let unusable = |error: &dyn std::fmt::Display| words(&format!("the job cannot be written: {error}"), "nothing was sent");
    let job_id: contract::jobs::JobId = Ulid::generate().to_string().parse().map_err(|error| unusable(&error))?;
    let kept = Kept::of(&session);
    let message = JobMessage::new(job_id, USER, GENERATE, now_seconds(), kept.lifetime_seconds, parameters);
    let id = message.job_id.to_string();
    let request = Request::Submit(Submit {
        target: session.target(),
        stack: jobs::stack(&session)?,
        message: serde_json::to_value(&message).map_err(|error| unusable(&error))?,
        record_seconds: kept.record_seconds,
        pictures: None,
    });
    hand_in(&session, &request)?;
    if args.no_wait { named(&id, json, out) } else { jobs::follow::to_its_end(&session, &id, None, json, out) }
}

/// For how long a job is wanted, and its record kept: what the front door is told, or what is usual.
pub(super) struct Kept {
    pub(super) lifetime_seconds: u64,
    pub(super) record_seconds: u64,
}

impl Kept {
    pub(super) fn of(session: &Session) -> Self {
        let setting = |name: &str| told::setting(&session.platform, &format!("FRONT_DOOR_{name}"));
        let number = |name: &str| setting(name).and_then(|text| text.parse::<u64>().ok());
        Self {
            lifetime_seconds: number("JOB_LIFETIME_SECONDS").unwrap_or(LIFETIME_SECONDS),
            record_seconds: number("RECORD_DAYS").unwrap_or(RECORD_DAYS) * 86_400,
        }
    }
}

/// Hands a job in.
pub(super) fn hand_in(session: &Session, request: &Request) -> Result<(), Error> {
    session
        .read(request, |event| {
            if let Event::Note { text } = event {
                tell(text);
            }
            Ok(())
        })
        .map(drop)
}

/// Names a job that nobody waits for.
pub(super) fn named(id: &str, json: bool, out: &mut dyn Write) -> Result<Outcome, Error> {
    if json {
        json_line(out, &serde_json::json!({ "job_id": id, "state": "queued" }))?;
    } else {
        line(out, id)?;
    }
    Ok(Outcome::Done)
}

/// The model that is asked for, when the environment has it.
fn model(wanted: Option<String>, known: Option<&str>, env: &str) -> Result<String, Error> {
    let known: Words = known.map(str::parse).and_then(Result::ok).unwrap_or_default();
    match (wanted, known.0.first()) {
        (Some(wanted), Some(_)) if !known.contains(&wanted) => {
            let message = format!("`{env}` has no model `{wanted}`; it has: {known}");
            Err(words(&message, "nothing was sent"))
        }
        (Some(wanted), _) => Ok(wanted),
        (None, Some(first)) => Ok(first.clone()),
        (None, None) => {
            let message = format!("no stack of `{env}` says which models there are");
            Err(words(&message, "nothing was sent; name one with `--model`"))
        }
    }
}

pub(super) fn words(message: &str, hint: &str) -> Error {
    Error::Words { message: message.to_owned(), hint: hint.to_owned() }
}

fn temperature(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is no temperature: give a number from 0 to 2");
    let number: f64 = text.parse().map_err(|_| wrong())?;
    if (0.0..=2.0).contains(&number) { Ok(number) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_one_that_the_environment_has() {
        let asked = |wanted: Option<&str>, known| model(wanted.map(str::to_owned), known, "staging").map_err(|error| error.to_string());

        assert_eq!(asked(None, Some("tiny,large")), Ok("tiny".to_owned()));
        assert_eq!(asked(Some("large"), Some("tiny,large")), Ok("large".to_owned()));
        assert_eq!(asked(Some("huge"), Some("tiny,large")), Err("`staging` has no model `huge`; it has: tiny,large".to_owned()));
        assert_eq!(asked(Some("huge"), None), Ok("huge".to_owned()), "nobody knows better");
        assert!(asked(None, None).is_err());
    }

    #[test]
    fn a_temperature_is_a_number_from_zero_to_two() {
        let read = ["0", "2", "0.7", "2.1", "-1", "NaN", "hot"].map(|text| temperature(text).is_ok());

        assert_eq!(read, [true, true, true, false, false, false, false]);
    }
}
