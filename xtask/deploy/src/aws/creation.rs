//! Making a stack with one call, and what that has in common with a change set.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::types::{
    Capability, DeploymentConfig, DeploymentConfigMode, OnFailure, Parameter, RollbackConfiguration, RollbackTrigger, Tag,
};
use indexmap::IndexMap;

use super::{Aws, errors};
use engine::cloud::{CloudError, Manner, NewStack, TemplateSource};

const SERVICE: &str = "cloudformation";

impl Aws {
    pub(super) async fn new_stack(&self, new: NewStack<'_>) -> Result<String, CloudError> {
        self.count(SERVICE);
        // A protected stack cannot be deleted, not even by CloudFormation after its creation has failed; and express mode has its own
        // word on what follows a failure.
        let on_failure = match (new.manner.express, new.protected) {
            (true, _) => None,
            (false, true) => Some(OnFailure::Rollback),
            (false, false) => Some(OnFailure::Delete),
        };
        // One that was not used before: with it, AWS takes a retry of this call for what it is.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let call = self
            .cloudformation
            .create_stack()
            .stack_name(new.name)
            .set_parameters(Some(parameters(new.parameters)))
            .set_capabilities(Some(capabilities(new.capabilities)))
            .set_tags(Some(tags(new.tags)))
            .enable_termination_protection(new.protected)
            .set_on_failure(on_failure)
            .client_request_token(format!("cloudwright-{}", now.as_nanos()))
            .set_role_arn(new.manner.role.clone())
            .set_rollback_configuration(rollback(new.manner))
            .set_deployment_config(deployment(new.manner));
        let call = match new.template {
            TemplateSource::Body(body) => call.template_body(body),
            TemplateSource::Url(url) => call.template_url(url),
        };
        let made = call.send().await.map_err(|error| errors::of(SERVICE, "CreateStack", error))?;
        Ok(made.stack_id.unwrap_or_default())
    }
}

pub(super) fn parameters(parameters: &IndexMap<String, String>) -> Vec<Parameter> {
    parameters.iter().map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build()).collect()
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

pub(super) fn capabilities(words: &[String]) -> Vec<Capability> {
    words.iter().map(|word| Capability::from(word.as_str())).collect()
}

/// The alarms; an empty list is sent as such, because it takes away those that the stack has.
pub(super) fn rollback(manner: &Manner) -> Option<RollbackConfiguration> {
    let rollback = manner.rollback.as_ref()?;
    let trigger = |(arn, kind): &(String, String)| RollbackTrigger::builder().arn(arn).r#type(kind).build();
    let minutes = i32::try_from(rollback.minutes).unwrap_or(i32::MAX);
    let triggers = rollback.alarms.iter().map(trigger).collect();
    Some(RollbackConfiguration::builder().set_rollback_triggers(Some(triggers)).monitoring_time_in_minutes(minutes).build())
}

/// Express mode, in which a failure would stay as it is unless a rollback is asked for.
pub(super) fn deployment(manner: &Manner) -> Option<DeploymentConfig> {
    manner.express.then(|| DeploymentConfig::builder().mode(DeploymentConfigMode::Express).disable_rollback(false).build())
}
