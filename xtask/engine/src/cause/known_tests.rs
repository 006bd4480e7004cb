//! AWS's own words, as people have met them, each with a word of the advice that it must lead to.

use super::*;

/// AWS's reason → words that the advice must have.
const ROWS: &[(&str, &str)] = &[
    (
        "User: arn:aws:sts::111111111111:assumed-role/deployer/maria is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-central-1:111111111111:jobs because no identity-based policy allows the sqs:CreateQueue action",
        "`arn:aws:sts::111111111111:assumed-role/deployer/maria` lacks `sqs:CreateQueue`",
    ),
    (
        "API: iam:CreateRole User: arn:aws:iam::111111111111:user/maria is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111111111111:role/x with an explicit deny in a service control policy",
        "service control policy",
    ),
    (
        "Resource handler returned message: \"User: arn:aws:iam::111111111111:user/maria is not authorized to perform: lambda:TagResource on resource: arn (Service: Lambda, Status Code: 403)\" (RequestToken: 1, HandlerErrorCode: AccessDenied)",
        "`lambda:TagResource`",
    ),
    ("Encountered a permissions error performing a tagging operation, please add required tag permissions.", "tagging actions"),
    (
        "The security token included in the request is expired (Service: AmazonSQS; Status Code: 403; Error Code: ExpiredToken; Request ID: 1)",
        "sign in again",
    ),
    (
        "The provided execution role does not have permissions to call ReceiveMessage on SQS (Service: AWSLambda; Status Code: 400; Error Code: InvalidParameterValueException; Request ID: 19af6e68)",
        "function's role",
    ),
    ("The function execution role does not have permissions to call ReceiveMessage on SQS", "function's role"),
    (
        "Resource handler returned message: \"The provided execution role does not have permissions to call CreateNetworkInterface on EC2 (Service: Lambda, Status Code: 400)\"",
        "function's role",
    ),
    (
        "The state machine IAM Role is not authorized to access the Log Destination (Service: AWSStepFunctions; Status Code: 400; Error Code: AccessDeniedException)",
        "LogDelivery",
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
    ("Policy contains a statement with one or more invalid principals.", "does not exist"),
    ("Invalid principal in policy (Service: Amazon S3; Status Code: 400; Error Code: MalformedPolicy; Request ID: 1)", "does not exist"),
    ("Requires capabilities : [CAPABILITY_NAMED_IAM]", "capability"),
    (
        "Resource handler returned message: \"The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:us-east-1:112233445566:log-group:PythonStack-logs00112233-AABBCCDDEEFF' (Service: CloudWatchLogs, Status Code: 400)\" (HandlerErrorCode: GeneralServiceException)",
        "logs.<region>.amazonaws.com",
    ),
    ("arn:aws:kms:eu-central-1:111111111111:key/1 is pending deletion. (Service: Kms, Status Code: 400)", "cancel-key-deletion"),
    (
        "Resource handler returned message: \"CloudWatch Logs role ARN must be set in account settings to enable logging (Service: ApiGateway, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: InvalidRequest)",
        "AWS::ApiGateway::Account",
    ),
    ("API: s3:PutBucketPolicy Access Denied", "permission"),
    ("You can't create this secret because a secret with this name is already scheduled for deletion.", "recovery window"),
    ("You must wait 60 seconds after deleting a queue before you can create another with the same name.", "a minute"),
    (
        "Domain already associated with another user pool. (Service: AWSCognitoIdentityProviderService; Status Code: 400; Error Code: InvalidParameterException)",
        "prefix",
    ),
    ("One or more of the CNAMEs you provided are already associated with a different resource.", "distribution"),
    ("[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]", "DNS record"),
    (
        "An event source mapping with SQS arn (\" arn:aws:sqs:eu-central-1:111111111111:jobs \") and function (\" transcode \") already exists. Please update or delete the existing mapping with UUID 1",
        "event source mapping",
    ),
    (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename jobs and update the stack again.",
        "side by side",
    ),
    (
        "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty; Request ID: 1)",
        "--purge",
    ),
    ("cloudwright-jobs already exists in stack arn:aws:cloudformation:eu-central-1:111111111111:stack/other/1", "outside this stack"),
    ("Resource of type 'AWS::DynamoDB::Table' with identifier 'jobs' already exists.", "outside this stack"),
    ("cloudwright-originals already exists (Service: Amazon S3; Status Code: 409; Error Code: BucketAlreadyExists)", "outside this stack"),
    (
        "Resource of type 'AWS::SQS::Queue' with identifier 'https://sqs.eu-central-1.amazonaws.com/111111111111/jobs' was not found.",
        "by hand",
    ),
    ("Circular dependency between resources: [Uploads, UploadsPolicy]", "wait for each other"),
    ("Template error: instance of Fn::GetAtt references undefined resource JobQueue", "logical ID"),
    ("Update to resource type AWS::ApiGateway::DomainName is not supported.", "logical ID"),
    ("Cannot perform more than one GSI creation or deletion in a single update", "one after the other"),
    (
        "Unable to validate the following destination configurations (Service: Amazon S3; Status Code: 400; Error Code: InvalidArgument; Request ID: 1)",
        "DependsOn",
    ),
    ("Queue visibility timeout: 180 seconds is less than Function timeout: 900 seconds", "hide a message"),
    ("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1", "confirmed"),
    ("Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT", "us-east-1"),
    (
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
        "us-east-1",
    ),
    (
        "The certificate 'arn:aws:acm:eu-central-1:111111111111:certificate/1' must have a fully-qualified domain name, a supported signature, and a supported key size.",
        "not issued yet",
    ),
    ("The following hook(s) failed: [Company::Security::Encryption]", "hook"),
    ("Stack update cancelled", "deploy again when you like"),
    ("Stack [cloudwright-prod-jobs] cannot be deleted while TerminationProtection is enabled", "--lift-protection"),
    ("Export cloudwright-jobs-queue cannot be deleted as it is in use by cloudwright-images", "imports"),
    (
        "Cannot delete entity, must detach all policies first. (Service: AmazonIdentityManagement; Status Code: 409; Error Code: DeleteConflict)",
        "detach",
    ),
    ("resource sg-0123456789abcdef0 has a dependent object (Service: Ec2, Status Code: 400)", "network interface"),
    ("Lambda was unable to delete arn:aws:lambda:us-east-1:111111111111:function:edge:1 because it is a replicated function.", "copies"),
    (
        "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's associated with another resource.",
        "web ACL",
    ),
    (
        "Resource handler returned message: \"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. (Service: Lambda, Status Code: 400)\"",
        "artifact bucket",
    ),
    ("Source image 111111111111.dkr.ecr.eu-central-1.amazonaws.com/worker:1 does not exist. Provide a valid source image.", "push it"),
    ("Unzipped size must be smaller than 262144000 bytes (Service: AWSLambdaInternal; Status Code: 400)", "strip the binary"),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/library/worker:1: not found",
        "fetch its image",
    ),
    (
        "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: a3ab2120, HandlerErrorCode: GeneralServiceException)",
        "describe-tasks",
    ),
    (
        "Resource handler returned message: \"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10]. (Service: Lambda, Status Code: 400)\" (HandlerErrorCode: InvalidRequest)",
        "reserve less",
    ),
    (
        "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to.",
        "vCPUs",
    ),
    (
        "We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested (eu-central-1a). Our system will be working on provisioning additional capacity.",
        "other zones",
    ),
    ("There are not enough free addresses in subnet 'subnet-0123' to satisfy the requested number of instances.", "subnet is full"),
    ("The maximum number of VPCs has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: VpcLimitExceeded)", "Service Quotas"),
    (
        "The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded)",
        "Service Quotas",
    ),
    ("CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [1].", "never answered"),
    ("Failed to receive 1 resource signal(s) within the specified duration", "cloud-init"),
    ("Received 0 SUCCESS signal(s) out of 1. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement", "cloud-init"),
    ("Resource handler returned message: \"Exceeded attempts to wait\" (RequestToken: 1, HandlerErrorCode: NotStabilized)", "come to rest"),
    (
        "A conflicting conditional operation is currently in progress against this resource. Please try again. (Service: Amazon S3; Status Code: 409; Error Code: OperationAborted)",
        "in a minute",
    ),
    ("Rate exceeded (Service: AmazonCloudFormation; Status Code: 400; Error Code: Throttling)", "patience"),
    ("AWS WAF couldn't retrieve the resource that you requested. Retry your request.", "deploy again"),
    ("Resource handler returned message: \"null\" (RequestToken: 1, HandlerErrorCode: InternalFailure)", "deploy again"),
    ("Internal Failure", "deploy again"),
];

#[test]
fn what_aws_says_leads_to_what_helps() {
    for (reason, words) in ROWS {
        let advice = advice(reason);

        assert!(advice.as_deref().is_some_and(|advice| advice.contains(words)), "{reason}\n  leads to {advice:?}\n  and not to {words}");
    }
}

#[test]
fn there_are_rows_for_every_known_reason() {
    let unused: Vec<_> = KNOWN
        .iter()
        .filter(|(words, _)| !ROWS.iter().any(|(reason, _)| words.iter().all(|word| reason.to_ascii_lowercase().contains(word))))
        .map(|(words, _)| words)
        .collect();

    // Words of the same failure in another form: the code that goes with the sentence.
    let other_forms = ["quota", "limit", "alreadyexists", "timed out", "insufficientinstancecapacity", "cannot be assumed", "throttl"];
    let missing: Vec<_> = unused.into_iter().filter(|words| !other_forms.contains(&words[0])).collect();
    assert!(missing.is_empty(), "nobody knows whether AWS ever says this: {missing:?}");
}

#[test]
fn a_missing_permission_is_recognised_whatever_the_case() {
    let reason = "User: arn:aws:iam::1:user/x is NOT authorized to perform: sqs:CreateQueue on resource: y";

    let advice = advice(reason);

    assert_eq!(
        advice.as_deref(),
        Some("`arn:aws:iam::1:user/x` lacks `sqs:CreateQueue`: give it that action, or deploy with another role")
    );
}

#[test]
fn a_person_by_name_and_not_by_arn_still_gets_the_action() {
    let advice = advice("User maria is not authorized to perform: sqs:CreateQueue").unwrap();

    assert!(advice.contains("`sqs:CreateQueue`"), "the most common failure would come without advice: {advice}");
}

#[test]
fn a_reason_that_nobody_knows_gets_no_advice() {
    assert_eq!(advice("Value 2000000 for parameter MessageRetentionPeriod is invalid."), None);
}
