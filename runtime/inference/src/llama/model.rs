//! llama.cpp as a [`Model`]: weights, a context with room for every slot, samplers.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use contract::jobs::Turn;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LlamaModelLoadError, LogOptions, send_logs_to_tracing};

use super::{Facts, LoadError, Settings};
use crate::batching::{Model, Step, Token};
use crate::chat::Chat;
use crate::{Failure, Prompt};

/// Tokens in one step of the model. On a CPU that is a second or so of a model with a billion weights, which others have to wait for
/// at most; a GPU does four times as many in less time than it takes to ask for them twice.
pub(super) fn chunk(settings: Settings) -> usize {
    let chunk = if 0 < settings.gpu_layers { 512 } else { 128 };
    chunk.max(settings.slots as usize + 1)
}

/// The library, initialised once in this process; its words go to nobody, since it says hundreds of lines about each model.
fn backend() -> Result<&'static LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    let backend = BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default().with_logs_enabled(false));
        LlamaBackend::init().map_err(|error| error.to_string())
    });
    backend.as_ref().map_err(Clone::clone)
}

/// What the library uses without asking, and this processor lacks. Better said than found out by an illegal instruction.
fn lacking() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let has = [
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("f16c", is_x86_feature_detected!("f16c")),
            ("bmi2", is_x86_feature_detected!("bmi2")),
        ];
        has.into_iter().find(|(_, there)| !there).map(|(name, _)| name)
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

/// Loads the weights.
pub(super) fn load(path: &Path, settings: Settings) -> Result<LlamaModel, LoadError> {
    for (name, number) in [("slots", settings.slots), ("context_tokens", settings.context_tokens)] {
        if number == 0 {
            return Err(LoadError::Nothing { name });
        }
    }
    let read = |source| LoadError::Read { path: path.to_owned(), source };
    let mut begins = [0; 4];
    File::open(path).map_err(read)?.read_exact(&mut begins).map_err(read)?;
    if begins != *b"GGUF" {
        return Err(LoadError::NoGguf { path: path.to_owned(), begins: begins.escape_ascii().to_string() });
    }
    if let Some(lacks) = lacking() {
        return Err(LoadError::Processor { lacks });
    }
    let refused = |said| LoadError::Refused { path: path.to_owned(), said };
    let backend = backend().map_err(refused)?;
    if 0 < settings.gpu_layers && !backend.supports_gpu_offload() {
        return Err(LoadError::NoGpu { asked: settings.gpu_layers });
    }
    let parameters = LlamaModelParams::default().with_n_gpu_layers(settings.gpu_layers);
    let weights = LlamaModel::load_from_file(backend, path, &parameters).map_err(|error| match error {
        // All that it says: the reasons it only logs.
        LlamaModelLoadError::NullResult => {
            refused("the file is cut off or damaged, its architecture is unknown here, or the memory does not suffice".to_owned())
        }
        LlamaModelLoadError::NullError(_) | LlamaModelLoadError::PathToStrError(_) => refused(error.to_string()),
    })?;
    let trained = weights.n_ctx_train();
    if trained < settings.context_tokens {
        return Err(LoadError::TooMuchContext { asked: settings.context_tokens, trained });
    }
    Ok(weights)
}

pub(super) fn facts(weights: &LlamaModel) -> Facts {
    Facts {
        name: weights.meta_val_str("general.name").ok(),
        context_tokens: weights.n_ctx_train(),
        layers: weights.n_layer(),
        parameters: weights.n_params(),
        bytes: weights.size(),
    }
}

/// A model that texts can be made with.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    weights: &'a LlamaModel,
    settings: Settings,
    /// Gone after a failure for which the memory of a new one did not suffice.
    context: Option<LlamaContext<'a>>,
    chat: Chat,
}

impl<'a> Loaded<'a> {
    pub(super) fn new(weights: &'a LlamaModel, settings: Settings) -> Result<Self, LoadError> {
        let vocabulary = weights.vocab();
        let spelled = |token| String::from_utf8_lossy(&vocabulary.token_to_piece(token, true, None)).into_owned();
        let controls = vocabulary.tokens().filter(|&token| vocabulary.is_control(token)).map(spelled).collect();
        let template = weights.chat_template(None).ok().and_then(|template| template.to_string().ok());
        let chat = Chat::new(template, spelled(vocabulary.bos()), spelled(vocabulary.eos()), controls);
        let context = context(weights, settings).map_err(|said| LoadError::NoMemory {
            slots: settings.slots,
            context_tokens: settings.context_tokens,
            said,
        })?;
        Ok(Self { weights, settings, context: Some(context), chat })
    }

    fn read(&mut self, steps: &[Step]) -> Result<(), String> {
        let mut batch = LlamaBatch::new(steps.len(), 1);
        for step in steps {
            let numbers = (i32::try_from(step.position), i32::try_from(step.slot));
            let (Ok(position), Ok(slot)) = numbers else { return Err("a text is too long to be numbered".to_owned()) };
            batch.add(LlamaToken(step.token), position, &[slot], step.wanted).map_err(|error| error.to_string())?;
        }
        if self.context.is_none() {
            self.context = Some(context(self.weights, self.settings)?);
        }
        let context = self.context.as_mut().ok_or("there is no context")?;
        context.decode(&mut batch).map_err(|error| error.to_string())
    }
}

/// Threads wait for each other after every matrix, spinning. That pays for itself from some ten megabytes of weights each; with less, or
/// beside other work on the same cores, they wait longer than they compute.
fn useful_threads(bytes: u64) -> u32 {
    const BYTES_PER_THREAD: u64 = 32 << 20;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let useful = usize::try_from(bytes / BYTES_PER_THREAD).unwrap_or(cores);
    u32::try_from(cores.min(useful.max(1))).unwrap_or(1)
}

/// The memory of what was read, for each slot its own: a text never has to make room for another's.
fn context(weights: &LlamaModel, settings: Settings) -> Result<LlamaContext<'_>, String> {
    let Settings { slots, context_tokens, threads, .. } = settings;
    let threads = i32::try_from(threads.unwrap_or_else(|| useful_threads(weights.size()))).unwrap_or(1);
    let batch = u32::try_from(chunk(settings)).unwrap_or(u32::MAX);
    let parameters = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(slots.saturating_mul(context_tokens)))
        .with_n_seq_max(slots)
        .with_kv_unified(false)
        .with_n_batch(batch)
        .with_n_ubatch(batch)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
        .with_no_perf(true);
    weights.new_context(backend()?, parameters).map_err(|error| error.to_string())
}

impl Model for Loaded<'_> {
    type Sampler = LlamaSampler;

    fn tokens(&self, turns: &[Turn]) -> Result<Vec<Token>, Failure> {
        let text = self.chat.text(turns)?;
        let tokens = self.weights.vocab().tokenize(text.as_bytes(), !self.chat.has_bos(&text), true);
        Ok(tokens.into_iter().map(|token| token.0).collect())
    }

    fn sampler(&self, prompt: &Prompt) -> LlamaSampler {
        if prompt.temperature <= 0.0 {
            return LlamaSampler::greedy();
        }
        #[expect(clippy::cast_possible_truncation, reason = "llama.cpp computes with 32 bits")]
        let (temperature, top_p) = (prompt.temperature as f32, prompt.top_p as f32);
        let seed = prompt.seed.unwrap_or_else(|| fastrand::u64(..));
        LlamaSampler::chain_simple([LlamaSampler::temp(temperature), LlamaSampler::top_p(top_p, 1), LlamaSampler::dist(folded(seed))])
    }

    fn decode(&mut self, steps: &[Step]) -> Result<(), String> {
        let read = self.read(steps);
        if read.is_err() {
            // Whatever state it is in: what is made next begins with a new one.
            self.context = None;
        }
        read
    }

    fn choose(&mut self, sampler: &mut LlamaSampler, step: usize) -> Token {
        let index = i32::try_from(step).ok();
        match (&self.context, index) {
            (Some(context), Some(index)) => sampler.sample(context, index).0,
            // Nothing was read, so nothing follows.
            (None, _) | (_, None) => self.weights.vocab().eos().0,
        }
    }

    fn spelling(&self, token: Token) -> Option<Vec<u8>> {
        let (vocabulary, token) = (self.weights.vocab(), LlamaToken(token));
        (!vocabulary.is_eog(token)).then(|| vocabulary.token_to_piece(token, false, None))
    }

    fn forget(&mut self, slot: usize) {
        if let (Some(context), Ok(slot)) = (&mut self.context, u32::try_from(slot)) {
            // A whole sequence can always be removed.
            drop(context.clear_kv_cache_seq(Some(slot), None, None));
        }
    }
}

/// llama.cpp's seeds have 32 bits, and all of them set means "any".
fn folded(seed: u64) -> u32 {
    let [low, high] = [seed, seed >> 32].map(|half| half as u32);
    (low ^ high.wrapping_mul(0x9e37_79b1)).min(u32::MAX - 1)
}
