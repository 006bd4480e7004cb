//! Instances, launch templates and Auto Scaling groups.

use super::Known;

const SIGNAL: &str =
    "the instance did not report success in time: its console output and /var/log/cloud-init-output.log say what its user data did";
const ELSEWHERE: &str = "AWS has no such instance left in that zone: allow other zones or instance types";

pub(super) const KNOWN: &[Known] = &[
    (&["sufficient", "capacity in the availability zone"], ELSEWHERE),
    (
        &["instance type", "is not supported in your requested availability zone"],
        "that zone never has such instances: leave its subnet out, or take another instance type",
    ),
    (
        &["requested configuration is currently not supported"],
        "the region or zone does not have that instance type, or the image is for another processor: take others",
    ),
    (
        &["the image id", "does not exist"],
        "an image's ID holds in one region only, and ends when the image is retired: name the one of this region",
    ),
    (
        &["launch configuration creation operation is not available"],
        "AWS takes no new launch configurations: make an AWS::EC2::LaunchTemplate instead",
    ),
    (
        &["must use a valid fully-formed launch template"],
        "the launch template lacks or contradicts something, which AWS names behind these words: mend it there",
    ),
    (&["resource signal(s) within the specified duration"], SIGNAL),
    (&["success signal(s) out of"], SIGNAL),
    (&["waitcondition timed out"], SIGNAL),
    (
        &["group did not stabilize"],
        "the group's instances do not come up: the scaling activity behind these words says why, `aws autoscaling describe-scaling-activities` the others",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested (eu-central-1a). Our system will be working on provisioning additional capacity. You can currently get g5.xlarge capacity by not specifying an Availability Zone in your request or choosing eu-central-1b.",
        "left in that zone",
    ),
    (
        "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have sufficient t3a.medium capacity in the Availability Zone you requested (us-east-1a)",
        "left in that zone",
    ),
    (
        "Your requested instance type (t3.micro) is not supported in your requested Availability Zone (us-east-1e). Please retry your request by not specifying an Availability Zone or choosing us-east-1a, us-east-1b. (Service: AmazonEC2; Status Code: 400; Error Code: Unsupported; Request ID: 1; Proxy: null)",
        "never has",
    ),
    (
        "You must use a valid fully-formed launch template. The requested configuration is currently not supported. Please check the documentation for supported configurations.",
        "another processor",
    ),
    ("You must use a valid fully-formed launch template. The image id '[ami-0123456789abcdef0]' does not exist", "one region only"),
    (
        "Resource handler returned message: \"The Launch Configuration creation operation is not available in your account. Use launch templates to create configuration templates for your Auto Scaling groups. (Service: AutoScaling, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: GeneralServiceException)",
        "AWS::EC2::LaunchTemplate",
    ),
    (
        "You must use a valid fully-formed launch template. the encrypted flag cannot be specified since device /dev/sda1 has a snapshot specified.",
        "behind these words",
    ),
    ("Failed to receive 1 resource signal(s) within the specified duration", "cloud-init"),
    ("Received 0 SUCCESS signal(s) out of 1. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement", "cloud-init"),
    ("WaitCondition timed out. Received 0 conditions when expecting 1", "cloud-init"),
    (
        "Group did not stabilize. Last scaling activity: Instance became unhealthy while waiting for instance to be in InService state.",
        "describe-scaling-activities",
    ),
];
