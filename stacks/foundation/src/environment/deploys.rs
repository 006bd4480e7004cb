//! Settings of deploys: what has to be before one, and what watches over it.

use super::texts::{AlarmName, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many alarms can watch over the updates of one stack: CloudFormation takes no more.
pub const MOST_ALARMS: usize = 5;

/// What has to be before a deploy to this environment, and what watches over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deploys {
    /// Environment in which a commit must have been released before it may be deployed to this one.
    ///
    /// Left out, any commit may be deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "EnvironmentName")]
    pub after: Option<EnvironmentName>,

    /// Whether somebody must accept exactly the changes that delete or replace a resource or open more than before.
    ///
    /// Left out, yes on AWS and no elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub confirm_destructive: Option<bool>,

    /// Whether CloudFormation may call a stack complete before everything in it is ready to serve: its express mode.
    ///
    /// Faster, and not for environments that people rely on.
    pub express: bool,

    /// Alarms that bring an update back when they go off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Rollback")]
    pub rollback: Option<Rollback>,
}

/// Alarms that bring an update back when they go off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Minutes for which the alarms are watched after the last resource of a stack is updated; the deploy takes so much longer.
    #[schemars(range(min = 0, max = 180))]
    pub minutes: u32,

    /// Alarms, each as stack and logical ID. Each watches over its own stack, at most five over one.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    pub alarms: Vec<AlarmName>,
}
