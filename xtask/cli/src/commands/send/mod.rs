//! `cargo xtask send`: a job for a model, or a message into any queue.

mod image;
mod prompt;
mod raw;

use std::io::Write;

use crate::cli::Context;
use crate::error::Error;
use crate::outcome::Outcome;

/// Ask a model for a text or a picture, or put a message into a queue
///
/// With a prompt, a job is made as the API makes it, under the user `operator` and without a token: your AWS credentials are what counts.
/// Its text is shown as it grows; a picture (`--image`) is written to a file, whose name is the answer. With `--queue`, a message goes into that queue as it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask send --env local \"Why is the sky blue?\"
  cargo xtask send --env local --image \"A fox in the snow\" --out fox.png
  cargo xtask send --env prod --max-tokens 40 --no-wait \"Why is the sky blue?\"
  cargo xtask send --env local --stack jobs --queue JobQueue --group maria job.json
  echo '{}' | cargo xtask send --env local --stack jobs --queue JobQueue --group maria --deduplication 1")]
pub(crate) struct Args {
    /// Environment to send to, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// What to ask; with `--queue`, the file with the message, and standard input without one
    #[arg(value_name = "PROMPT|FILE", required_unless_present = "queue")]
    what: Option<String>,
    #[command(flatten)]
    prompt: prompt::Prompt,
    #[command(flatten)]
    image: image::Image,
    #[command(flatten)]
    raw: raw::Raw,
    /// Write one JSON object per change of the job on stdout, for other programs
    #[arg(long, conflicts_with = "queue")]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    match (&args.raw.queue, &args.what) {
        (Some(queue), file) => raw::run(&args.env, queue, &args.raw, file.as_deref(), ctx),
        (None, what) if what.as_deref().unwrap_or_default().trim().is_empty() => {
            Err(prompt::words("the prompt is empty", "nothing was sent; give the words to answer, or to draw"))
        }
        (None, Some(what)) if args.image.image => image::run(&args.env, what, &args.image, &args.prompt, args.json, ctx, out),
        (None, what) => prompt::run(&args.env, what.as_deref().unwrap_or_default(), &args.prompt, args.json, ctx, out),
    }
}
