//! Which engine a worker has: the one place that knows their names.

use std::path::PathBuf;
use std::sync::Arc;

use contract::worker::WorkerConfig;
use inference::Engine;
use inference::http::{self, Http};

/// There is no such engine in this program.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without the engine `{engine}`")]
pub struct NoEngine {
    /// The word in the configuration.
    pub engine: String,
}

/// The model is there, but nothing that could run it.
#[cfg(not(feature = "llama"))]
#[derive(Debug, thiserror::Error)]
#[error("this program was built without llama.cpp, so that nothing runs `{model}`: `cargo xtask build` builds it with the feature `llama`")]
struct WithoutLlama {
    model: String,
}

/// Why there is no engine.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Makes the engine that the configuration names; `model` is its GGUF file, where it has one.
///
/// # Errors
///
/// When this program was built without it, or when it cannot start.
pub async fn choose(config: &WorkerConfig, model: Option<PathBuf>) -> Result<Arc<dyn Engine>, Failed> {
    match config.engine.as_str() {
        "http" => Ok(Arc::new(Http::new(http::Settings::new(&config.engine_url, &config.model, config.slots))?)),
        #[cfg(feature = "llama")]
        "llama" => llama(config, model).await,
        #[cfg(not(feature = "llama"))]
        "llama" => Err(WithoutLlama { model: model.unwrap_or_default().display().to_string() }.into()),
        _ => Err(NoEngine { engine: config.engine.clone() }.into()),
    }
}

#[cfg(feature = "llama")]
async fn llama(config: &WorkerConfig, model: Option<PathBuf>) -> Result<Arc<dyn Engine>, Failed> {
    use inference::llama::{Llama, Settings};

    let WorkerConfig { slots, context_tokens, gpu_layers, .. } = *config;
    let path = model.ok_or("`WORKER_MODEL_KEY` names no model, and the engine `llama` runs one")?;
    let settings = Settings { slots, context_tokens, gpu_layers, threads: None };
    // Loading takes seconds, and keeps a thread busy.
    Ok(Arc::new(tokio::task::spawn_blocking(move || Llama::load(&path, settings)).await??))
}
