//! The state machines that change the fleet: what takes longer than a function may live.

use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, iam, stepfunctions};
use foundation::Stack;
use serde_json::Value as Json;

use super::compute::{Compute, group_arn, instance_arn};
use super::worker::Worker;
use super::{Fleet, Shared};
use crate::constructs::Alarm;
use crate::machines::{self, substitution};

/// The state machines of a mode.
pub(super) struct Machines {
    pub(super) resize: Handle<stepfunctions::StateMachine, Fleet>,
    /// Only the one instance is turned on and off by a machine; a group has a desired capacity.
    pub(super) power: Option<Handle<stepfunctions::StateMachine, Fleet>>,
}

/// The machines, each with a role that may do what its definition calls.
pub(super) fn machines(stack: &mut Stack<'_, Fleet>, shared: &Shared, worker: &Worker, compute: &Compute) -> Machines {
    match compute {
        Compute::Group(group) => {
            let values = [
                (substitution::LAUNCH_TEMPLATE_ID, text(worker.template.launch_template_id())),
                (substitution::AUTO_SCALING_GROUP_NAME, text(group.reference())),
            ];
            Machines { resize: machine(stack, "Resize", machines::resize_fleet(), &values, shared, worker, compute), power: None }
        }
        Compute::Instance(instance) => {
            let values = [(substitution::INSTANCE_ID, text(instance.instance_id()))];
            let resize = machine(stack, "Resize", machines::resize_instance(), &values, shared, worker, compute);
            Machines { resize, power: Some(machine(stack, "Power", machines::power_instance(), &values, shared, worker, compute)) }
        }
    }
}

fn machine(
    stack: &mut Stack<'_, Fleet>,
    id: &str,
    definition: Json,
    values: &[(&str, Value<String, Fleet>)],
    shared: &Shared,
    worker: &Worker,
    compute: &Compute,
) -> Handle<stepfunctions::StateMachine, Fleet> {
    let pages = stack.environment().alerts.clone();
    let mut statements = grants(&definition, shared, worker, compute);
    // Auto Scaling asks whether whoever gives a group a launch template may launch it.
    if let (Compute::Group(_), true) = (compute, id == "Resize") {
        statements.extend(launches(worker));
    }
    let role = iam::Role::new(PolicyDocument::assumed_by_service("states.amazonaws.com"))
        .policies([iam::role::Policy::new(PolicyDocument::new(statements), "Granted")]);
    let role = stack.add(&format!("{id}Role"), role);

    let own = [
        (substitution::FLEET_TABLE, shared.fleet_table.clone()),
        (substitution::INSTANCE_TYPE_PARAMETER, shared.instance_type_parameter.clone()),
    ];
    // Only what a definition names: CloudFormation refuses a substitution that nothing uses.
    let named = definition.to_string();
    let values = values.iter().cloned().chain(own).filter(|(name, _)| named.contains(&format!("${{{name}}}")));
    let values: Vec<(&str, Value<String, Fleet>)> = values.collect();
    let machine = stepfunctions::StateMachine::new(&role)
        .state_machine_type(stepfunctions::state_machine::StateMachineType::Standard)
        .definition(definition.clone())
        .raw_property(
            "DefinitionSubstitutions",
            values.into_iter().map(|(name, value)| (name.to_owned(), value.json().clone())).collect::<serde_json::Map<_, _>>(),
        );
    let machine = stack.add(&format!("{id}Machine"), machine);
    let failures =
        MetricOf { namespace: "AWS/States", name: "ExecutionsFailed", dimensions: vec![("StateMachineArn", text(machine.arn()))] };
    stack.add(
        &format!("{id}FailedAlarm"),
        Alarm::on(failures)
            .sum_of_seconds(300)
            .at_least(1)
            .describe("The fleet could not be changed, and is as it was: the execution's history and the operation's item say why", &pages)
            .tell(&shared.alerts),
    );
    machine
}

/// What the calls of a definition need, each on what it is about.
fn grants(definition: &Json, shared: &Shared, worker: &Worker, compute: &Compute) -> Vec<Statement<Fleet>> {
    let template = sub!("arn:{}:ec2:{}:{}:launch-template/{}", partition(), region(), account_id(), worker.template.launch_template_id());
    // `*` for the slash, which CloudFormation's names lack and those of others begin with.
    let parameter = sub!("arn:{}:ssm:{}:{}:parameter*{}", partition(), region(), account_id(), shared.instance_type_parameter.clone());
    let machine = match compute {
        Compute::Group(group) => group_arn(group),
        Compute::Instance(instance) => instance_arn(instance),
    };
    let place = |action: &str| match action.split_once(':') {
        // What tells how things are knows no single one of them.
        Some(("ec2" | "autoscaling", verb)) if verb.starts_with("Describe") => text("*"),
        Some(("ec2", verb)) if verb.contains("LaunchTemplate") => template.clone(),
        Some(("dynamodb", _)) => shared.fleet_table_arn.clone(),
        Some(("ssm", _)) => parameter.clone(),
        _ => machine.clone(),
    };
    machines::actions(definition).into_iter().map(|action| Statement::allow([action.as_str()]).on(place(&action))).collect()
}

/// Launching from this launch template and no other, and giving the workers' role to what is launched.
fn launches(worker: &Worker) -> [Statement<Fleet>; 3] {
    let template = sub!("arn:{}:ec2:{}:{}:launch-template/{}", partition(), region(), account_id(), worker.template.launch_template_id());
    let run = Statement::allow(["ec2:RunInstances"])
        .on(sub!("arn:{}:ec2:{}:{}:*/*", partition(), region(), account_id()))
        .on(sub!("arn:{}:ec2:{}::image/*", partition(), region()))
        .condition(Operator::ArnEquals, "ec2:LaunchTemplate", template);
    let tag = Statement::allow(["ec2:CreateTags"]).on(sub!("arn:{}:ec2:{}:{}:*/*", partition(), region(), account_id())).condition(
        Operator::StringEquals,
        "ec2:CreateAction",
        "RunInstances",
    );
    let pass = Statement::allow(["iam:PassRole"]).on(worker.role.arn()).condition(
        Operator::StringEquals,
        "iam:PassedToService",
        "ec2.amazonaws.com",
    );
    [run, tag, pass]
}
