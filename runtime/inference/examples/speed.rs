//! How many tokens a second an engine makes: ours in this process, or a server over HTTP. Run by `cargo xtask bench inference`.
//!
//! ```text
//! speed write FILE            a model of TinyLlama's dimensions with random weights
//! speed llama FILE 2 1 4 8    our engine on 2 threads, with 1, 4 and 8 texts at once
//! speed http URL 1 4 8        a server that speaks OpenAI's protocol
//! ```
//!
//! Each line on stdout is one JSON object.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use contract::jobs::Turn;
use inference::http::{self, Http};
use inference::llama::{Llama, Settings};
use inference::random::Shape;
use inference::{Engine, Piece, Prompt};
use serde_json::json;

/// Tokens of each text: enough to be past the prompt's cost, few enough for a laptop.
const TOKENS: u32 = 32;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["write", file] => Ok(Shape::TINYLLAMA.write(&mut BufWriter::new(File::create(file)?))?),
        ["llama", file, threads, ref at_once @ ..] => {
            let at_once = numbers(at_once)?;
            let slots = at_once.iter().copied().max().unwrap_or(1);
            let started = Instant::now();
            let settings = Settings { slots, context_tokens: 512, gpu_layers: 0, threads: Some(threads.parse()?) };
            let engine = Llama::load(Path::new(file), settings)?;
            say(&json!({ "load_seconds": started.elapsed().as_secs_f64() }))?;
            measure(&engine, &at_once).await?;
            say(&json!({ "peak_megabytes": peak_megabytes() }))
        }
        ["http", url, ref at_once @ ..] => {
            let at_once = numbers(at_once)?;
            let slots = at_once.iter().copied().max().unwrap_or(1);
            measure(&Http::new(http::Settings::new(url, "model", slots))?, &at_once).await
        }
        _ => Err("speed write FILE | speed llama FILE THREADS NUMBER… | speed http URL NUMBER…".into()),
    }
}

fn numbers(words: &[&str]) -> Result<Vec<u32>, Box<dyn Error>> {
    Ok(words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?)
}

/// One line per number of texts at once. The first text of all is not counted: it warms up.
async fn measure(engine: &dyn Engine, at_once: &[u32]) -> Result<(), Box<dyn Error>> {
    text(engine, 0).await?;
    for &number in at_once {
        let (started, cpu_before) = (Instant::now(), cpu_seconds());
        let texts = futures_util::future::try_join_all((0..number).map(|index| text(engine, index))).await?;
        let seconds = started.elapsed().as_secs_f64();
        let tokens: u32 = texts.iter().map(|text| text.tokens).sum();
        let prompt_tokens: u32 = texts.iter().map(|text| text.prompt_tokens).sum();
        let first = texts.iter().map(|text| text.first_seconds).fold(0.0, f64::max);
        say(&json!({
            "at_once": number,
            "tokens": tokens,
            "prompt_tokens": prompt_tokens,
            "seconds": seconds,
            // Of this process, so of the engine when it is ours: what other programs do does not change it.
            "cpu_seconds": cpu_seconds().zip(cpu_before).map(|(after, before)| after - before),
            "tokens_per_second": f64::from(tokens) / seconds,
            // From when the last had its first token: what is left is making tokens alone.
            "first_token_seconds": first,
        }))?;
    }
    Ok(())
}

struct Text {
    tokens: u32,
    prompt_tokens: u32,
    first_seconds: f64,
}

async fn text(engine: &dyn Engine, index: u32) -> Result<Text, Box<dyn Error>> {
    let messages = vec![Turn { role: "user".to_owned(), content: format!("{index} the rain in the other tin") }];
    let started = Instant::now();
    let mut generation = engine.start(Prompt { messages, max_tokens: TOKENS, temperature: 0.0, top_p: 1.0, seed: Some(1) });
    let mut text = Text { tokens: 0, prompt_tokens: 0, first_seconds: 0.0 };
    while let Some(piece) = generation.pieces.recv().await {
        match piece? {
            Piece::Text { tokens, .. } => {
                if text.tokens == 0 {
                    text.first_seconds = started.elapsed().as_secs_f64();
                }
                text.tokens += tokens;
            }
            Piece::End { prompt_tokens, .. } => {
                text.prompt_tokens = prompt_tokens;
                return Ok(text);
            }
        }
    }
    Err("the engine is gone".into())
}

/// User and system time of this process; nothing where Linux is not.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    // The kernel counts in hundredths of a second, whatever its own clock does.
    Some((user + system) / 100.0)
}

/// The most memory that this process had at one time, the model's file included as far as it was read; nothing where Linux is not.
fn peak_megabytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?;
    Some(kilobytes.parse::<f64>().ok()? / 1024.0)
}

fn say(value: &serde_json::Value) -> Result<(), Box<dyn Error>> {
    Ok(writeln!(io::stdout(), "{value}")?)
}
