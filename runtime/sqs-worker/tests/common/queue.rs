use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::jobs::SPARE_DELIVERIES;
use sqs_worker::{Clock, Message, Queue, Refusal};

use super::{Paused, SECOND};

/// A call that the queue got, with its time in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Receive(u64),
    Hide(u64, String, Duration),
    Delete(u64, String),
    Bury(u64, String, String),
}

/// What shall go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Receive,
    Hide,
    Delete,
    Bury,
}

/// A FIFO queue as SQS documents it: order in a group, one of a group at a time, receipts that become void, dead letters.
#[derive(Clone)]
pub(crate) struct Scripted {
    clock: Paused,
    deliveries: u32,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    messages: Vec<Stored>,
    dead: Vec<(String, Option<String>)>,
    calls: Vec<Call>,
    /// Which calls fail, and how often from now on.
    faults: Vec<(Fault, u32)>,
    /// How long the next message is on its way.
    late: Duration,
    receipts: u64,
    most_in_flight: usize,
}

struct Stored {
    message: Message,
    visible: Duration,
}

impl Scripted {
    /// Messages by their bodies: the letter is the group, as in `a1`.
    pub(crate) fn with(bodies: &[&str]) -> Self {
        let queue = Self { clock: Paused::default(), deliveries: 3 + SPARE_DELIVERIES, state: Arc::default() };
        bodies.iter().for_each(|body| queue.send(body));
        queue
    }

    pub(crate) fn send(&self, body: &str) {
        let (id, group, attributes) = (body.to_owned(), body[..1].to_owned(), BTreeMap::new());
        let message = Message { id, receipt: String::new(), group, body: body.to_owned(), attributes, receive_count: 0 };
        self.state.lock().unwrap().messages.push(Stored { message, visible: Duration::ZERO });
    }

    /// Makes the next calls fail.
    pub(crate) fn failing(self, fault: Fault, times: u32) -> Self {
        self.state.lock().unwrap().faults.push((fault, times));
        self
    }

    /// Makes the next message lie on its way for so long.
    pub(crate) fn late(self, by: Duration) -> Self {
        self.state.lock().unwrap().late = by;
        self
    }

    /// Does something at a moment, while a worker works.
    pub(crate) fn at(&self, moment: Duration, act: impl FnOnce(&Self) + Send + 'static) {
        let queue = self.clone();
        tokio::spawn(async move {
            queue.clock.sleep_until(moment).await;
            act(&queue);
        });
    }

    /// Gives a message to whoever asks, as if its visibility timeout were over.
    pub(crate) fn expire(&self, body: &str) {
        let mut state = self.state.lock().unwrap();
        let stored = state.messages.iter_mut().find(|stored| stored.message.body == body).unwrap();
        stored.message.receipt = "nobody's".to_owned();
        stored.visible = self.clock.now();
    }

    pub(crate) fn clock(&self) -> Paused {
        self.clock.clone()
    }

    /// The messages that are left.
    pub(crate) fn left(&self) -> Vec<String> {
        self.state.lock().unwrap().messages.iter().map(|stored| stored.message.body.clone()).collect()
    }

    /// The dead letters, with a reason where a worker sent them.
    pub(crate) fn dead(&self) -> Vec<(String, Option<String>)> {
        self.state.lock().unwrap().dead.clone()
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// How many messages were with the worker at one time.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.state.lock().unwrap().most_in_flight
    }

    fn asked(&self, call: Call, fault: Fault) -> Result<(), Refusal> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(call);
        match state.faults.iter_mut().find(|(kind, left)| *kind == fault && 0 < *left) {
            Some((_, left)) => {
                *left -= 1;
                Err(Refusal::Failed { action: "do something", source: "the cloud is away".into() })
            }
            None => Ok(()),
        }
    }

    fn take(&self, hidden: Duration) -> Option<Message> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        let spent: Vec<_> = state
            .messages
            .extract_if(.., |stored| stored.visible <= now && self.deliveries <= stored.message.receive_count)
            .map(|stored| (stored.message.body, None))
            .collect();
        state.dead.extend(spent);
        let mut locked: Vec<String> = Vec::new();
        let found = state.messages.iter().position(|stored| {
            let free = stored.visible <= now && !locked.contains(&stored.message.group);
            locked.push(stored.message.group.clone());
            free
        })?;
        state.receipts += 1;
        let receipt = format!("receipt {}", state.receipts);
        let stored = &mut state.messages[found];
        stored.message.receipt = receipt;
        stored.message.receive_count += 1;
        stored.visible = now + hidden;
        let message = stored.message.clone();
        let in_flight = state.messages.iter().filter(|stored| now < stored.visible).count();
        state.most_in_flight = state.most_in_flight.max(in_flight);
        Some(message)
    }

    fn with_lease(&self, message: &Message, act: impl FnOnce(&mut Vec<Stored>, usize)) -> Result<(), Refusal> {
        let now = self.clock.now();
        let mut state = self.state.lock().unwrap();
        let ours = |stored: &Stored| stored.message.receipt == message.receipt && now < stored.visible;
        let found = state.messages.iter().position(ours).ok_or(Refusal::LeaseLost)?;
        act(&mut state.messages, found);
        Ok(())
    }
}

impl Queue for Scripted {
    async fn receive(&self, wait: Duration, hidden: Duration) -> Result<Option<Message>, Refusal> {
        let until = self.clock.now() + wait;
        self.asked(Call::Receive(self.clock.now().as_secs()), Fault::Receive)?;
        loop {
            if let Some(message) = self.take(hidden) {
                let late = std::mem::take(&mut self.state.lock().unwrap().late);
                if !late.is_zero() {
                    self.clock.sleep(late).await;
                }
                return Ok(Some(message));
            }
            if until <= self.clock.now() {
                return Ok(None);
            }
            self.clock.sleep(SECOND).await;
        }
    }

    async fn hide(&self, message: &Message, hidden: Duration) -> Result<(), Refusal> {
        let now = self.clock.now();
        self.asked(Call::Hide(now.as_secs(), message.body.clone(), hidden), Fault::Hide)?;
        self.with_lease(message, |messages, found| messages[found].visible = now + hidden)
    }

    async fn delete(&self, message: &Message) -> Result<(), Refusal> {
        self.asked(Call::Delete(self.clock.now().as_secs(), message.body.clone()), Fault::Delete)?;
        self.with_lease(message, |messages, found| drop(messages.remove(found)))
    }

    async fn bury(&self, message: &Message, reason: &str) -> Result<(), Refusal> {
        self.asked(Call::Bury(self.clock.now().as_secs(), message.body.clone(), reason.to_owned()), Fault::Bury)?;
        self.state.lock().unwrap().dead.push((message.body.clone(), Some(reason.to_owned())));
        Ok(())
    }
}
