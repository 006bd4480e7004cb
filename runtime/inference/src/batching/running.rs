//! A text in the making.

use std::collections::VecDeque;

use contract::jobs::Finish;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::text::Characters;
use super::{Request, Step, Token};
use crate::{Failure, Piece};

/// A text that has a slot.
#[derive(Debug)]
pub(crate) struct Running<S> {
    arrival: u64,
    prompt: Vec<Token>,
    /// How many tokens the model has read, of the prompt and the answer.
    read: usize,
    /// The last token of the answer, while the model has not read it.
    last: Option<Token>,
    made: usize,
    most: usize,
    sampler: S,
    characters: Characters,
    /// Pieces that the reader had no room for. As long as there is one, the text waits.
    outbox: VecDeque<Result<Piece, Failure>>,
    pieces: mpsc::Sender<Result<Piece, Failure>>,
    ended: bool,
}

impl<S> Running<S> {
    pub(super) fn new(arrival: u64, prompt: Vec<Token>, sampler: S, request: Request) -> Self {
        let most = usize::try_from(request.prompt.max_tokens).unwrap_or(usize::MAX);
        let mut running = Self {
            arrival,
            prompt,
            read: 0,
            last: None,
            made: 0,
            most,
            sampler,
            characters: Characters::default(),
            outbox: VecDeque::new(),
            pieces: request.pieces,
            ended: false,
        };
        if most == 0 {
            running.end(Finish::Length);
        }
        running
    }

    /// When it was let in, as a number that grows.
    pub(super) fn arrival(&self) -> u64 {
        self.arrival
    }

    pub(super) fn sampler(&mut self) -> &mut S {
        &mut self.sampler
    }

    /// Hands out what there is room for; true when nothing is left to do.
    pub(super) fn is_over(&mut self) -> bool {
        while let Some(piece) = self.outbox.pop_front() {
            match self.pieces.try_send(piece) {
                Ok(()) => {}
                Err(TrySendError::Full(piece)) => {
                    self.outbox.push_front(piece);
                    break;
                }
                Err(TrySendError::Closed(_)) => return true,
            }
        }
        self.pieces.is_closed() || (self.ended && self.outbox.is_empty())
    }

    /// The step that gives the next token of the answer.
    pub(super) fn next_step(&mut self, slot: usize) -> Option<Step> {
        if self.ended || !self.outbox.is_empty() {
            return None;
        }
        let token = self.last.take()?;
        let position = self.read;
        self.read += 1;
        Some(Step { slot, position, token, wanted: true })
    }

    /// The next part of the prompt, at most this many tokens.
    pub(super) fn prompt_steps(&mut self, slot: usize, most: usize) -> Vec<Step> {
        if self.ended || self.prompt.len() <= self.read {
            return Vec::new();
        }
        let (from, last) = (self.read, self.prompt.len() - 1);
        self.read = self.prompt.len().min(from + most);
        let part = self.prompt[from..self.read].iter().enumerate();
        part.map(|(index, &token)| Step { slot, position: from + index, token, wanted: from + index == last }).collect()
    }

    /// One more token of the answer; without a spelling, its end.
    pub(super) fn add(&mut self, token: Token, spelling: Option<&[u8]>, context: usize) {
        let Some(spelling) = spelling else { return self.end(Finish::Stop) };
        self.made += 1;
        self.last = Some(token);
        let text = self.characters.push(spelling);
        self.outbox.extend(text.map(Ok));
        // The token itself has to be read to get another one.
        if self.most <= self.made || context <= self.prompt.len() + self.made {
            self.end(Finish::Length);
        }
    }

    /// No text after all.
    pub(super) fn fail(&mut self, message: &str) {
        // What was made before is worth nothing now, and a reader without room learns it from the end of the channel.
        drop(self.pieces.try_send(Err(Failure::Broken { message: message.to_owned() })));
    }

    fn end(&mut self, finish: Finish) {
        let prompt_tokens = u32::try_from(self.prompt.len()).unwrap_or(u32::MAX);
        self.outbox.extend(self.characters.finish().map(Ok));
        self.outbox.push_back(Ok(Piece::End { finish, prompt_tokens }));
        self.ended = true;
    }
}
