//! Step Functions.

use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::Value;

use super::{Aws, failed};
use crate::cloud::{CloudError, Machines, Started};

impl Machines for Aws {
    async fn running(&self, machine_arn: &str) -> Result<Vec<String>, CloudError> {
        let call = self.sfn.list_executions().state_machine_arn(machine_arn).status_filter(ExecutionStatus::Running);
        let answer = call.send().await.map_err(failed(format!("look for executions of `{machine_arn}`")))?;
        Ok(answer.executions().iter().map(|execution| execution.name().to_owned()).collect())
    }

    async fn start(&self, machine_arn: &str, name: &str, input: Value) -> Result<Started, CloudError> {
        let call = self.sfn.start_execution().state_machine_arn(machine_arn).name(name).input(input.to_string());
        match call.send().await {
            Ok(answer) => Ok(Started::Runs { execution_arn: answer.execution_arn().to_owned() }),
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => Ok(Started::Ended),
            Err(error) => Err(failed(format!("start the execution `{name}` of `{machine_arn}`"))(error)),
        }
    }
}
