//! The reconciler: looks at the counts each minute and whenever jobs arrive, and makes the fleet what they ask for.

use cfn_kit::context::Context;
use cfn_kit::prelude::*;
use cfn_kit::{iam, lambda, scheduler};
use contract::fleet::ReconcilerConfig;
use contract::jobs::index;
use foundation::Stack;

use super::compute::{Compute, group_arn};
use super::operations::Machines;
use super::{Fleet, Shared};
use crate::constructs::{Alarm, Function, Text};
use crate::jobs::{Jobs, RECONCILER_TIMEOUT_SECONDS};

/// The binary of `runtime/` that decides.
const RECONCILER: &str = "reconciler";

/// Memory in MB: it counts and asks, and has a minute for it.
const MEMORY_MB: u32 = 256;

/// Orders a call. All are of one message group, so never two calls at once.
const BATCH_SIZE: u32 = 10;

/// The least that SQS allows as a limit of calls at once.
const CONCURRENCY: u32 = 2;

/// The function, its schedule, its role and its alarm.
pub(super) fn reconciler(
    stack: &mut Stack<'_, Fleet>,
    shared: &Shared,
    jobs: &Jobs,
    compute: &Compute,
    machines: &Machines,
) -> Handle<lambda::Function, Fleet> {
    let env = stack.environment();
    let architecture = env.api.architecture;
    let code_key = stack.ship(RECONCILER, architecture);
    let ops_queue = stack.import(&jobs.ops_queue.arn);
    let settings = &env.fleet;
    let target = match compute {
        Compute::Group(group) => text(group.reference()),
        Compute::Instance(instance) => text(instance.instance_id()),
    };
    let config = ReconcilerConfig {
        job_queue_url: Text(shared.job_queue_url.clone()),
        picture_queue_url: Text(shared.picture_queue_url.clone()),
        jobs_table: Text(shared.jobs_table.clone()),
        fleet_table: Text(shared.fleet_table.clone()),
        target: Text(target),
        resize_machine_arn: Text(text(machines.resize.arn())),
        power_machine_arn: Text(machines.power.as_ref().map_or_else(|| text("none"), |machine| text(machine.arn()))),
        mode: settings.mode.as_str().to_owned(),
        max_workers: settings.max_workers,
        backlog_per_worker: settings.backlog_per_worker,
        idle_minutes: settings.idle_minutes,
        unsent_seconds: settings.unsent_seconds,
        instance_types: settings.instance_types.iter().map(|name| name.as_str()).collect(),
    };
    let function = Function::new("Makes the fleet what the jobs ask for", shared.code_bucket.clone(), code_key)
        .architecture(architecture)
        .memory_mb(MEMORY_MB)
        .timeout_seconds(RECONCILER_TIMEOUT_SECONDS)
        .log_retention_days(env.log_retention_days)
        .protected(env.protection.data)
        .variables(config.variables().into_iter().map(|(name, Text(value))| (name, value)).collect())
        .consumes(ops_queue, BATCH_SIZE, CONCURRENCY);
    let function = grants(shared, compute, machines).into_iter().fold(function, Function::may);
    let parts = stack.add("Reconciler", function);
    stack.explain(
        &parts.function,
        Context::why("reads counts, never jobs: a function that received one would take it from the workers and use up one of its tries"),
    );
    each_minute(stack, &parts.function);
    stack.add(
        "ReconcilerErrorsAlarm",
        Alarm::on(parts.function.metric(lambda::function::Metric::Errors))
            .sum_of_seconds(300)
            .at_least(2)
            .describe("The fleet is not looked after: `cargo xtask logs --stack fleet` shows why the reconciler fails", &env.alerts)
            .tell(&shared.alerts),
    );
    parts.function
}

fn grants(shared: &Shared, compute: &Compute, machines: &Machines) -> Vec<Statement<Fleet>> {
    let each = [Some(&machines.resize), machines.power.as_ref()].into_iter().flatten();
    let each: Vec<_> = each.collect();
    let mut statements = vec![
        Statement::allow(["sqs:GetQueueAttributes", "sqs:SendMessage"]).on(shared.job_queue_arn.clone()),
        Statement::allow(["sqs:SendMessage"]).on(shared.picture_queue_arn.clone()),
        Statement::allow(["dynamodb:Query"]).on(sub!("{}/index/{}", shared.jobs_table_arn.clone(), index::UNSENT)),
        Statement::allow(["dynamodb:GetItem", "dynamodb:UpdateItem"]).on(shared.jobs_table_arn.clone()),
        // Workers are a few items among few: they are read all at once.
        Statement::allow(["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Scan"]).on(shared.fleet_table_arn.clone()),
        Statement::allow(["states:StartExecution", "states:ListExecutions"]).on_each(each.iter().map(|machine| text(machine.arn()))),
    ];
    match compute {
        Compute::Group(group) => statements.extend([
            Statement::allow([
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeInstanceRefreshes",
                "autoscaling:DescribeScalingActivities",
            ])
            .on("*"),
            Statement::allow(["autoscaling:SetDesiredCapacity"]).on(group_arn(group)),
        ]),
        Compute::Instance(_) => {}
    }
    statements.extend(shared.key.clone().map(|key| Statement::allow(["kms:Decrypt", "kms:GenerateDataKey"]).on(key)));
    statements
}

/// A wake-up that was lost is made up for within a minute, and going to zero needs somebody who looks when nothing happens.
fn each_minute(stack: &mut Stack<'_, Fleet>, function: &Handle<lambda::Function, Fleet>) {
    use scheduler::schedule::{FlexibleTimeWindow, Mode, RetryPolicy, Target};
    let invoke = PolicyDocument::new([Statement::allow(["lambda:InvokeFunction"]).on(function.arn())]);
    let trust = PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
        .principal(Principal::service("scheduler.amazonaws.com"))
        .condition(Operator::StringEquals, "aws:SourceAccount", account_id())]);
    let role = stack.add("ScheduleRole", iam::Role::new(trust).policies([iam::role::Policy::new(invoke, "Granted")]));
    // The next minute is the retry.
    let target = Target::new(function.arn(), &role).retry_policy(RetryPolicy::new().maximum_retry_attempts(0));
    let schedule = scheduler::Schedule::new(FlexibleTimeWindow::new(Mode::Off), "rate(1 minute)", target)
        .description("Has the reconciler look at the fleet each minute");
    stack.add("EachMinute", schedule);
}
