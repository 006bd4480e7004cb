//! The lease on a message: how long it is ours, and how it stays ours.

use std::time::Duration;

use telemetry::Log;

use crate::settings::LONGEST_HIDDEN;
use crate::{Clock, Message, Queue, Refusal, Settings};

/// Why a message may not be worked at any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Somebody else may have it by now.
    Lost,
    /// It is still ours, and was worked at for as long as it may be.
    Overdue,
}

/// One delivery, from the moment it was received.
pub(crate) struct Lease<'a, Q, C> {
    pub(crate) queue: &'a Q,
    pub(crate) clock: &'a C,
    pub(crate) log: &'a Log,
    pub(crate) message: &'a Message,
    visibility: Duration,
    received: Duration,
    /// Whether SQS surely hid it for us about when we say that we received it.
    fresh: bool,
    overdue: Duration,
    /// Until when it is surely ours.
    expires: Duration,
    next: Duration,
}

impl<'a, Q: Queue, C: Clock> Lease<'a, Q, C> {
    /// Of a message that has just come, and was asked for at a moment.
    pub(crate) fn new(queue: &'a Q, clock: &'a C, log: &'a Log, message: &'a Message, asked: Duration, settings: &Settings) -> Self {
        let (received, visibility) = (clock.now(), settings.visibility);
        let (overdue, fresh) = (received + settings.longest.min(LONGEST_HIDDEN), received < asked + visibility / 3);
        let (expires, next) = (received + visibility, received + visibility / 3);
        Self { queue, clock, log, message, visibility, received, fresh, overdue, expires, next }
    }

    /// Whether the message is still ours, as far as can be known before its work begins.
    ///
    /// The answer to a call may have lain here for as long as the call was open, while this process, or its machine, stood still. What was
    /// open for longer than a heartbeat may be late is asked for: the message can be with somebody else by now, or soon.
    pub(crate) async fn holds(&mut self) -> bool {
        if self.expires <= self.clock.now() {
            return false;
        }
        if self.fresh {
            return true;
        }
        let now = self.clock.now();
        let renewed = tokio::select! {
            renewed = self.queue.hide(self.message, self.visibility) => renewed,
            () = self.clock.sleep_until(self.expires) => return false,
        };
        self.fresh = renewed.is_ok();
        if self.fresh {
            (self.expires, self.next) = (now + self.visibility, now + self.visibility / 3);
        }
        self.fresh
    }

    /// Renews the lease each third of the visibility timeout, and ends when that is over.
    ///
    /// It may be dropped and called again.
    pub(crate) async fn keep(&mut self) -> Ended {
        loop {
            self.clock.sleep_until(self.next.min(self.overdue)).await;
            let now = self.clock.now();
            if self.expires <= now {
                return Ended::Lost;
            }
            if self.overdue <= now {
                return Ended::Overdue;
            }
            let hidden = self.visibility.min(LONGEST_HIDDEN.saturating_sub(now - self.received));
            let renewed = tokio::select! {
                renewed = self.queue.hide(self.message, hidden) => renewed,
                // An answer that comes later than that cannot be trusted: somebody else may have the message by then.
                () = self.clock.sleep_until(self.expires) => return Ended::Lost,
            };
            match renewed {
                Ok(()) => {
                    self.expires = now + hidden;
                    self.next = now + self.visibility / 3;
                }
                Err(Refusal::LeaseLost) => return Ended::Lost,
                Err(refusal @ Refusal::Failed { .. }) => {
                    self.log
                        .warn("a heartbeat failed and will be tried again")
                        .field(contract::logs::MESSAGE_ID, &self.message.id)
                        .because(&refusal)
                        .write();
                    self.next = (self.clock.now() + self.visibility / 12).min(self.expires);
                }
            }
        }
    }
}
