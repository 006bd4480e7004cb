//! Orders to resize: from the ops queue to a state machine.

use contract::fleet::OperationState;
use contract::logs;
use serde_json::json;

use crate::Reconciler;
use crate::cloud::{Cloud, CloudError, Operation, Started};

impl<C: Cloud> Reconciler<C> {
    /// Begins a resize, once: the execution carries the operation's id as its name, and AWS starts a name only once.
    pub(crate) async fn resize(&self, operation_id: &str, instance_type: &str, now: u64) -> Result<(), CloudError> {
        if let Some(Operation { state, has_execution }) = self.cloud.operation(operation_id).await? {
            match state {
                Some(OperationState::Done | OperationState::Failed) => return Ok(()),
                Some(OperationState::Running) if has_execution => return Ok(()),
                // Cut off between the execution and its ARN.
                Some(OperationState::Running | OperationState::Queued) | None => {}
            }
        }
        // The front door has looked already; whoever can write into the queue has not.
        let allowed = &self.config.instance_types;
        if !allowed.contains(instance_type) {
            let error = format!("`{instance_type}` is none of the environment's instance types: {allowed}");
            return self.refuse(operation_id, &error, now).await;
        }
        let machine = &self.config.resize_machine_arn;
        if let Some(other) = self.cloud.running(machine).await?.into_iter().find(|name| name != operation_id) {
            let error = format!("operation `{other}` is under way: ask again when it is done");
            return self.refuse(operation_id, &error, now).await;
        }
        let input = json!({ "operation_id": operation_id, "instance_type": instance_type });
        match self.cloud.start(machine, operation_id, input).await? {
            Started::Runs { execution_arn } => {
                self.cloud.operation_runs(operation_id, &execution_arn, now).await?;
                self.log.info("the resize is begun").field("operationId", operation_id).field("instanceType", instance_type).write();
            }
            // It has written down by itself how it ended.
            Started::Ended => {}
        }
        Ok(())
    }

    async fn refuse(&self, operation_id: &str, error: &str, now: u64) -> Result<(), CloudError> {
        self.cloud.operation_refused(operation_id, error, now).await?;
        self.log.warn("the resize is refused").field("operationId", operation_id).field(logs::ERROR, error).write();
        Ok(())
    }
}
