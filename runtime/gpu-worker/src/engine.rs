//! Which engine a worker has: the one place that knows their names.

use std::path::PathBuf;
use std::sync::Arc;

use contract::worker::WorkerConfig;
use inference::Engine;
use inference::http::{self, Http, Key};

use crate::run::NONE;

/// There is no such engine in this program.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without the engine `{engine}`")]
pub struct NoEngine {
    /// The word in the configuration.
    pub engine: String,
}

/// The file that `WORKER_ENGINE_KEY_FILE` names holds no key.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` holds no key of the engine's server: one word, without spaces, as the worker's start writes it from the parameter")]
struct NoKey {
    file: String,
    source: Option<std::io::Error>,
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
        "http" => {
            let settings = http::Settings::new(&config.engine_url, &config.model, config.slots);
            Ok(Arc::new(Http::new(http::Settings { key: key(&config.engine_key_file)?, ..settings })?))
        }
        #[cfg(feature = "llama")]
        "llama" => llama(config, model).await,
        #[cfg(not(feature = "llama"))]
        "llama" => Err(WithoutLlama { model: model.unwrap_or_default().display().to_string() }.into()),
        _ => Err(NoEngine { engine: config.engine.clone() }.into()),
    }
}

/// The key that the server asks for, if it asks for one.
fn key(file: &str) -> Result<Option<Key>, NoKey> {
    if file == NONE {
        return Ok(None);
    }
    let no_key = |source| NoKey { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(|error| no_key(Some(error)))?;
    Key::new(&text).map(Some).ok_or_else(|| no_key(None))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_what_the_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };

        let found = [file("key", "sk-1\n"), NONE.to_owned()].map(|file| key(&file).unwrap());
        let missing = [file("empty", "\n"), "/nowhere/key".to_owned()].map(|file| key(&file).unwrap_err().to_string());

        assert_eq!(found, [Key::new("sk-1"), None], "every job would be refused");
        assert!(missing.iter().all(|error| error.contains("holds no key")), "the worker would go on without one: {missing:?}");
    }
}
