//! Functions, their code, and images.

use super::Known;

const BUSY: &str = "Lambda is still at another change of the same function: deploy again in a minute";

pub(super) const KNOWN: &[Known] = &[
    (&["s3 error code: nosuchkey"], "the artifact is not in the artifact bucket: deploy again, which uploads what is missing"),
    (&["source image", "does not exist"], "the image is not in the registry under that tag: push it, then deploy again"),
    (
        &["layer media type for the source image", "is not supported"],
        "Lambda takes an image of one platform without attestations: build it with `docker buildx build --platform … --provenance=false`, and push it",
    ),
    (
        &["reached terminal failed state due to"],
        "Lambda could not make the function ready, and names why after `due to`; with InvalidImage, build the image for one platform without attestations",
    ),
    (&["unzipped size must be smaller"], "a function's code with its layers has at most 250 MB: strip the binary, or ship an image"),
    (&["must be a non-empty zip"], "the archive of the function's code is empty or no zip: build it anew, then deploy again"),
    (&["is no longer supported for creating or updating"], "AWS has retired that runtime: name a later one, and try the code on it"),
    (
        &["exceeded the 4kb limit"],
        "a function's environment has at most 4 KB, names and values together: keep the long values in a parameter or secret",
    ),
    (&["contains reserved keys"], "Lambda sets those variables itself: take them out of the function's environment"),
    (
        &["'memorysize' value failed to satisfy constraint"],
        "new accounts may give a function only that much memory: take less, or ask AWS Support for more",
    ),
    (&["the function is currently in the following state"], BUSY),
    (&["an update is in progress for resource"], BUSY),
    (&["due to a concurrent update operation"], BUSY),
    (
        &["an error occurred during function initialization"],
        "the function fails as it starts, before its handler is called: its log group says why",
    ),
    (
        &["cannotpullcontainererror"],
        "the task cannot fetch its image: the tag is missing or for another processor, the execution role lacks ecr:*, or the subnet has no way out",
    ),
    (
        &["deployment circuit breaker was triggered"],
        "the tasks do not stay up: `aws ecs describe-tasks` and the service's log group say why they stopped",
    ),
    (
        &["one or more alarms have been activated"],
        "look at the alarm that AWS names: the new version was taken back because it went off, and its description tells what it means",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Resource handler returned message: \"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400, Request ID: 1)\"",
        "artifact bucket",
    ),
    (
        "Resource handler returned message: \"Source image 111111111111.dkr.ecr.us-east-2.amazonaws.com/worker:1 does not exist. Provide a valid source image. (Service: Lambda, Status Code: 400, Request ID: 1)\"",
        "push it",
    ),
    (
        "The image manifest, config or layer media type for the source image 111111111111.dkr.ecr.us-east-1.amazonaws.com/worker:latest is not supported.",
        "--provenance=false",
    ),
    (
        "Resource handler returned message: \"Lambda function transcode reached terminal FAILED state due to InvalidImage(ImageLayerFailure: UnsupportedImageLayerDetected - Layer Digest sha256:1) and failed to stabilize\" (RequestToken: 2, HandlerErrorCode: NotStabilized)",
        "make the function ready",
    ),
    ("Unzipped size must be smaller than 262144000 bytes", "strip the binary"),
    (
        "Resource handler returned message: \"Uploaded file must be a non-empty zip (Service: Lambda, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "build it anew",
    ),
    (
        "Resource handler returned message: \"The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions. (Service: Lambda, Status Code: 400, Request ID: 1)\"",
        "retired",
    ),
    (
        "1 validation error detected: Value 'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
        "4 KB",
    ),
    (
        "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION",
        "sets those variables itself",
    ),
    (
        "Resource handler returned message: \"'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008 (Service: Lambda, Status Code: 400, Request ID: 1)\"",
        "new accounts",
    ),
    ("The operation cannot be performed at this time. The function is currently in the following state: Pending", "another change"),
    (
        "The operation cannot be performed at this time. An update is in progress for resource: arn:aws:lambda:eu-west-1:111111111111:function:transcode",
        "another change",
    ),
    ("The function could not be updated due to a concurrent update operation. Please try again later.", "another change"),
    (
        "Resource handler returned message: \"An error occurred during function initialization\" (RequestToken: 1, HandlerErrorCode: NotStabilized)",
        "before its handler",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
        "fetch its image",
    ),
    (
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: 1, HandlerErrorCode: GeneralServiceException)",
        "describe-tasks",
    ),
    (
        "Resource handler returned message: \"d-ABCDEFGHI failed. One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <transcode-errors>\" (RequestToken: 1, HandlerErrorCode: InternalFailure)",
        "its description",
    ),
];
