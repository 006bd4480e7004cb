//! EC2 Auto Scaling: groups, what they wait for, what they hold ready.

use serde_json::json;

use super::prelude::*;

static AUTOSCALING: Service = Service::new("autoscaling", Protocol::Query { version: "2011-01-01", flat: false });

const GROUPS: Action = AUTOSCALING.action("DescribeAutoScalingGroups", "/");
const HOOKS: Action = AUTOSCALING.action("DescribeLifecycleHooks", "/");
const WARM_POOL: Action = AUTOSCALING.action("DescribeWarmPool", "/");

pub(super) const READERS: &[Reader] = &[GROUP, HOOK, POOL];

const GROUP: Reader = Reader {
    resource_type: "AWS::AutoScaling::AutoScalingGroup",
    asks: |subject| vec![GROUPS.ask(json!({ "AutoScalingGroupNames": [subject.id] }))],
    live: |subject, answers| {
        let group = one(&answers.get(&GROUPS), "AutoScalingGroups", "AutoScalingGroupName", subject.id);
        let same = [
            "AutoScalingGroupName",
            "CapacityRebalance",
            "DefaultInstanceWarmup",
            "HealthCheckGracePeriod",
            "HealthCheckType",
            "LaunchTemplate",
            "MaxInstanceLifetime",
            "MaxSize",
            "MinSize",
            "MixedInstancesPolicy",
            "NewInstancesProtectedFromScaleIn",
            "Tags",
            "TerminationPolicies",
        ];
        let subnets = at(&group, "VPCZoneIdentifier");
        let subnets = text(&subnets).map_or(subnets, |all| all.split(',').filter(|one| !one.is_empty()).map(|one| json!(one)).collect());
        Live::default()
            .same(&group, &same)
            .set("AvailabilityZones", list(at(&group, "AvailabilityZones")))
            .set("Cooldown", at(&group, "DefaultCooldown"))
            .set("DesiredCapacity", unknown("automatic scaling changes it"))
            .set("VPCZoneIdentifier", subnets)
            .unless_gone(&group)
    },
    rules: &[("Tags", Rule::Tags), ("TerminationPolicies", Rule::Ordered)],
    ..PLAIN
};

const HOOK: Reader = Reader {
    resource_type: "AWS::AutoScaling::LifecycleHook",
    asks: |subject| {
        let of_group = json!({ "AutoScalingGroupName": subject.text("AutoScalingGroupName"), "LifecycleHookNames": [subject.id] });
        vec![HOOKS.ask(of_group)]
    },
    live: |subject, answers| {
        let hook = one(&answers.get(&HOOKS), "LifecycleHooks", "LifecycleHookName", subject.id);
        let same = [
            "AutoScalingGroupName",
            "DefaultResult",
            "HeartbeatTimeout",
            "LifecycleHookName",
            "LifecycleTransition",
            "NotificationMetadata",
            "NotificationTargetARN",
            "RoleARN",
        ];
        Live::default().same(&hook, &same).unless_gone(&hook)
    },
    ..PLAIN
};

const POOL: Reader = Reader {
    resource_type: "AWS::AutoScaling::WarmPool",
    asks: |subject| vec![WARM_POOL.ask(json!({ "AutoScalingGroupName": subject.text("AutoScalingGroupName") }))],
    live: |subject, answers| {
        let pool = answers.part(&WARM_POOL, "WarmPoolConfiguration");
        Live::default()
            .same(&pool, &["InstanceReusePolicy", "MaxGroupPreparedCapacity", "MinSize", "PoolState"])
            .set("AutoScalingGroupName", subject.property("AutoScalingGroupName"))
            .unless_gone(&pool)
    },
    ..PLAIN
};
