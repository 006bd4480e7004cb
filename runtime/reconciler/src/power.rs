//! The mode `single`: one instance, started and stopped by a state machine.

use serde_json::json;

use crate::Reconciler;
use crate::capacity::FRESH_SECONDS;
use crate::cloud::{Cloud, CloudError};
use crate::decide::{self, Need};

/// An instance that does not stop, or that somebody started by hand, is told again once in so many seconds.
const STOP_AGAIN_SECONDS: u64 = 3_600;

impl<C: Cloud> Reconciler<C> {
    /// Starts the instance when there is work and no worker speaks, stops it when there has been nothing to do for long enough.
    ///
    /// Whether it runs is not asked: the machine does nothing to an instance that is as it is to be.
    pub(crate) async fn fit_instance(&self, now: u64, woken: bool, sent: u64) -> Result<(), CloudError> {
        let seen = self.look(now, woken, sent).await?;
        let need = decide::need(&self.config, &seen);
        self.note_idle(need, &seen).await?;
        let (action, name) = match (need, seen.idle_since) {
            (Need::Workers(_), _) => {
                if !self.cloud.workers(now.saturating_sub(FRESH_SECONDS)).await?.is_empty() {
                    return Ok(());
                }
                // The name makes several wakes in one minute one execution.
                ("start", format!("start-{}", now / 60))
            }
            (Need::Nothing, Some(since)) => ("stop", format!("stop-{since}-{}", now.saturating_sub(since) / STOP_AGAIN_SECONDS)),
            (Need::Nothing, None) | (Need::Wait { .. }, _) => return Ok(()),
        };
        // A resize stops and starts it by itself; and what is on its way is waited for.
        let busy = !self.cloud.running(&self.config.resize_machine_arn).await?.is_empty()
            || !self.cloud.running(&self.config.power_machine_arn).await?.is_empty();
        if busy {
            return Ok(());
        }
        if action == "stop" && self.cloud.idle_since().await? != seen.idle_since {
            return Ok(());
        }
        self.cloud.start(&self.config.power_machine_arn, &name, json!({ "action": action })).await?;
        self.log.info("the instance is told to start or stop").field("action", action).field("execution", &name).write();
        Ok(())
    }
}
