//! Which engine a worker has: the one place that knows their names.

use std::path::PathBuf;
use std::sync::Arc;

use contract::worker::WorkerConfig;
use inference::Engine;

/// There is no such engine in this program.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without the engine `{engine}`")]
pub struct NoEngine {
    /// The word in the configuration.
    pub engine: String,
}

/// Makes the engine that the configuration names; `model` is its GGUF file, where it has one.
///
/// # Errors
///
/// When this program was built without it, or when it cannot start.
pub async fn choose(config: &WorkerConfig, _model: Option<PathBuf>) -> Result<Arc<dyn Engine>, Box<dyn std::error::Error + Send + Sync>> {
    Err(NoEngine { engine: config.engine.clone() }.into())
}
