//! What stands in a deletion's way.

use super::Known;

const USED: &str =
    "something outside this stack uses it (often a network interface that Lambda gives back within the hour): delete that, then go on";

pub(super) const KNOWN: &[Known] = &[
    (&["terminationprotection is enabled"], "`cargo xtask destroy --env ENVIRONMENT --lift-protection ENVIRONMENT` lifts the protection"),
    (
        &["bucket you tried to delete is not empty"],
        "a bucket is deleted only when it is empty: `cargo xtask destroy --purge` empties it first",
    ),
    (&["because it still contains images"], "a repository is deleted only when it is empty: delete its images, then go on"),
    (&["export", "as it is in use by"], "another stack imports this export: deploy that one without the import first"),
    (&["cannot delete entity, must"], "something was attached to the role outside this stack: detach it, then go on"),
    (&["has a dependent object"], USED),
    (&["has dependencies and cannot be deleted"], USED),
    (
        &["because it is a replicated function"],
        "Lambda@Edge removes its copies some hours after the distribution lets go of the function: try again then",
    ),
    (
        &["waf couldn't perform the operation", "associated with another resource"],
        "it is still in use: take the web ACL off what it guards, and a rule group or IP set out of the web ACL, then go on",
    ),
    (
        &["has a domain configured that should be deleted first"],
        "the pool has a domain that this stack does not have: delete that, then go on",
    ),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Stack [arn:aws:cloudformation:us-east-1:111111111111:stack/jobs/1] cannot be deleted while TerminationProtection is enabled",
        "--lift-protection",
    ),
    (
        "Resource handler returned message: \"The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: 1, Extended Request ID: 2)\" (RequestToken: 3, HandlerErrorCode: GeneralServiceException)",
        "--purge",
    ),
    (
        "Resource handler returned message: \"The repository with name 'worker' in registry with id '111111111111' cannot be deleted because it still contains images (Service: Ecr, Status Code: 400, Request ID: 1, Extended Request ID: null)\" (RequestToken: 2, HandlerErrorCode: GeneralServiceException)",
        "delete its images",
    ),
    ("Export cloudwright-jobs-queue cannot be deleted as it is in use by cloudwright-images", "imports"),
    ("Export UserService:ExportsOutputRefUsersTable cannot be updated as it is in use by OrderService", "imports"),
    (
        "Cannot delete entity, must detach all policies first. (Service: AmazonIdentityManagement; Status Code: 409; Error Code: DeleteConflict; Request ID: 1)",
        "detach",
    ),
    ("resource sg-0123456789abcdef0 has a dependent object (Service: Ec2, Status Code: 400) (SDK Attempt Count: 1)", "network interface"),
    (
        "Resource handler returned message: \"The subnet 'subnet-0123456789abcdef0' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400)\"",
        "network interface",
    ),
    (
        "Lambda was unable to delete arn:aws:lambda:us-east-1:111111111111:function:edge:1 because it is a replicated function. Please see our documentation for Deleting Lambda@Edge Functions and Replicas. (Service: Lambda, Status Code: 400, Request ID: 1)",
        "copies",
    ),
    (
        "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's associated with another resource.",
        "web ACL",
    ),
    ("User pool cannot be deleted. It has a domain configured that should be deleted first.", "pool has a domain"),
];
