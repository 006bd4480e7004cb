//! CloudFormation and STS through the SDK.

use aws_sdk_cloudformation::types::{
    ChangeAction as SdkAction, ChangeSetType, Parameter, Replacement as SdkReplacement, ResourceChange, Stack, Tag,
};
use indexmap::IndexMap;
use protocol::{Change, ChangeAction, Replacement};

use super::{Aws, creation, errors};
use engine::cloud::{
    ChangeSetId, ChangeSetState, CloudError, Identity, NewChangeSet, StackEvent, StackResource, StackState, TemplateSource,
};

const SERVICE: &str = "cloudformation";

impl Aws {
    pub(super) async fn caller(&self) -> Result<Identity, CloudError> {
        self.count("sts");
        let client = aws_sdk_sts::Client::new(&self.config);
        let caller = client.get_caller_identity().send().await.map_err(|error| errors::of("sts", "GetCallerIdentity", error))?;
        Ok(Identity { account: caller.account.unwrap_or_default(), arn: caller.arn.unwrap_or_default() })
    }

    /// All stacks, or the one with a name or ARN.
    pub(super) async fn describe_stacks(&self, name: Option<&str>) -> Result<Vec<StackState>, CloudError> {
        let mut states = Vec::new();
        let mut token = None;
        loop {
            self.count(SERVICE);
            let call = self.cloudformation.describe_stacks().set_stack_name(name.map(str::to_owned)).set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeStacks", error))?;
            states.extend(page.stacks.unwrap_or_default().into_iter().map(state));
            token = page.next_token;
            if token.is_none() {
                return Ok(states);
            }
        }
    }

    pub(super) async fn new_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError> {
        self.count(SERVICE);
        let mut call = self
            .cloudformation
            .create_change_set()
            .stack_name(new.stack)
            .change_set_name(new.name)
            .client_token(self.tokens.of_change_set(&new))
            .change_set_type(if new.create { ChangeSetType::Create } else { ChangeSetType::Update })
            .set_parameters(Some(creation::parameters(new.parameters)))
            .set_capabilities(Some(creation::capabilities(new.capabilities)))
            .set_tags(Some(creation::tags(new.tags)))
            .set_role_arn(new.manner.role.clone())
            .set_rollback_configuration(creation::rollback(new.manner))
            .set_deployment_config(creation::deployment(new.manner));
        call = match new.template {
            TemplateSource::Body(body) => call.template_body(body),
            TemplateSource::Url(url) => call.template_url(url),
        };
        let made = call.send().await.map_err(|error| errors::of(SERVICE, "CreateChangeSet", error))?;
        Ok(ChangeSetId { id: made.id.unwrap_or_default(), stack_id: made.stack_id.unwrap_or_default() })
    }

    pub(super) async fn describe_change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        let mut changes = Vec::new();
        let mut token = None;
        loop {
            self.count(SERVICE);
            let call = self.cloudformation.describe_change_set().change_set_name(&id.id).stack_name(&id.stack_id).set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeChangeSet", error))?;
            changes.extend(page.changes.unwrap_or_default().into_iter().filter_map(|change| change.resource_change).map(described));
            token = page.next_token;
            if token.is_none() {
                let status = page.status.map(|status| status.as_str().to_owned()).unwrap_or_default();
                return Ok(ChangeSetState { status, reason: words(page.status_reason), changes });
            }
        }
    }

    pub(super) async fn execute_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.execute_change_set().change_set_name(&id.id).stack_name(&id.stack_id);
        let call = call.client_request_token(self.tokens.of("ExecuteChangeSet", &[&id.stack_id, &id.id]));
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "ExecuteChangeSet", error))
    }

    pub(super) async fn forget_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.count(SERVICE);
        self.tokens.forget_one();
        let call = self.cloudformation.delete_change_set().change_set_name(&id.id).stack_name(&id.stack_id);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "DeleteChangeSet", error))
    }

    pub(super) async fn termination_protection(&self, name: &str, on: bool) -> Result<(), CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.update_termination_protection().stack_name(name).enable_termination_protection(on);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "UpdateTerminationProtection", error))
    }

    /// Events after a known one, oldest first. AWS gives the newest first, so the pages end at the known one.
    pub(super) async fn events_after(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        let mut events = Vec::new();
        let mut token = None;
        'pages: loop {
            self.count(SERVICE);
            let call = self.cloudformation.describe_stack_events().stack_name(stack_id).set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeStackEvents", error))?;
            for event in page.stack_events.unwrap_or_default() {
                if event.event_id.as_deref() == after && after.is_some() {
                    break 'pages;
                }
                events.push(StackEvent {
                    id: event.event_id.unwrap_or_default(),
                    logical_id: event.logical_resource_id.unwrap_or_default(),
                    physical_id: event.physical_resource_id.unwrap_or_default(),
                    resource_type: event.resource_type.unwrap_or_default(),
                    status: event.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                    reason: words(event.resource_status_reason),
                    at: event.timestamp.map(|at| at.to_string()).unwrap_or_default(),
                });
            }
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        events.reverse();
        Ok(events)
    }

    pub(super) async fn newest(&self, stack_id: &str) -> Result<Option<String>, CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.describe_stack_events().stack_name(stack_id);
        let page = call.send().await.map_err(|error| errors::of(SERVICE, "DescribeStackEvents", error))?;
        Ok(page.stack_events.unwrap_or_default().into_iter().next().and_then(|event| event.event_id))
    }

    pub(super) async fn stack_resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError> {
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            self.count(SERVICE);
            let call = self.cloudformation.list_stack_resources().stack_name(name).set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "ListStackResources", error))?;
            resources.extend(page.stack_resource_summaries.unwrap_or_default().into_iter().map(|summary| StackResource {
                logical_id: summary.logical_resource_id.unwrap_or_default(),
                physical_id: summary.physical_resource_id.unwrap_or_default(),
                resource_type: summary.resource_type.unwrap_or_default(),
                status: summary.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
                reason: words(summary.resource_status_reason),
            }));
            token = page.next_token;
            if token.is_none() {
                return Ok(resources);
            }
        }
    }

    pub(super) async fn template_body(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.count(SERVICE);
        let call = self.cloudformation.get_template().stack_name(name);
        Ok(call.send().await.map_err(|error| errors::of(SERVICE, "GetTemplate", error))?.template_body)
    }
}

/// AWS's words, where there are any.
fn words(reason: Option<String>) -> Option<String> {
    reason.filter(|reason| !reason.trim().is_empty())
}

fn state(stack: Stack) -> StackState {
    let changed = stack.last_updated_time.or(stack.creation_time);
    let parameter = |parameter: Parameter| Some((parameter.parameter_key?, parameter.parameter_value.unwrap_or_default()));
    let mut outputs: IndexMap<String, String> = stack
        .outputs
        .unwrap_or_default()
        .into_iter()
        .filter_map(|output| Some((output.output_key?, output.output_value.unwrap_or_default())))
        .collect();
    // AWS gives them in no order of its own.
    outputs.sort_keys();
    let tag = |tag: Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    let triggers = stack.rollback_configuration.and_then(|configuration| configuration.rollback_triggers).unwrap_or_default();
    StackState {
        name: stack.stack_name.unwrap_or_default(),
        id: stack.stack_id.unwrap_or_default(),
        status: stack.stack_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: words(stack.stack_status_reason),
        parameters: stack.parameters.unwrap_or_default().into_iter().filter_map(parameter).collect(),
        outputs,
        changed_at: changed.map(|at| at.to_string()),
        tags: stack.tags.unwrap_or_default().into_iter().filter_map(tag).collect(),
        rollback_alarms: triggers.into_iter().filter_map(|trigger| trigger.arn).collect(),
        protected: stack.enable_termination_protection.unwrap_or_default(),
    }
}

fn described(change: ResourceChange) -> Change {
    let action = match change.action {
        Some(SdkAction::Add) => ChangeAction::Add,
        Some(SdkAction::Modify) => ChangeAction::Modify,
        Some(SdkAction::Remove) => ChangeAction::Remove,
        Some(SdkAction::Import) => ChangeAction::Import,
        Some(SdkAction::Dynamic) => ChangeAction::Dynamic,
        Some(other) => ChangeAction::Other(other.as_str().to_owned()),
        None => ChangeAction::Other(String::new()),
    };
    let replacement = match change.replacement {
        Some(SdkReplacement::True) => Replacement::Yes,
        // A word that is neither yes nor no is a perhaps.
        Some(SdkReplacement::Conditional) => Replacement::Maybe,
        Some(other) if other.as_str() != "False" => Replacement::Maybe,
        Some(_) | None => Replacement::No,
    };
    let mut properties: Vec<String> = Vec::new();
    for target in change.details.unwrap_or_default().into_iter().filter_map(|detail| detail.target) {
        let attribute = target.attribute.map(|attribute| attribute.as_str().to_owned());
        // A change of tags has no property name, only the attribute.
        if let Some(property) = target.name.or(attribute)
            && !properties.contains(&property)
        {
            properties.push(property);
        }
    }
    Change {
        action,
        logical_id: change.logical_resource_id.unwrap_or_default(),
        resource_type: change.resource_type.unwrap_or_default(),
        physical_id: change.physical_resource_id.filter(|id| !id.is_empty()),
        replacement,
        properties,
        source: None,
    }
}
