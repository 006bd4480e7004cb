//! Who may do what: credentials, roles, policies and keys.

use super::Known;

const EXPIRED: &str = "the credentials expired while CloudFormation worked with them: sign in again for longer, then deploy again";
const NEW_ROLE: &str =
    "a new role takes some seconds to be known everywhere: deploy again; if it stays, its trust policy does not let that service in";
const STRANGER: &str =
    "the policy names a role or user that does not exist, or is some seconds old: deploy again; if it stays, correct the ARN";
const LOG_POLICY: &str = "API Gateway may not write to the log group, mostly because the account's one policy for logs is full (5120 characters): \
     a log group whose name begins with /aws/vendedlogs/ needs no room in it";

pub(super) const KNOWN: &[Known] = &[
    (
        &["permissions error performing a tagging operation"],
        "the deploying role lacks the service's tagging actions (TagResource, UntagResource, ListTagsForResource)",
    ),
    (&["security token included in the request is expired"], EXPIRED),
    (&["provided token has expired"], EXPIRED),
    (
        &["execution role does not have permissions to call"],
        "the function's role lacks the action that AWS names: grant it by wiring the queue, stream or network to the function",
    ),
    (
        &["state machine iam role is not authorized to access the log destination"],
        "the state machine's role lacks the logs:*LogDelivery actions, or the account's policy for logs is full: a log group whose name \
         begins with /aws/vendedlogs/ needs no room in it",
    ),
    (
        &["is not authorized to create managed-rule"],
        "the state machine waits for what it starts, so its role needs events:PutRule, events:PutTargets and events:DescribeRule",
    ),
    (
        &["unable to assume the service linked role"],
        "the account's first use of the service makes that role, which takes some seconds: deploy again; if it stays, \
         `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`",
    ),
    (
        &["attempting to assume role", "aws-service-role/"],
        "the account's first use of the service makes that role, which takes a minute to be known everywhere: deploy again",
    ),
    (&["is authorized to assume the provided role"], NEW_ROLE),
    (&["must allow aws eventbridge scheduler to assume the role"], NEW_ROLE),
    (&["cannot be assumed by lambda"], NEW_ROLE),
    (&["is unable to assume", "role"], NEW_ROLE),
    (&["permissions required to assume the role"], NEW_ROLE),
    (
        &["invalid iam instance profile name"],
        "a new instance profile takes some seconds to be known everywhere: deploy again; if it stays, the name is a role's and not a profile's",
    ),
    (&["invalid principal"], STRANGER),
    (&["policy error: principalnotfound"], STRANGER),
    (
        &["invalid value for the parameter policy"],
        "SQS says no more than that: the queue's policy names a role that does not exist or is some seconds old (deploy again), or is malformed",
    ),
    (&["does not exist or is not attachable"], "no managed policy has that ARN: correct its path and name"),
    (&["requires capabilities", "_iam"], "the stack makes roles or users: acknowledge it with the capability that AWS names"),
    (
        &["requires capabilities", "auto_expand"],
        "the template uses a macro, or nests one that does: acknowledge it with CAPABILITY_AUTO_EXPAND",
    ),
    (
        &["specified kms key does not exist or is not allowed to be used"],
        "the key's policy must let logs.<region>.amazonaws.com use it for this log group",
    ),
    (
        &["client.invalidkmskey"],
        "the key is mostly sound, but its policy must let AWSServiceRoleForAutoScaling use it and make grants (kms:CreateGrant)",
    ),
    (
        &["kms key is invalid for creategrant"],
        "Lambda could not use the key for the function's role, which is some seconds old or was made anew under the same name: deploy again",
    ),
    (
        &["kms", "is pending deletion"],
        "the key is about to be deleted: cancel that (`aws kms cancel-key-deletion`, then `enable-key`), or name another key",
    ),
    (
        &["cloudwatch logs role arn must be set in account settings"],
        "API Gateway needs a role for logs once per account and region: make an AWS::ApiGateway::Account with CloudWatchRoleArn",
    ),
    (&["insufficient permissions to enable logging"], LOG_POLICY),
    (&["cannot enable logging. policy document length"], LOG_POLICY),
    (
        &["does not have permission to access the ecr image"],
        "the repository's policy must let lambda.amazonaws.com read it (ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)",
    ),
    (
        &["s3:putbucketpolicy", "access denied"],
        "the policy opens the bucket to everybody, which Block Public Access forbids, or the deploying role lacks s3:PutBucketPolicy",
    ),
    (
        &["not authorized to use launch template"],
        "whoever deploys lacks what the launch template does: ec2:RunInstances, ec2:CreateTags, and iam:PassRole for its instance profile",
    ),
    (
        &["account must be verified before you can add new cloudfront resources"],
        "AWS holds back new accounts: open a case with AWS Support with these words, nothing here can mend it",
    ),
    (
        &["aws marketplace product you need to accept terms"],
        "the image is sold in the AWS Marketplace: accept its terms at the address that AWS names, then deploy again",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Encountered a permissions error performing a tagging operation, please add required tag permissions. See https://repost.aws/knowledge-center/cloudformation-tagging-permission-error for how to resolve. Resource handler returned message: \"Unauthorized tagging operation\"",
        "tagging actions",
    ),
    (
        "An error occurred (ExpiredTokenException) when calling the AssumeRole operation: The security token included in the request is expired",
        "sign in again",
    ),
    ("The provided token has expired.", "sign in again"),
    (
        "Resource handler returned message: \"Invalid request provided: The provided execution role does not have permissions to call DeleteMessage on SQS (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "function's role",
    ),
    ("The function execution role does not have permissions to call ReceiveMessage on SQS", "function's role"),
    (
        "The state machine IAM Role is not authorized to access the Log Destination (Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException; Request ID: 1; Proxy: null)",
        "LogDelivery",
    ),
    (
        "Resource handler returned message: \"'arn:aws:iam::111111111111:role/cleanup' is not authorized to create managed-rule. (Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException\"",
        "events:PutRule",
    ),
    (
        "Resource handler returned message: \"Unable to assume the service linked role. Please verify that the ECS service linked role exists. (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; Request ID: 1; Proxy: null)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "create-service-linked-role",
    ),
    (
        "Invalid request provided: CreateCluster Invalid Request: Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        "create-service-linked-role",
    ),
    (
        "Access denied when attempting to assume role arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling. Validating load balancer configuration failed.",
        "first use",
    ),
    (
        "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.",
        "trust policy",
    ),
    ("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.", "trust policy"),
    (
        "Resource handler returned message: \"The role defined for the function cannot be assumed by Lambda. (Service: Lambda, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "some seconds",
    ),
    (
        "Firehose is unable to assume role arn:aws:iam::111111111111:role/FirehoseDeliveryRole. Please check the role provided.",
        "trust policy",
    ),
    ("Service is unable to assume provided role. Please verify role's TrustPolicy.", "trust policy"),
    (
        "AWS CodeDeploy does not have the permissions required to assume the role arn:aws:iam::111111111111:role/deployments. (Service: CodeDeploy, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)",
        "trust policy",
    ),
    (
        "You must use a valid fully-formed launch template. Value (workers) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        "instance profile",
    ),
    (
        "Resource handler returned message: \"Policy contains a statement with one or more invalid principals. (Service: Kms, Status Code: 400, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "does not exist",
    ),
    ("Invalid principal in policy (Service: S3, Status Code: 400)", "does not exist"),
    ("Invalid parameter: Policy Error: PrincipalNotFound", "does not exist"),
    ("Invalid value for the parameter Policy.", "SQS says no more"),
    (
        "Resource handler returned message: \"Policy arn:aws:iam::aws:policy/AWSLambdaFullAccess does not exist or is not attachable. (Service: Iam, Status Code: 404, Request ID: 1)\" (RequestToken: 2, HandlerErrorCode: NotFound)",
        "managed policy",
    ),
    ("Requires capabilities : [CAPABILITY_NAMED_IAM]", "roles or users"),
    ("Requires capabilities : [CAPABILITY_AUTO_EXPAND]", "macro"),
    (
        "Resource handler returned message: \"The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-east-1:112233445566:log-group:PythonStack-logs00112233-AABBCCDDEEFF' (Service: CloudWatchLogs, Status Code: 400)\" (HandlerErrorCode: GeneralServiceException)",
        "logs.<region>.amazonaws.com",
    ),
    (
        "Group did not stabilize. Last scaling activity: Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
        "AWSServiceRoleForAutoScaling",
    ),
    ("Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant.", "made anew"),
    (
        "arn:aws:kms:us-west-2:111111111111:key/1 is pending deletion. (Service: AWSKMS; Status Code: 400; Error Code: KMSInvalidStateException; Request ID: 1)",
        "cancel-key-deletion",
    ),
    (
        "Resource handler returned message: \"CloudWatch Logs role ARN must be set in account settings to enable logging (Service: ApiGateway, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "AWS::ApiGateway::Account",
    ),
    (
        "Insufficient permissions to enable logging (Service: AmazonApiGatewayV2; Status Code: 400; Error Code: BadRequestException; Request ID: 1; Proxy: null)",
        "/aws/vendedlogs/",
    ),
    (
        "Cannot enable logging. Policy document length breaking Cloudwatch Logs Constraints, either < 1 or > 5120 (Service: AmazonApiGatewayV2; Status Code: 400; Error Code: BadRequestException; Request ID: 1)",
        "/aws/vendedlogs/",
    ),
    ("Lambda does not have permission to access the ECR image. Check the ECR permissions.", "ecr:BatchGetImage"),
    ("API: s3:PutBucketPolicy Access Denied", "Block Public Access"),
    ("API: autoscaling:CreateAutoScalingGroup You are not authorized to use launch template: lt-0123456789abcdef0", "iam:PassRole"),
    (
        "Your account must be verified before you can add new CloudFront resources. To verify your account, please contact AWS Support and include this error message.",
        "AWS Support",
    ),
    (
        "You must use a valid fully-formed launch template. In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit https://aws.amazon.com/marketplace/pp?sku=1",
        "accept its terms",
    ),
];
