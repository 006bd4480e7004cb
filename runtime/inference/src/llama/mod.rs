//! A model in this process: a GGUF file, run by llama.cpp on the CPU or, with the feature `cuda`, on NVIDIA's GPUs.
//!
//! One thread owns the model. Whoever wants a text sends it a request and reads the pieces; who drops the reader stops the text.

mod error;
mod model;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;

pub use error::LoadError;

use crate::batching::{Batcher, Limits, Progress, READER_PIECES, Request};
use crate::{Engine, Failure, Generation, Prompt};
use model::Loaded;

/// How long the thread sleeps while every reader is slow: a tenth of the time that a token takes on a CPU.
const STALLED: Duration = Duration::from_millis(5);

/// How a model is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Texts at once.
    pub slots: u32,
    /// Tokens of context for each of them: prompt and answer.
    pub context_tokens: u32,
    /// Layers that go to the GPU; 0 uses none.
    pub gpu_layers: u32,
    /// Threads that compute; when absent, as many as there are cores, fewer for a small model.
    pub threads: Option<u32>,
}

/// What a model's file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Tokens that it was trained on at once.
    pub context_tokens: u32,
    /// Layers.
    pub layers: u32,
    /// Weights.
    pub parameters: u64,
    /// What they take in memory.
    pub bytes: u64,
}

/// A model that runs in this process.
#[derive(Debug)]
pub struct Llama {
    facts: Facts,
    slots: usize,
    inbox: Option<Sender<Request>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Llama {
    /// Loads a model and makes room for the texts. Takes seconds for a large one, so asynchronous code calls it from a thread for that.
    ///
    /// # Errors
    ///
    /// When the file is no model, when it is not made for so much context, or when the memory does not suffice.
    pub fn load(path: &Path, settings: Settings) -> Result<Self, LoadError> {
        let (inbox, requests) = channel();
        let (loaded, result) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, path) = (Arc::clone(&stop), path.to_owned());
        let thread = thread::Builder::new()
            .name("llama".to_owned())
            .spawn(move || own(&path, settings, &loaded, &requests, &stopping))
            .map_err(LoadError::Thread)?;
        // Without an answer, the thread is gone.
        let facts = result.recv().unwrap_or(Err(LoadError::Died))?;
        Ok(Self { facts, slots: settings.slots as usize, inbox: Some(inbox), stop, thread: Some(thread) })
    }

    /// What the model's file says of it.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Engine for Llama {
    fn slots(&self) -> usize {
        self.slots
    }

    fn start(&self, prompt: Prompt) -> Generation {
        let (pieces, reader) = mpsc::channel(READER_PIECES);
        let refused = match &self.inbox {
            Some(inbox) => inbox.send(Request { prompt, pieces }).err().map(|error| error.0.pieces),
            None => Some(pieces),
        };
        if let Some(pieces) = refused {
            let message = "the model's thread has ended".to_owned();
            // The channel is empty, so there is room.
            drop(pieces.try_send(Err(Failure::Broken { message })));
        }
        Generation { pieces: reader }
    }
}

impl Drop for Llama {
    /// Texts under way break; the memory is free when this returns, at the latest after one step of the model.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The life of the thread.
fn own(path: &Path, settings: Settings, loaded: &Sender<Result<Facts, LoadError>>, requests: &Receiver<Request>, stop: &AtomicBool) {
    let weights = match model::load(path, settings) {
        Ok(weights) => weights,
        Err(error) => return drop(loaded.send(Err(error))),
    };
    let chunk = model::chunk(settings);
    let model = match Loaded::new(&weights, settings) {
        Ok(model) => model,
        Err(error) => return drop(loaded.send(Err(error))),
    };
    if loaded.send(Ok(model::facts(&weights))).is_err() {
        return;
    }
    let limits = Limits { slots: settings.slots as usize, context: settings.context_tokens as usize, chunk };
    let mut batcher = Batcher::new(model, limits);
    serve(&mut batcher, requests, stop);
    batcher.stop("the engine was stopped");
}

/// Makes texts until told to stop.
fn serve(batcher: &mut Batcher<Loaded<'_>>, requests: &Receiver<Request>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        loop {
            match requests.try_recv() {
                Ok(request) => batcher.push(request),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let next = match batcher.step() {
            Progress::Made => continue,
            Progress::Stalled => requests.recv_timeout(STALLED),
            Progress::Idle => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(request) => batcher.push(request),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
