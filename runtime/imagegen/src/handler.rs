//! A batch of messages: which are done, which shall come again and when.

use contract::{imagegen::ImagegenConfig, logs};
use futures_util::future::join_all;
use lambda_events::{Batch, BatchResponse, Message};
use telemetry::Log;

use crate::{clock::Clock, cloud::Cloud};

/// The function, apart from Lambda.
#[derive(Debug)]
pub struct Imagegen<C, T> {
    pub(crate) cloud: C,
    pub(crate) clock: T,
    pub(crate) config: ImagegenConfig,
    pub(crate) log: Log,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It leaves the queue.
    Done,
    /// It comes again, after so many seconds.
    After(u32),
    /// It comes again when the queue's own time is over: nobody knows what to wait for.
    Again,
}

impl<C: Cloud, T: Clock> Imagegen<C, T> {
    /// A function with these settings.
    pub fn new(cloud: C, clock: T, config: ImagegenConfig, log: Log) -> Self {
        Self { cloud, clock, config, log }
    }

    /// What it asks of the cloud.
    pub fn cloud(&self) -> &C {
        &self.cloud
    }

    /// Handles a batch, all messages at once: the time goes by waiting for the model.
    ///
    /// A message that fails comes again alone; the others are done.
    pub async fn handle(&self, batch: &Batch) -> BatchResponse {
        let fates = join_all(batch.messages.iter().map(|message| self.message(message))).await;
        let mut response = BatchResponse::default();
        for (message, _) in batch.messages.iter().zip(fates).filter(|(_, fate)| *fate != Fate::Done) {
            response.again(message);
        }
        response
    }

    async fn message(&self, message: &Message) -> Fate {
        let fate = self.job(message).await;
        if let Fate::After(seconds) = fate
            && let Err(error) = self.cloud.hide(message, seconds).await
        {
            // It comes again all the same, at the end of the queue's visibility timeout.
            self.log
                .warn("the message comes again later than it should")
                .field(logs::MESSAGE_ID, &message.message_id)
                .because(&error)
                .write();
        }
        fate
    }
}
