//! Change sets that take existing resources in.

use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, ResourceToImport};
use engine::cloud::{ChangeSetId, CloudError, ErrorKind, NewImport};
use protocol::Adopted;

use super::{Aws, errors};

const SERVICE: &str = "cloudformation";

impl Aws {
    pub(super) async fn new_import(&self, new: NewImport<'_>) -> Result<ChangeSetId, CloudError> {
        self.count(SERVICE);
        let parameter = |(name, value): (&String, &Option<String>)| {
            let parameter = Parameter::builder().parameter_key(name).set_parameter_value(value.clone());
            parameter.set_use_previous_value(value.is_none().then_some(true)).build()
        };
        let resource = |adopted: &Adopted| {
            let identifier = adopted.identifier.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let resource = ResourceToImport::builder().resource_type(&adopted.resource_type).logical_resource_id(&adopted.logical_id);
            resource.set_resource_identifier(Some(identifier)).build()
        };
        let call = self
            .cloudformation
            .create_change_set()
            .stack_name(new.stack)
            .change_set_name(new.name)
            .change_set_type(ChangeSetType::Import)
            .template_body(new.template)
            .set_parameters(Some(new.parameters.iter().map(parameter).collect()))
            .set_capabilities(Some(new.capabilities.iter().map(|word| Capability::from(word.as_str())).collect()))
            .set_resources_to_import(Some(new.resources.iter().map(resource).collect()));
        let made = call.send().await.map_err(|error| errors::of(SERVICE, "CreateChangeSet", error))?;
        match (made.id, made.stack_id) {
            (Some(id), Some(stack_id)) => Ok(ChangeSetId { id, stack_id }),
            _ => Err(CloudError {
                service: SERVICE,
                operation: "CreateChangeSet",
                code: None,
                message: "the answer names no change set".to_owned(),
                kind: ErrorKind::Other,
            }),
        }
    }
}
