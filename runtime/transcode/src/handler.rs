//! A batch of messages: which are done, which shall come again.

use std::sync::Arc;

use contract::{images::TranscodeConfig, logs};
use lambda_events::{Batch, BatchResponse, Message};
use telemetry::Log;

use crate::{
    event::{self, Notification},
    store::Store,
};

/// The function, apart from Lambda: it takes batches one after the other.
#[derive(Debug)]
pub struct Transcoder<S> {
    pub(crate) store: S,
    pub(crate) config: Arc<TranscodeConfig>,
    pub(crate) log: Log,
}

/// The message shall come again; what went wrong has been logged.
#[derive(Debug)]
pub(crate) struct ComeAgain;

impl<S: Store> Transcoder<S> {
    /// A function with these settings.
    pub fn new(store: S, config: TranscodeConfig, log: Log) -> Self {
        Self { store, config: Arc::new(config), log }
    }

    /// The store, for those who want to see what became of it.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Handles a batch, one message and one picture after the other, so that only one picture is in memory.
    ///
    /// A message that fails comes again alone; the others are done.
    pub async fn handle(&self, batch: &Batch) -> BatchResponse {
        let mut response = BatchResponse::default();
        for message in &batch.messages {
            if self.message(message).await.is_err() {
                response.again(message);
            }
        }
        response
    }

    async fn message(&self, message: &Message) -> Result<(), ComeAgain> {
        let id = &message.message_id;
        let events = match event::read(&message.body) {
            Ok(Notification::Objects(events)) => events,
            Ok(Notification::Test) => {
                self.log.info("S3 tried the notification").field(logs::MESSAGE_ID, id).write();
                return Ok(());
            }
            Err(error) => {
                // It will be unreadable the next time as well, but a dead letter can be looked at, and a deleted message cannot.
                self.log.error("the message is unreadable").field(logs::MESSAGE_ID, id).because(&error).write();
                return Err(ComeAgain);
            }
        };
        let mut result = Ok(());
        for event in events {
            let done = self.object_event(&event, id).await;
            result = result.and(done);
        }
        result
    }
}
