//! A job for a picture, made as the front door makes it.

use std::io::Write;
use std::path::PathBuf;

use contract::imagegen::{Aspect, Family};
use contract::jobs::{JobMessage, PICTURE, Picture};
use contract::outputs;
use protocol::{Request, StackRef, Submit};
use ulid::Ulid;

use super::prompt::{self, words};
use crate::age::now_seconds;
use crate::cli::Context;
use crate::commands::{jobs, json_line, line};
use crate::error::Error;
use crate::outcome::Outcome;
use crate::session::Session;
use crate::told;

/// What the picture shall be like.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "For a picture")]
pub(super) struct Image {
    /// Ask the environment's image model for a picture of the prompt; it is paid for, about USD 0.04
    #[arg(long, conflicts_with_all = ["queue", "model", "system", "max_tokens", "temperature"])]
    pub(super) image: bool,
    /// What shall not be seen
    #[arg(long, value_name = "TEXT", requires = "image")]
    negative: Option<String>,
    /// Width to height, such as 16:9; the environment's without it
    #[arg(long, value_name = "WIDTH:HEIGHT", requires = "image", value_parser = aspect)]
    aspect_ratio: Option<Aspect>,
    /// File to write the picture to; JOB.png without it
    #[arg(long, value_name = "FILE", requires = "image")]
    out: Option<PathBuf>,
}

pub(super) fn run(
    env: &str,
    prompt: &str,
    args: &Image,
    how: &prompt::Prompt,
    json: bool,
    ctx: &Context,
    out: &mut dyn Write,
) -> Result<Outcome, Error> {
    let session = Session::open(ctx, env)?;
    let setting = |name: &str| told::setting(&session.platform, &format!("FRONT_DOOR_{name}"));
    let family = setting("PICTURE_FAMILY").as_deref().and_then(Family::of);
    let Some(family) = family else {
        return Err(words(&format!("no stack of `{env}` says which image model there is"), "nothing was sent"));
    };
    let picture = picture(prompt, args, how.seed, family)?;
    let unusable = |error: &dyn std::fmt::Display| words(&format!("the job cannot be written: {error}"), "nothing was sent");
    let job_id: contract::jobs::JobId = Ulid::generate().to_string().parse().map_err(|error| unusable(&error))?;
    let kept = prompt::Kept::of(&session);
    let message = JobMessage::new(job_id, prompt::USER, PICTURE, now_seconds(), kept.lifetime_seconds, picture);
    let id = message.job_id.to_string();
    let request = Request::Submit(Submit {
        target: session.target(),
        stack: jobs::stack(&session)?,
        message: serde_json::to_value(&message).map_err(|error| unusable(&error))?,
        record_seconds: kept.record_seconds,
        pictures: Some(pictures(&session)?),
    });
    prompt::hand_in(&session, &request)?;
    if how.no_wait {
        return prompt::named(&id, json, out);
    }
    let file = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{id}.png")));
    let outcome = jobs::follow::to_its_end(&session, &id, Some(&file), json, out)?;
    let shown = file.display().to_string();
    if json {
        json_line(out, &serde_json::json!({ "job_id": id, "file": shown }))?
    } else {
        line(out, &shown)?
    }
    Ok(outcome)
}

/// The picture that is asked for, if the model takes it.
fn picture(prompt: &str, args: &Image, seed: Option<u64>, family: Family) -> Result<Picture, Error> {
    for (name, text) in [("the prompt", Some(prompt)), ("`--negative`", args.negative.as_deref())] {
        let (characters, most) = (text.map_or(0, |text| text.chars().count()), family.most_characters());
        if most < characters {
            return Err(words(&format!("{name} has {characters} characters; the model takes at most {most}"), "nothing was sent"));
        }
    }
    let most = family.most_seed();
    let seed = match seed.map(u32::try_from) {
        None => None,
        Some(Ok(seed)) if seed <= most => Some(seed),
        Some(Ok(_) | Err(_)) => {
            let message = format!("`--seed {}` is more than the model takes: 0 to {most}", seed.unwrap_or_default());
            return Err(words(&message, "nothing was sent"));
        }
    };
    Ok(Picture { prompt: prompt.to_owned(), negative_prompt: args.negative.clone(), aspect_ratio: args.aspect_ratio, seed })
}

/// The stack that holds the queue.
fn pictures(session: &Session) -> Result<StackRef, Error> {
    let stacks = session.stack_refs();
    let known = stacks.iter().map(|stack| stack.stack.clone()).collect();
    let found = stacks.into_iter().find(|stack| stack.stack == outputs::imagegen::STACK);
    found.ok_or_else(|| Error::UnknownStack { name: outputs::imagegen::STACK.to_owned(), known })
}

fn aspect(text: &str) -> Result<Aspect, String> {
    Aspect::of(text).ok_or_else(|| format!("`{text}` is no shape that models know: give one of {}", Aspect::WORDS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompt: &str, negative: Option<&str>, seed: Option<u64>) -> Result<Picture, String> {
        let args = Image { image: true, negative: negative.map(str::to_owned), aspect_ratio: None, out: None };
        picture(prompt, &args, seed, Family::Amazon).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_model_would_refuse_is_not_sent() {
        let long = "x".repeat(1_025);

        assert!(asked("a fox", Some("text"), Some(858_993_459)).is_ok());
        assert_eq!(asked(&long, None, None), Err("the prompt has 1025 characters; the model takes at most 1024".to_owned()));
        assert!(asked("a fox", Some(&long), None).is_err());
        let seed = |seed: u64| format!("`--seed {seed}` is more than the model takes: 0 to 858993459");
        assert_eq!(asked("a fox", None, Some(858_993_460)), Err(seed(858_993_460)));
        assert_eq!(asked("a fox", None, Some(1 << 40)), Err(seed(1 << 40)));
    }

    #[test]
    fn a_shape_is_one_that_models_know() {
        assert_eq!(aspect("16:9"), Ok(Aspect::Wide));
        assert!(aspect("4:3").unwrap_err().contains("1:1, 16:9"), "nobody could know what to write instead");
    }
}
