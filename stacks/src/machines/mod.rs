//! What takes longer than a function may live: resizing the fleet or the one instance, and starting and stopping that instance.
//!
//! Each is a Step Functions definition that calls AWS by itself, so no program of ours waits and none links EC2's SDK. Each may be
//! ended at any step and run again from its beginning with the same input: what it needs to go back to is remembered in the
//! operation's item before anything is changed.
//!
//! `${Name}` are substitutions, filled in by the stack: see [`substitution`].

mod power;
mod resize_fleet;
mod resize_instance;
mod states;

use std::collections::BTreeSet;

use serde_json::Value;

pub use power::power_instance;
pub use resize_fleet::resize_fleet;
pub use resize_instance::resize_instance;

/// What a stack fills into a definition with `DefinitionSubstitutions`.
pub mod substitution {
    /// The launch template's id.
    pub const LAUNCH_TEMPLATE_ID: &str = "LaunchTemplateId";
    /// The Auto Scaling group's name.
    pub const AUTO_SCALING_GROUP_NAME: &str = "AutoScalingGroupName";
    /// The one instance's id.
    pub const INSTANCE_ID: &str = "InstanceId";
    /// Name of the table that holds the operations.
    pub const FLEET_TABLE: &str = "FleetTable";
    /// Name of the SSM parameter that holds the instance type: what the next deploy's launch template takes.
    pub const INSTANCE_TYPE_PARAMETER: &str = "InstanceTypeParameter";
}

/// The IAM actions of the calls in a definition, such as `ec2:StopInstances`.
///
/// A role for [`resize_fleet`] needs more than these: Auto Scaling asks whether whoever puts a launch template version into a group
/// may launch it, so `ec2:RunInstances`, `ec2:CreateTags` and `iam:PassRole` of the workers' role.
#[must_use]
pub fn actions(definition: &Value) -> BTreeSet<String> {
    let states = definition["States"].as_object().into_iter().flat_map(|states| states.values());
    let resources = states.filter_map(|state| state["Resource"].as_str()).filter_map(|resource| resource.rsplit_once("aws-sdk:"));
    let action = |call: &str| {
        let (service, operation) = call.split_once(':')?;
        let (first, rest) = operation.split_at_checked(1)?;
        Some(format!("{service}:{}{rest}", first.to_uppercase()))
    };
    resources.filter_map(|(_, call)| action(call)).collect()
}
