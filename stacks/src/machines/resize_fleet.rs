//! The workers of an Auto Scaling group on another type of instance.

use contract::fleet::column;
use serde_json::{Value, json};

use super::states::{
    again, call, choose, fail, machine, record_done, record_failed, remember, set, succeed, wait, whatever_happens, when, with_retries,
};

/// Seconds between two looks at the instance refresh.
const LOOK_SECONDS: u32 = 30;

/// How often to look: two hours. A worker may take an hour to end what it has in work, and its successor minutes to start.
const LOOKS: u32 = 240;

/// How long the whole may take: it waits for another refresh to end, for its own, and then goes back.
const SECONDS: u32 = 5 * 3_600;

/// Another refresh of the same group goes on: ours from before we were ended, or somebody's. Asked again each half minute for an hour.
const IN_PROGRESS: &str = "AutoScaling.InstanceRefreshInProgressException";

/// Makes a version of the launch template with another instance type, gives it to the group and replaces the instances.
///
/// The parameter gets the type as well, so that the next deploy does not take the change back. When the new instances do not come
/// up, the parameter, the default version and the group are put back, and the operation's item says why.
///
/// CloudFormation pins a group to a number of a version, so the group itself must be told, before its instances are replaced: also a
/// group at zero then starts with the new type. A group that mixes types has them in the environment's file: the front door
/// refuses to ask for one, and so does the machine, should somebody start it by hand.
#[must_use]
pub fn resize_fleet() -> Value {
    let group = json!({ "AutoScalingGroupNames": ["${AutoScalingGroupName}"] });
    let version = |version: &str| json!({ "LaunchTemplateId": "${LaunchTemplateId}", "Version": version });
    let group_with = |number: &str| json!({ "AutoScalingGroupName": "${AutoScalingGroupName}", "LaunchTemplate": version(number) });
    let default = |number: &str| json!({ "LaunchTemplateId": "${LaunchTemplateId}", "DefaultVersion": number });
    let parameter = |value: &str| json!({ "Name": "${InstanceTypeParameter}", "Value": value, "Type": "String", "Overwrite": true });
    let refresh = json!({
        "AutoScalingGroupName": "${AutoScalingGroupName}",
        "Strategy": "Rolling",
        // What has the right version already stays; a worker with jobs ends them first.
        "Preferences": { "MinHealthyPercentage": 50, "SkipMatching": true, "ScaleInProtectedInstances": "Wait" },
    });
    let remembered = json!({
        "previous_version": format!("{{% $states.result.Attributes.{}.S %}}", column::PREVIOUS_VERSION),
        "previous_type": format!("{{% $states.result.Attributes.{}.S %}}", column::PREVIOUS_INSTANCE_TYPE),
    });
    let patient = || [again_evenly(IN_PROGRESS, LOOK_SECONDS, 120), again(&["States.ALL"], 2, 6, 60)];
    machine(
        "Another instance type for the workers of the Auto Scaling group",
        SECONDS,
        [
            (
                "Begin",
                set(
                    json!({
                        "operation": "{% $states.input.operation_id %}",
                        "wanted": "{% $states.input.instance_type %}",
                        "looks": 0,
                        "cause": "",
                    }),
                    "LookAtGroup",
                ),
            ),
            (
                "LookAtGroup",
                call(
                    "autoscaling:describeAutoScalingGroups",
                    group.clone(),
                    json!({
                        "mixed": "{% $exists($states.result.AutoScalingGroups[0].MixedInstancesPolicy) %}",
                        // AWS takes an expression without a value for a mistake; text and nothing is text.
                        "present_version": "{% '' & $states.result.AutoScalingGroups[0].LaunchTemplate.Version %}",
                    }),
                    "HasOneType",
                    "RecordFailed",
                ),
            ),
            ("HasOneType", choose([when("$mixed", "RefuseMixed")], "LookAtVersion")),
            (
                "RefuseMixed",
                set(
                    json!({ "cause": "the group mixes instance types: they stand in the environment's file, change them there" }),
                    "RecordFailed",
                ),
            ),
            (
                "LookAtVersion",
                call(
                    "ec2:describeLaunchTemplateVersions",
                    json!({ "LaunchTemplateId": "${LaunchTemplateId}", "Versions": ["{% $present_version %}"] }),
                    json!({
                        "present_number": "{% $string($states.result.LaunchTemplateVersions[0].VersionNumber) %}",
                        "present_type": "{% '' & $states.result.LaunchTemplateVersions[0].LaunchTemplateData.InstanceType %}",
                    }),
                    "Remember",
                    "RecordFailed",
                ),
            ),
            (
                "Remember",
                remember(
                    &[(column::PREVIOUS_VERSION, "{% $present_number %}"), (column::PREVIOUS_INSTANCE_TYPE, "{% $present_type %}")],
                    remembered,
                    "MakeVersion",
                    "RecordFailed",
                ),
            ),
            (
                "MakeVersion",
                call(
                    "ec2:createLaunchTemplateVersion",
                    json!({
                        "LaunchTemplateId": "${LaunchTemplateId}",
                        "SourceVersion": "{% $previous_version %}",
                        "VersionDescription": "{% 'operation ' & $operation %}",
                        // The same token gives the same version, however often it is asked for.
                        "ClientToken": "{% $operation %}",
                        "LaunchTemplateData": { "InstanceType": "{% $wanted %}" },
                    }),
                    json!({ "version": "{% $string($states.result.LaunchTemplateVersion.VersionNumber) %}" }),
                    "PutParameter",
                    "RecordFailed",
                ),
            ),
            ("PutParameter", call("ssm:putParameter", parameter("{% $wanted %}"), json!({}), "SetDefault", "PutParameterBack")),
            ("SetDefault", call("ec2:modifyLaunchTemplate", default("{% $version %}"), json!({}), "ChangeGroup", "PutParameterBack")),
            (
                "ChangeGroup",
                call("autoscaling:updateAutoScalingGroup", group_with("{% $version %}"), json!({}), "LookForInstances", "PutParameterBack"),
            ),
            (
                // After the change: whatever is launched from here on has the new type.
                "LookForInstances",
                call(
                    "autoscaling:describeAutoScalingGroups",
                    group,
                    json!({ "instances": "{% $count($states.result.AutoScalingGroups[0].Instances) %}" }),
                    "HasInstances",
                    "PutParameterBack",
                ),
            ),
            ("HasInstances", choose([when("$instances = 0", "RecordDone")], "StartRefresh")),
            (
                "StartRefresh",
                with_retries(
                    call(
                        "autoscaling:startInstanceRefresh",
                        refresh.clone(),
                        json!({ "refresh": "{% $states.result.InstanceRefreshId %}" }),
                        "Wait",
                        "PutParameterBack",
                    ),
                    patient(),
                ),
            ),
            ("Wait", wait(LOOK_SECONDS, "LookAtRefresh")),
            (
                "LookAtRefresh",
                call(
                    "autoscaling:describeInstanceRefreshes",
                    json!({ "AutoScalingGroupName": "${AutoScalingGroupName}", "InstanceRefreshIds": ["{% $refresh %}"] }),
                    json!({
                        "status": "{% $states.result.InstanceRefreshes[0].Status %}",
                        "reason": "{% '' & $states.result.InstanceRefreshes[0].StatusReason %}",
                        "looks": "{% $looks + 1 %}",
                    }),
                    "IsRefreshed",
                    "CancelRefresh",
                ),
            ),
            (
                "IsRefreshed",
                choose(
                    [
                        when("$status = 'Successful'", "RecordDone"),
                        when("$status in ['Failed', 'Cancelled', 'RollbackSuccessful', 'RollbackFailed']", "RefreshFailed"),
                        when(&format!("$looks >= {LOOKS}"), "RefreshTooLong"),
                    ],
                    "Wait",
                ),
            ),
            (
                "RefreshFailed",
                set(json!({ "cause": "{% 'the instance refresh ended as ' & $status & ': ' & $reason %}" }), "PutParameterBack"),
            ),
            (
                "RefreshTooLong",
                set(
                    json!({ "cause": format!("{{% 'the instance refresh is not done after {} minutes: ' & $reason %}}", LOOKS * LOOK_SECONDS / 60) }),
                    "CancelRefresh",
                ),
            ),
            (
                "CancelRefresh",
                whatever_happens(
                    call(
                        "autoscaling:cancelInstanceRefresh",
                        json!({ "AutoScalingGroupName": "${AutoScalingGroupName}" }),
                        json!({}),
                        "PutParameterBack",
                        "PutParameterBack",
                    ),
                    "PutParameterBack",
                ),
            ),
            (
                "PutParameterBack",
                whatever_happens(
                    call("ssm:putParameter", parameter("{% $previous_type %}"), json!({}), "SetDefaultBack", "SetDefaultBack"),
                    "SetDefaultBack",
                ),
            ),
            (
                "SetDefaultBack",
                whatever_happens(
                    call("ec2:modifyLaunchTemplate", default("{% $previous_version %}"), json!({}), "ChangeGroupBack", "ChangeGroupBack"),
                    "ChangeGroupBack",
                ),
            ),
            (
                "ChangeGroupBack",
                whatever_happens(
                    call(
                        "autoscaling:updateAutoScalingGroup",
                        group_with("{% $previous_version %}"),
                        json!({}),
                        "StartRefreshBack",
                        "RecordFailed",
                    ),
                    "RecordFailed",
                ),
            ),
            (
                // Nobody waits for it: instances that did come up with the new type go, as soon as they have nothing in work.
                "StartRefreshBack",
                whatever_happens(
                    with_retries(call("autoscaling:startInstanceRefresh", refresh, json!({}), "RecordFailed", "RecordFailed"), patient()),
                    "RecordFailed",
                ),
            ),
            ("RecordDone", record_done("Done", "Failed")),
            ("RecordFailed", record_failed("Failed")),
            ("Done", succeed()),
            ("Failed", fail("ResizeFailed")),
        ],
    )
}

/// At even distances, so many times.
fn again_evenly(error: &str, seconds: u32, times: u32) -> Value {
    json!({ "ErrorEquals": [error], "IntervalSeconds": seconds, "BackoffRate": 1, "MaxAttempts": times })
}
