//! What is done with a message once its work has ended.

use std::time::Duration;

use contract::logs;
use telemetry::Log;

use crate::backoff::pause;
use crate::{Clock, Message, Outcome, Queue, Refusal, Settings};

/// How often a call is tried after which the message would be done with.
const TRIES: u32 = 5;
/// How much longer than its wait a call for messages may be open.
const OPEN_CALL_MARGIN: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Carries an outcome out on the queue.
pub(crate) struct Settling<'a, Q, C> {
    pub(crate) queue: &'a Q,
    pub(crate) clock: &'a C,
    pub(crate) log: &'a Log,
    pub(crate) settings: &'a Settings,
}

impl<Q: Queue, C: Clock> Settling<'_, Q, C> {
    pub(crate) async fn settle(&self, message: &Message, outcome: &Outcome) {
        match outcome {
            Outcome::Done | Outcome::Nothing => self.delete(message).await,
            Outcome::Leave => {}
            // Not at once: the call that this worker has open would take it again.
            Outcome::GiveBack => self.hide(message, self.settings.wait + OPEN_CALL_MARGIN).await,
            Outcome::Retry => self.retry(message).await,
            Outcome::Permanent { reason } => match self.persist(|| self.queue.bury(message, reason)).await {
                Ok(()) => self.delete(message).await,
                Err(refusal) => {
                    self.tell("a dead letter could not be sent; its message comes again", message, &refusal);
                    self.retry(message).await;
                }
            },
        }
    }

    /// Gives a message back that others may take now.
    pub(crate) async fn release(&self, message: &Message) {
        self.hide(message, Duration::ZERO).await;
    }

    /// Deletes after the effect is written. When that fails the message comes once more, and finds that it was done.
    async fn delete(&self, message: &Message) {
        if let Err(refusal) = self.persist(|| self.queue.delete(message)).await {
            self.tell("a message could not be deleted; it comes once more and finds that it was done", message, &refusal);
        }
    }

    async fn retry(&self, message: &Message) {
        let Settings { tries, first_pause, longest_pause, .. } = *self.settings;
        // After the last try there is none to wait for: whoever gets the message next writes that it failed.
        let hidden = if tries == message.receive_count {
            Duration::ZERO
        } else {
            pause(message.receive_count.saturating_sub(1), first_pause, longest_pause)
        };
        self.hide(message, hidden).await;
    }

    /// What fails here costs time alone: the message comes again when its visibility timeout is over.
    async fn hide(&self, message: &Message, hidden: Duration) {
        match self.queue.hide(message, hidden).await {
            Ok(()) | Err(Refusal::LeaseLost) => {}
            Err(refusal @ Refusal::Failed { .. }) => {
                self.tell("a message could not be given back; it comes again when its visibility timeout is over", message, &refusal);
            }
        }
    }

    async fn persist<F: Future<Output = Result<(), Refusal>>>(&self, call: impl Fn() -> F) -> Result<(), Refusal> {
        let mut before = 0;
        loop {
            match call().await {
                Err(Refusal::Failed { .. }) if before + 1 < TRIES => {
                    self.clock.sleep(pause(before, FIRST_PAUSE, LONGEST_PAUSE)).await;
                    before += 1;
                }
                result => return result,
            }
        }
    }

    fn tell(&self, what: &'static str, message: &Message, refusal: &Refusal) {
        self.log.warn(what).field(logs::MESSAGE_ID, &message.id).because(refusal).write();
    }
}
