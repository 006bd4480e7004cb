//! One call of the function: which messages are done, which shall come again.

use contract::fleet::{OpsMessage, Order, ReconcilerConfig};
use contract::logs;
use lambda_events::BatchResponse;
use telemetry::Log;

use crate::cloud::{Cloud, CloudError};
use crate::event::Call;

/// The function, apart from Lambda and AWS.
///
/// It keeps nothing between two calls, and each call looks at everything anew: whichever call is cut off, the next puts it right.
#[derive(Debug)]
pub struct Reconciler<C> {
    pub(crate) cloud: C,
    pub(crate) config: ReconcilerConfig,
    pub(crate) log: Log,
}

impl<C: Cloud> Reconciler<C> {
    /// A function with these settings.
    pub fn new(cloud: C, config: ReconcilerConfig, log: Log) -> Self {
        Self { cloud, config, log }
    }

    /// The cloud, for those who want to see what became of it.
    pub fn cloud(&self) -> &C {
        &self.cloud
    }

    /// Handles a call at a time in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Only the schedule's call fails, so that the failure is counted; the next minute's sees to what is left.
    pub async fn handle(&self, call: &Call, now: u64) -> Result<BatchResponse, CloudError> {
        if call.messages.is_empty() {
            return self.minute(now).await.map(|()| BatchResponse::default());
        }
        Ok(self.messages(call, now).await)
    }

    /// What no message tells of: jobs that did not reach the queue, and a fleet that has nothing to do.
    async fn minute(&self, now: u64) -> Result<(), CloudError> {
        // One does not wait for the other: a table that cannot be read must not keep workers from starting.
        let sent = self.send_again(now).await;
        let fitted = self.fit(now, false, *sent.as_ref().unwrap_or(&0)).await;
        for error in [sent.as_ref().err(), fitted.as_ref().err()].into_iter().flatten() {
            self.log.error("a part of the minute's work failed").because(error).write();
        }
        sent.and(fitted)
    }

    async fn messages(&self, call: &Call, now: u64) -> BatchResponse {
        let mut answer = BatchResponse::default();
        let mut in_order = true;
        let mut wakes = Vec::new();
        for message in &call.messages {
            let order = match serde_json::from_str::<OpsMessage>(&message.body) {
                Ok(OpsMessage { order, .. }) => order,
                Err(error) => {
                    // It will be unreadable the next time as well, but a dead letter can be looked at, and a deleted message cannot.
                    self.log.error("the message is unreadable").field(logs::MESSAGE_ID, &message.message_id).because(&error).write();
                    in_order = false;
                    answer.again(message);
                    continue;
                }
            };
            match order {
                Order::Wake => wakes.push(message),
                Order::Resize { operation_id, instance_type, .. } if in_order => {
                    if let Err(error) = self.resize(&operation_id, &instance_type, now).await {
                        self.log.error("the resize was not begun").field(logs::MESSAGE_ID, &message.message_id).because(&error).write();
                        in_order = false;
                        answer.again(message);
                    }
                }
                // What changes the fleet happens in order: behind one that comes again, all come again.
                Order::Resize { .. } => answer.again(message),
            }
        }
        if wakes.is_empty() {
            return answer;
        }
        if let Err(error) = self.fit(now, true, 0).await {
            self.log.error("the fleet was not woken").because(&error).write();
            wakes.iter().for_each(|message| answer.again(message));
        } else if !in_order {
            // SQS keeps the order of what is left only when nothing behind a failure is deleted; waking twice does no harm.
            wakes.iter().for_each(|message| answer.again(message));
        }
        answer
    }

    /// Makes the fleet as large as the work. `sent` jobs have just been put into the queue, and are in no count yet.
    async fn fit(&self, now: u64, woken: bool, sent: u64) -> Result<(), CloudError> {
        match self.config.mode.as_str() {
            "single" => self.fit_instance(now, woken, sent).await,
            _ => self.fit_group(now, woken, sent).await,
        }
    }
}
