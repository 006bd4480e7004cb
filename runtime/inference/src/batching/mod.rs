//! Many texts from one model at once: continuous batching.
//!
//! Every step of the model takes one token of each text in the making, and beside them a bounded part of a prompt that has just come, so
//! that a long prompt slows the others down instead of stopping them. A text that ends makes room for the next at once; nobody waits
//! for the longest of a batch. It knows nothing of llama.cpp: [`Model`] is all that it asks for.

mod running;
#[cfg(test)]
mod tests;
mod text;

use std::collections::VecDeque;

use contract::jobs::Turn;
use tokio::sync::mpsc;

use crate::{Failure, Piece, Prompt};
use running::Running;

/// How many pieces wait for a slow reader before its text waits too.
pub(crate) const READER_PIECES: usize = 32;

/// A token, as the model numbers it.
pub(crate) type Token = i32;

/// What a model can do.
pub(crate) trait Model {
    /// What chooses among tokens, for one text.
    type Sampler;

    /// The conversation as tokens, ready for the answer.
    fn tokens(&self, turns: &[Turn]) -> Result<Vec<Token>, Failure>;

    /// What chooses the tokens of an answer to this.
    fn sampler(&self, prompt: &Prompt) -> Self::Sampler;

    /// Reads the steps, all at once. After a failure it remembers nothing of any slot.
    fn decode(&mut self, steps: &[Step]) -> Result<(), String>;

    /// The token after the step with this index, which was wanted.
    fn choose(&mut self, sampler: &mut Self::Sampler, step: usize) -> Token;

    /// How a token is spelled, maybe only a part of a character; none if it ends the text.
    fn spelling(&self, token: Token) -> Option<Vec<u8>>;

    /// Forgets what was read in a slot.
    fn forget(&mut self, slot: usize);
}

/// One token for the model to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) slot: usize,
    /// Counted from the beginning of the slot's text.
    pub(crate) position: usize,
    pub(crate) token: Token,
    /// Whether anybody asks for what comes after it.
    pub(crate) wanted: bool,
}

/// How much at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Texts.
    pub(crate) slots: usize,
    /// Tokens of prompt and answer.
    pub(crate) context: usize,
    /// Tokens in one step of the model.
    pub(crate) chunk: usize,
}

/// Somebody who waits for a text.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) prompt: Prompt,
    pub(crate) pieces: mpsc::Sender<Result<Piece, Failure>>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Something was read.
    Made,
    /// Texts are under way, but all their readers are slow.
    Stalled,
    /// There is nothing to do.
    Idle,
}

/// The texts under way and those that wait.
#[derive(Debug)]
pub(crate) struct Batcher<M: Model> {
    model: M,
    limits: Limits,
    waiting: VecDeque<Request>,
    slots: Vec<Option<Running<M::Sampler>>>,
    /// Counts those that were let in: the oldest prompt is read first.
    admitted: u64,
}

impl<M: Model> Batcher<M> {
    pub(crate) fn new(model: M, limits: Limits) -> Self {
        let slots = (0..limits.slots).map(|_| None).collect();
        Self { model, limits, waiting: VecDeque::new(), slots, admitted: 0 }
    }

    /// One more to wait for a slot.
    pub(crate) fn push(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    /// Lets in whom there is room for, and has the model read once.
    pub(crate) fn step(&mut self) -> Progress {
        self.settle();
        self.admit();
        let steps = self.assemble();
        if steps.is_empty() {
            return if self.slots.iter().any(Option::is_some) { Progress::Stalled } else { Progress::Idle };
        }
        match self.model.decode(&steps) {
            Ok(()) => self.take(&steps),
            Err(message) => self.break_all(&format!("the model stopped in the middle of the text: {message}")),
        }
        self.settle();
        Progress::Made
    }

    /// Tells everybody that there will be no text, those without a slot too.
    pub(crate) fn stop(&mut self, message: &str) {
        self.break_all(message);
        for request in self.waiting.drain(..) {
            drop(request.pieces.try_send(Err(Failure::Broken { message: message.to_owned() })));
        }
    }

    fn break_all(&mut self, message: &str) {
        for slot in 0..self.slots.len() {
            if let Some(mut running) = self.slots[slot].take() {
                running.fail(message);
                self.model.forget(slot);
            }
        }
    }

    /// Hands out what readers have room for, and frees the slots of texts that are read to their end or that nobody reads any more.
    fn settle(&mut self) {
        for (slot, place) in self.slots.iter_mut().enumerate() {
            if place.as_mut().is_some_and(Running::is_over) {
                *place = None;
                self.model.forget(slot);
            }
        }
    }

    fn admit(&mut self) {
        while let Some(slot) = self.slots.iter().position(Option::is_none) {
            let Some(request) = self.waiting.pop_front() else { return };
            if request.pieces.is_closed() {
                continue;
            }
            match self.accept(&request.prompt) {
                Ok(tokens) => {
                    let sampler = self.model.sampler(&request.prompt);
                    self.admitted += 1;
                    self.slots[slot] = Some(Running::new(self.admitted, tokens, sampler, request));
                }
                // The reader's channel is empty, so there is room; if it is gone, nobody asks any more.
                Err(failure) => drop(request.pieces.try_send(Err(failure))),
            }
        }
    }

    fn accept(&self, prompt: &Prompt) -> Result<Vec<Token>, Failure> {
        let tokens = self.model.tokens(&prompt.messages)?;
        let (length, most) = (tokens.len(), self.limits.context.saturating_sub(1));
        if tokens.is_empty() {
            return Err(Failure::Refused { reason: "no_template", message: "the model's chat template makes no text of this".to_owned() });
        }
        if most < length {
            let message = format!("the prompt has {length} tokens, and at most {most} leave room for an answer");
            return Err(Failure::Refused { reason: "prompt_too_long", message });
        }
        Ok(tokens)
    }

    /// What the model reads next: the last token of every text, then prompts, oldest first, as far as the chunk reaches.
    fn assemble(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (slot, place) in self.slots.iter_mut().enumerate() {
            steps.extend(place.as_mut().and_then(|running| running.next_step(slot)));
        }
        let mut reading: Vec<_> = self.slots.iter_mut().enumerate().filter_map(|(slot, place)| Some((slot, place.as_mut()?))).collect();
        reading.sort_by_key(|(_, running)| running.arrival());
        // However many texts are under way, a new prompt gets on by a token.
        let mut room = self.limits.chunk.saturating_sub(steps.len()).max(1);
        for (slot, running) in reading {
            let part = running.prompt_steps(slot, room);
            room -= part.len();
            steps.extend(part);
        }
        steps
    }

    /// Chooses the next token of every text whose last one was read.
    fn take(&mut self, steps: &[Step]) {
        for (index, step) in steps.iter().enumerate().filter(|(_, step)| step.wanted) {
            let Some(running) = self.slots.get_mut(step.slot).and_then(Option::as_mut) else { continue };
            let token = self.model.choose(running.sampler(), index);
            running.add(token, self.model.spelling(token).as_deref(), self.limits.context);
        }
    }
}
