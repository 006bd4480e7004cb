//! What a deploy takes care of beside the stacks themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything that watches over a deploy. By default nothing does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guards {
    /// The tags that the environment's own stacks carry: one that carries them and is not in the request has left the platform.
    pub belongs: BTreeMap<String, String>,
    /// The stack whose output names the role that CloudFormation takes on; used when that stack exists.
    pub execution_role: Option<RoleRef>,
    /// What brings an update back although every resource went well.
    pub rollback: Option<Rollback>,
    /// Whether CloudFormation may say that it is done before everything is ready to serve (its express mode).
    pub express: bool,
    /// Whether to fetch the templates of the stacks that will change, and to send [`Event::Review`](crate::Event::Review) and wait
    /// for an answer before anything is sent.
    pub review: bool,
    /// Whether the endpoint is a stand-in for AWS: it answers at once, and says complete for what it did not make.
    pub stand_in: bool,
}

/// The output that holds a role's ARN, in a stack that is not deployed with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRef {
    /// The stack's name in CloudFormation: `cloudwright-prod-execution-role`.
    pub name: String,
    /// The output's logical ID.
    pub output: String,
}

/// Alarms that bring an update back: when one goes off during the update, or soon after, CloudFormation rolls back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// For how many minutes after the last resource the alarms are watched, at most 180.
    pub minutes: u32,
    /// The alarms, at most five of one stack. Each watches over the stack that it belongs to.
    pub alarms: Vec<AlarmRef>,
}

/// An alarm of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRef {
    /// The stack's short name.
    pub stack: String,
    /// The alarm's logical ID.
    pub logical_id: String,
}
