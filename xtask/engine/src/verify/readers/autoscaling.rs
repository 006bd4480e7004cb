//! EC2 Auto Scaling.

use serde_json::json;

use super::prelude::*;

static AUTOSCALING: Service = Service::new("autoscaling", Protocol::Query { version: "2011-01-01", flat: false });

const GROUPS: Action = AUTOSCALING.action("DescribeAutoScalingGroups", "/");

pub(super) const READERS: &[Reader] = &[Reader {
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
}];
