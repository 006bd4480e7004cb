//! Why a model cannot be run.

use std::io;
use std::path::PathBuf;

/// Why a model cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the model `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{}` is no model: it begins with `{begins}` instead of `GGUF`", path.display())]
    NoGguf {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        begins: String,
    },
    /// llama.cpp does not take it.
    #[error("llama.cpp cannot load `{}`: {said}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What llama.cpp said.
        said: String,
    },
    /// More context than the model was trained on.
    #[error("`context_tokens` is {asked}, but the model was trained on {trained} tokens at once")]
    TooMuchContext {
        /// What was asked for.
        asked: u32,
        /// What there is.
        trained: u32,
    },
    /// No slots, or no context.
    #[error("`{name}` is 0: a model without it makes no text")]
    Nothing {
        /// The setting.
        name: &'static str,
    },
    /// An old processor.
    #[error("this processor lacks `{lacks}`, which llama.cpp was built for: x86-64-v3 (Intel since 2013, AMD since 2017)")]
    Processor {
        /// What it lacks.
        lacks: &'static str,
    },
    /// Layers were to go to a GPU.
    #[error("`gpu_layers` is {asked}, but this program was built without the feature `cuda`, or no GPU can be used")]
    NoGpu {
        /// What was asked for.
        asked: u32,
    },
    /// The memory for the texts.
    #[error("there is no memory for {slots} texts of {context_tokens} tokens: {said}")]
    NoMemory {
        /// Texts at once.
        slots: u32,
        /// Tokens for each.
        context_tokens: u32,
        /// What llama.cpp said.
        said: String,
    },
    /// The system gives no thread.
    #[error("the model's thread cannot be started")]
    Thread(#[source] io::Error),
    /// The thread ended while it loaded.
    #[error("the model's thread ended while it loaded the model")]
    Died,
}
