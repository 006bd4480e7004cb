//! The machines: a group that scales from zero, or one instance that changes its shape.

use cfn_kit::autoscaling::auto_scaling_group as of;
use cfn_kit::context::Context;
use cfn_kit::prelude::*;
use cfn_kit::{autoscaling, ec2, iam};
use contract::fleet::DRAIN_HOOK;
use foundation::Stack;

use super::Fleet;
use super::worker::Worker;
use crate::network::Network;

/// What the reconciler turns on and off.
pub(super) enum Compute {
    Group(Handle<autoscaling::AutoScalingGroup, Fleet>),
    Instance(Handle<ec2::Instance, Fleet>),
}

/// Seconds beyond the worker's own limit before the group ends an instance that does not answer.
const HOOK_RESERVE_SECONDS: u32 = 60;

/// The longest that a hook may wait for a word, in seconds.
const MOST_HOOK_SECONDS: u32 = 7_200;

/// However often a worker says that it still works, a hook holds it for so many times its timeout.
const HOOK_TIMES: u32 = 100;

/// Seconds from the start of an instance until its worker is expected to take jobs: drivers, program, model.
const START_SECONDS: u32 = 300;

/// A group from zero to as many as the environment allows. How many there are is the reconciler's business.
pub(super) fn scaled(stack: &mut Stack<'_, Fleet>, worker: &Worker, network: &Network) -> Compute {
    let settings = stack.environment().fleet.clone();
    let subnets = network.worker_subnets.map(|subnet| stack.import(&subnet));
    let metrics = of::MetricsCollection::new("1Minute").metrics(["GroupDesiredCapacity", "GroupInServiceInstances"]);
    let version = || of::LaunchTemplateSpecification::new(worker.template.latest_version_number()).launch_template_id(&worker.template);
    let group = autoscaling::AutoScalingGroup::new(settings.max_workers.to_string(), "0")
        .vpc_zone_identifier(subnets)
        // A worker protects its own instance before each job, and ends that once it is idle. One that never starts could not: so no
        // instance begins with protection, and a desired capacity of zero always ends them all.
        .new_instances_protected_from_scale_in(false)
        .health_check_type("EC2")
        .health_check_grace_period(i64::from(START_SECONDS))
        .default_instance_warmup(i64::from(START_SECONDS))
        .metrics_collection([metrics]);
    let group = if !settings.mixes_types() {
        group.launch_template(version())
    } else {
        // Many types in two zones: where one Spot pool runs dry, another has some left.
        let types: Vec<_> =
            settings.instance_types.iter().map(|name| of::LaunchTemplateOverrides::new().instance_type(name.as_str())).collect();
        let shares = of::InstancesDistribution::new()
            .on_demand_base_capacity(0)
            .on_demand_percentage_above_base_capacity(i64::from(100 - settings.spot_percent))
            .on_demand_allocation_strategy("prioritized")
            .spot_allocation_strategy("price-capacity-optimized");
        group
            .mixed_instances_policy(
                of::MixedInstancesPolicy::new(of::LaunchTemplate::new(version()).overrides(types)).instances_distribution(shares),
            )
            // A successor is started when AWS thinks that an instance will soon be taken away.
            .capacity_rebalance(true)
    };
    let group = stack.add("WorkerGroup", group);
    stack.explain(
        &group,
        Context::why("as many workers as jobs ask for, none while there are none: an idle GPU costs as much as a busy one")
            .must("DesiredCapacity is not in the template: each deploy would take back what the reconciler decided"),
    );

    // Gives a worker the time to end what it has in work, whoever ends the instance: the worker says when it is done, and says again
    // and again that it is not. The timeout is for one that says nothing.
    let hook = autoscaling::LifecycleHook::new(&group, autoscaling::lifecycle_hook::LifecycleTransition::AutoscalingEC2INSTANCETERMINATING)
        .lifecycle_hook_name(DRAIN_HOOK)
        .heartbeat_timeout(i64::from(hook_seconds(settings.drain_seconds, settings.max_job_seconds)))
        .default_result(autoscaling::lifecycle_hook::DefaultResult::Continue);
    stack.add("DrainHook", hook);
    if settings.warm_pool > 0 {
        let pool = autoscaling::WarmPool::new(&group)
            .pool_state(autoscaling::warm_pool::PoolState::Stopped)
            .min_size(i64::from(settings.warm_pool))
            .max_group_prepared_capacity(i64::from(settings.warm_pool))
            .instance_reuse_policy(autoscaling::warm_pool::InstanceReusePolicy::new().reuse_on_scale_in(true));
        stack.add("WarmPool", pool);
    }
    // Apart from the role itself, which the group's launch template needs before there is a group.
    let own = Statement::allow([
        "autoscaling:SetInstanceProtection",
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:RecordLifecycleActionHeartbeat",
    ])
    .on(group_arn(&group));
    let policy = iam::Policy::new(PolicyDocument::new([own]), "OwnGroup").roles([&worker.role]);
    stack.add("WorkerGroupPolicy", policy);
    Compute::Group(group)
}

/// How long the group waits for a word of a worker that it ends: long enough for an orderly end, and for the longest job when the
/// worker goes on saying that it works.
fn hook_seconds(drain_seconds: u32, max_job_seconds: u32) -> u32 {
    let longest = (max_job_seconds + HOOK_RESERVE_SECONDS).div_ceil(HOOK_TIMES) + HOOK_RESERVE_SECONDS;
    (drain_seconds + HOOK_RESERVE_SECONDS).max(longest).min(MOST_HOOK_SECONDS)
}

/// One instance, stopped while there is nothing to do. Its type is whatever an admin asked for last.
pub(super) fn single(stack: &mut Stack<'_, Fleet>, worker: &Worker, network: &Network) -> Compute {
    let subnet = stack.import(&network.worker_subnets[0]);
    let version =
        ec2::instance::LaunchTemplateSpecification::new(worker.template.latest_version_number()).launch_template_id(&worker.template);
    let instance = ec2::Instance::new().launch_template(version).subnet_id(subnet);
    let instance = stack.add("Worker", instance);
    stack.explain(
        &instance,
        Context::why("one machine that is stopped, resized and started: its volume keeps the model")
            .must("InstanceType comes from the launch template, which reads it from a parameter"),
    );
    Compute::Instance(instance)
}

/// The part of a group's ARN before its name is another with each group.
pub(super) fn group_arn(group: &Handle<autoscaling::AutoScalingGroup, Fleet>) -> Value<String, Fleet> {
    sub!("arn:{}:autoscaling:{}:{}:autoScalingGroup:*:autoScalingGroupName/{}", partition(), region(), account_id(), group.reference())
}

/// The ARN of one instance.
pub(super) fn instance_arn(instance: &Handle<ec2::Instance, Fleet>) -> Value<String, Fleet> {
    sub!("arn:{}:ec2:{}:{}:instance/{}", partition(), region(), account_id(), instance.instance_id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_waits_as_long_as_a_worker_may_take_and_never_longer_than_aws_allows() {
        let seconds = [(90, 600), (0, 1), (7_200, 43_200), (0, 43_200)].map(|(drain, job)| hook_seconds(drain, job));

        assert_eq!(seconds, [150, 61, 7_200, 493], "AWS would refuse the hook, or end an instance whose job goes on");
        assert!(43_260 <= HOOK_TIMES * seconds[3], "the longest job would be cut off");
    }
}
