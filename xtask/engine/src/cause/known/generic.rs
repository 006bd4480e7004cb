//! Words that many services say alike, asked after all subjects.

use super::Known;
use super::room::QUOTA;

const TAKEN: &str = "something of that name exists outside this stack: delete it, import it, or leave the name to CloudFormation";
const RESTLESS: &str = "the resource did not come to rest in the time that AWS gives it: look at it in its own service, then deploy again";
const PATIENCE: &str = "AWS asked for patience: deploy again";
const AGAIN: &str = "AWS had a moment of its own: deploy again; if it stays, CloudTrail shows which call failed, and why";

pub(super) const KNOWN: &[Known] = &[
    // Before all others, because a person's own function speaks behind these words, in whatever way it likes.
    (
        &["response status [failed] from custom resource"],
        "the custom resource's function refused, and says why behind these words; its log group says more",
    ),
    (
        &["access denied"],
        "the deploying role, or the resource's own policy, lacks a permission: where AWS's words do not name it, CloudTrail's event of that moment does",
    ),
    (&["already exists"], TAKEN),
    (&["handlererrorcode: alreadyexists"], TAKEN),
    (
        &["was not found", "with identifier"],
        "somebody deleted the resource by hand: take it out of the stack, deploy, put it back, deploy again",
    ),
    (
        &["handlererrorcode: notfound"],
        "what AWS names is not there: the template names it wrongly, or somebody deleted it or made it anew by hand",
    ),
    (&["did not stabilize"], RESTLESS),
    (&["handlererrorcode: notstabilized"], RESTLESS),
    (&["quota"], QUOTA),
    (&["throttling"], PATIENCE),
    (&["rate exceeded"], PATIENCE),
    (&["internal error"], AGAIN),
    (&["internalfailure"], AGAIN),
    (&["internal failure"], AGAIN),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Received response status [FAILED] from custom resource. Message returned: Account creation failed. Error: Accounts failed to enroll in Control Tower. Check Service Catalog Console",
        "refused",
    ),
    (
        "Resource handler returned message: \"Access Denied (Service: S3, Status Code: 403, Request ID: 1, Extended Request ID: 2)\" (RequestToken: 3, HandlerErrorCode: AccessDenied)",
        "CloudTrail",
    ),
    (
        "Resource handler returned message: \"Access denied for operation 'AWS::BedrockAgentCore::Runtime'.\" (RequestToken: 1, HandlerErrorCode: AccessDenied)",
        "CloudTrail",
    ),
    ("/aws/lambda/jobs already exists in stack arn:aws:cloudformation:us-east-1:111111111111:stack/other/1", "outside this stack"),
    (
        "Resource handler returned message: \"Resource of type 'AWS::ECS::Service' with identifier 'jobs' already exists.\" (HandlerErrorCode: AlreadyExists)",
        "outside this stack",
    ),
    (
        "Another guardrail in your account already has this name. (Service: Bedrock, Status Code: 400, HandlerErrorCode: AlreadyExists)",
        "outside this stack",
    ),
    (
        "Resource of type 'AWS::SQS::Queue' with identifier 'https://sqs.us-east-1.amazonaws.com/111111111111/jobs' was not found. (HandlerErrorCode: NotFound, RequestToken: 1)",
        "by hand",
    ),
    (
        "Resource handler returned message: \"One or more listeners not found (Service: ElasticLoadBalancingV2, Status Code: 400)\" (RequestToken: 1, HandlerErrorCode: NotFound)",
        "is not there",
    ),
    ("Service arn:aws:ecs:us-west-1:111111111111:service/jobs did not stabilize.", "come to rest"),
    ("Resource handler returned message: \"Exceeded attempts to wait\" (RequestToken: 1, HandlerErrorCode: NotStabilized)", "come to rest"),
    ("Cannot exceed quota for RolesPerAccount: 1500", "Service Quotas"),
    (
        "Unable to create alarms for scaling policy jobs due to reason: Rate exceeded (Service: AmazonCloudWatch; Status Code: 400; Error Code: Throttling; Request ID: 1)",
        "patience",
    ),
    ("Rate exceeded (Service: KinesisAnalyticsV2, Status Code: 400)\" (HandlerErrorCode: GeneralServiceException)", "patience"),
    ("Internal error reported from downstream service during operation 'CreateUserPoolDomain'", "a moment of its own"),
    ("Resource handler returned message: \"null\" (RequestToken: 1, HandlerErrorCode: InternalFailure)", "a moment of its own"),
    ("Internal Failure", "a moment of its own"),
];
