//! What a deploy takes back from whoever scales.

use serde_json::Value as Json;

use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A count that two set.
pub(super) const DESIRED_COUNT_WITH_SCALING: Rule = Rule {
    id: "desired-count-with-scaling",
    severity: Severity::Warning,
    title: "a service or group that scales by itself has no count in the template",
    why: "each deploy sets the count back, in the middle of the day from forty to two",
    check: desired_count_with_scaling,
};

fn desired_count_with_scaling(view: &View<'_>, broken: &mut Broken<'_>) {
    for scaler in view.all() {
        let (property, kind, count) = match scaler.kind {
            "AWS::ApplicationAutoScaling::ScalableTarget" if counts_tasks(scaler) => ("ResourceId", "AWS::ECS::Service", "DesiredCount"),
            "AWS::AutoScaling::ScalingPolicy" | "AWS::AutoScaling::ScheduledAction" => {
                ("AutoScalingGroupName", "AWS::AutoScaling::AutoScalingGroup", "DesiredCapacity")
            }
            "AWS::ECS::CapacityProvider" if is_managed(scaler) => {
                ("AutoScalingGroupProvider/AutoScalingGroupArn", "AWS::AutoScaling::AutoScalingGroup", "DesiredCapacity")
            }
            _ => continue,
        };
        let Some(named) = scaler.get(property) else { continue };
        for scaled in view.mentions(named).into_iter().filter_map(|id| view.resource(id)).filter(|one| one.kind == kind) {
            let is_set = scaled.get(count).is_some_and(|value| !view.branches(value).is_empty());
            if is_set {
                broken.at(
                    &scaled.path(count),
                    format!("`{}` has a `{count}`, and `{}` scales it", scaled.id, scaler.id),
                    format!("leave `{count}` out, and say the least and the most alone"),
                );
            }
        }
    }
}

fn counts_tasks(target: Res<'_>) -> bool {
    target.get("ScalableDimension").is_some_and(|dimension| dimension == "ecs:service:DesiredCount")
}

fn is_managed(provider: Res<'_>) -> bool {
    provider.get("AutoScalingGroupProvider/ManagedScaling/Status").and_then(Json::as_str) == Some("ENABLED")
}
