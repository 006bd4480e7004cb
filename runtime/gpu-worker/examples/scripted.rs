//! The worker with an engine that does as it is told: for tests and benches that start, stop and kill real processes.
//!
//! The last turn of a prompt is the script, JSON such as `{"tokens": 3, "each_ms": 100, "fails": "refused"}`, where it
//! fails as `refused`, `broken` or `deadly`; any other text is answered with one token at once.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use contract::jobs::Finish;
use contract::worker::WorkerConfig;
use inference::{Engine, Failure, Generation, Piece, Prompt};
use serde_json::Value;
use telemetry::Log;
use tokio::sync::mpsc;

struct Scripted;

impl Engine for Scripted {
    fn slots(&self) -> usize {
        64
    }

    fn start(&self, prompt: Prompt) -> Generation {
        let (sender, pieces) = mpsc::channel(16);
        let script = prompt.messages.last().and_then(|turn| serde_json::from_str::<Value>(&turn.content).ok()).unwrap_or_default();
        if script["fails"] == "deadly" {
            // As when the kernel ends a process that wants more memory than there is.
            std::process::abort();
        }
        let number = |name: &str, usual| script[name].as_u64().unwrap_or(usual);
        let (tokens, pause) = (number("tokens", 1), Duration::from_millis(number("each_ms", 0)));
        let failure = match script["fails"].as_str() {
            Some("refused") => Some(Failure::Refused { reason: "prompt_too_long", message: "the prompt has 9 tokens too many".to_owned() }),
            Some(_) => Some(Failure::Broken { message: "the engine has no memory left".to_owned() }),
            None => None,
        };
        tokio::spawn(async move {
            for token in 0..tokens {
                tokio::time::sleep(pause).await;
                // Nobody listens any more: that is how an engine is stopped.
                if sender.send(Ok(Piece::Text { text: format!("w{token} "), tokens: 1 })).await.is_err() {
                    return;
                }
            }
            let last = failure.map_or(Ok(Piece::End { finish: Finish::Stop, prompt_tokens: 7 }), Err);
            drop(sender.send(last).await);
        });
        Generation { pieces }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let log = Arc::new(Log::stdout("scripted"));
    if let Err(error) = testcloud::end_with_parent() {
        log.error("the worker would outlive whoever started it").because(&error).write();
        return ExitCode::FAILURE;
    }
    let config = match WorkerConfig::read(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(problems) => {
            log.error("the worker is configured wrongly").because(&problems).write();
            return ExitCode::FAILURE;
        }
    };
    let engine = async |_: &WorkerConfig, _: Option<PathBuf>| Ok(Arc::new(Scripted) as Arc<dyn Engine>);
    match gpu_worker::run(config, Arc::clone(&log), engine).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.error("the worker cannot start").because(&error).write();
            ExitCode::FAILURE
        }
    }
}
