//! Names that are taken, and what cannot have two of its kind.

use super::Known;

pub(super) const KNOWN: &[Known] = &[
    (
        &["secret with this name is already scheduled for deletion"],
        "a deleted secret keeps its name for its recovery window: `aws secretsmanager restore-secret`, or `delete-secret --force-delete-without-recovery`, or give another name",
    ),
    (&["must wait 60 seconds after deleting a queue"], "SQS frees a queue's name a minute after its deletion: deploy again then"),
    (
        &["domain already associated with another user pool"],
        "Cognito's domain prefixes are one space for the whole region: choose another prefix",
    ),
    (
        &["cnames you provided are already associated"],
        "another distribution, of this or another account, has that domain name: take it off there first",
    ),
    (&["tried to create resource record set", "already exists"], "the DNS record exists outside this stack: delete it, or import it"),
    (
        &["already exists. please update or delete the existing mapping"],
        "the function is wired to that source already: `aws lambda delete-event-source-mapping --uuid UUID` with the UUID that AWS names, then deploy again",
    ),
    (
        &["custom-named resource requires replacing"],
        "a resource with a fixed name cannot be replaced, because old and new exist side by side: change its name, or leave it to CloudFormation",
    ),
    (
        &["aws::logs::loggroup", "already exists"],
        "the log group is there already, mostly because the function wrote to it before the stack had it: import it, or delete it with its lines",
    ),
    (
        &["requested bucket name is not available"],
        "bucket names are one space for all accounts, and somebody has that one: choose another, or leave it to CloudFormation",
    ),
    (
        &["create the named bucket succeeded and you already own it"],
        "the account has that bucket outside this stack: import it, delete it, or leave the name to CloudFormation",
    ),
    (&["is already exported by stack"], "an export's name is unique in its account and region: give it another name"),
    (
        &["already a conflicting dns domain"],
        "the network has an endpoint with private DNS for that service already: use that one, or delete it first",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("You can't create this secret because a secret with this name is already scheduled for deletion.", "recovery window"),
    ("You must wait 60 seconds after deleting a queue before you can create another with the same name.", "a minute"),
    ("Domain already associated with another user pool.", "prefix"),
    (
        "Received response status [FAILED] from custom resource. Message returned: Domain already associated with another user pool. For more details, see CloudWatch group",
        "prefix",
    ),
    ("One or more of the CNAMEs you provided are already associated with a different resource.", "distribution"),
    ("[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]", "DNS record"),
    (
        "An event source mapping with SQS arn (\" arn:aws:sqs:eu-central-1:111111111111:jobs \") and function (\" transcode \") already exists. Please update or delete the existing mapping with UUID 1",
        "delete-event-source-mapping",
    ),
    (
        "The event source arn (arn:aws:kinesis:us-east-1:111111111111:stream/events) and function (handler) provided mapping already exists. Please update or delete the existing mapping with UUID 1",
        "delete-event-source-mapping",
    ),
    (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename jobs and update the stack again.",
        "side by side",
    ),
    (
        "Resource handler returned message: \"Resource of type 'AWS::Logs::LogGroup' with identifier '{\"/properties/LogGroupName\":\"/aws/lambda/transcode\"}' already exists.\" (RequestToken: 1, HandlerErrorCode: AlreadyExists)",
        "log group",
    ),
    (
        "Resource handler returned message: \"The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again. (Service: S3, Status Code: 409, Request ID: 1, Extended Request ID: 2) (SDK Attempt Count: 1)\" (RequestToken: 3, HandlerErrorCode: AlreadyExists)",
        "one space for all accounts",
    ),
    (
        "Your previous request to create the named bucket succeeded and you already own it. (Service: Amazon S3; Status Code: 409; Error Code: BucketAlreadyOwnedByYou; Request ID: 1; S3 Extended Request ID: 2)",
        "the account has that bucket",
    ),
    ("Export with name cluster-security-group is already exported by stack security-groups. Rollback requested by user.", "export's name"),
    (
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for *.execute-api.us-east-1.amazonaws.com in the VPC",
        "endpoint with private DNS",
    ),
];
