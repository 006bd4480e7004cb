//! What CloudFormation does beside deploying: deleting, cancelling, rolling back.

use super::{Aws, errors};
use engine::cloud::CloudError;

const SERVICE: &str = "cloudformation";

impl Aws {
    /// Begin to delete a stack, but for the resources with these logical IDs.
    pub(super) async fn remove_stack(&self, name: &str, retain: &[String]) -> Result<(), CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.delete_stack().stack_name(name).client_request_token(self.token("DeleteStack", name, retain));
        // CloudFormation refuses the list, even an empty one, for a stack whose deletion has not failed.
        let call = call.set_retain_resources((!retain.is_empty()).then(|| retain.to_vec()));
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "DeleteStack", error))
    }

    pub(super) async fn cancel_update_stack(&self, stack_id: &str) -> Result<(), CloudError> {
        self.count(SERVICE);
        let token = self.token("CancelUpdateStack", stack_id, &[]);
        let call = self.cloudformation.cancel_update_stack().stack_name(stack_id).client_request_token(token);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "CancelUpdateStack", error))
    }

    pub(super) async fn continue_update_rollback(&self, stack_id: &str, skip: &[String]) -> Result<(), CloudError> {
        self.count(SERVICE);
        let token = self.token("ContinueUpdateRollback", stack_id, skip);
        let call = self.cloudformation.continue_update_rollback().stack_name(stack_id).client_request_token(token);
        let call = call.set_resources_to_skip((!skip.is_empty()).then(|| skip.to_vec()));
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "ContinueUpdateRollback", error))
    }

    pub(super) async fn rollback_stack(&self, stack_id: &str) -> Result<(), CloudError> {
        self.count(SERVICE);
        let token = self.token("RollbackStack", stack_id, &[]);
        let call = self.cloudformation.rollback_stack().stack_name(stack_id).client_request_token(token);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "RollbackStack", error))
    }

    fn token(&self, operation: &str, stack: &str, resources: &[String]) -> String {
        let arguments: Vec<&str> = std::iter::once(stack).chain(resources.iter().map(String::as_str)).collect();
        self.tokens.of(operation, &arguments)
    }
}
