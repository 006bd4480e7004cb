//! Quotas and limits.

use super::Known;

pub(super) const QUOTA: &str = "a quota of the account is used up: ask for more in Service Quotas, or make do with less";
const POLICY: &str =
    "IAM's limit for the length of policies is fixed: merge statements that differ in the resource only, or split the role";

pub(super) const KNOWN: &[Known] = &[
    (
        &["unreservedconcurrentexecution below its minimum"],
        "the account's Lambda concurrency is too small to reserve that much: ask for more in Service Quotas, or reserve less",
    ),
    (&["vcpu limit"], "the account may not run that many vCPUs of this family: ask for more in Service Quotas, or take smaller instances"),
    (&["not enough free addresses in subnet"], "the subnet is full: take a larger one, or spread over more"),
    (
        &["subscriber limit exceeded", "simultaneously"],
        "DynamoDB makes that many tables at a time and no more: deploy again, or let some wait for others with a DependsOn",
    ),
    (
        &["code storage limit exceeded"],
        "the code of all functions and versions of the region is too much: delete old versions, or ask for more",
    ),
    (&["maximum policy size of", "exceeded"], POLICY),
    (&["cannot exceed quota for policysize"], POLICY),
    (&["the maximum number of", "has been reached"], QUOTA),
    (&["limit exceeded for resource of type"], QUOTA),
];

/// AWS's own words for each pair, as public reports hold them → words of the advice.
#[cfg(test)]
pub(super) const TEXTS: &[(&str, &str)] = &[
    (
        "Resource handler returned message: \"Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10]. (Service: Lambda, Status Code: 400)\" (HandlerErrorCode: InvalidRequest)",
        "reserve less",
    ),
    (
        "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit. (Service: AmazonEC2; Status Code: 400; Error Code: VcpuLimitExceeded",
        "vCPUs",
    ),
    ("There are not enough free addresses in subnet 'subnet-0123' to satisfy the requested number of instances.", "subnet is full"),
    ("Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously", "at a time"),
    ("Code storage limit exceeded.", "old versions"),
    (
        "Maximum policy size of 10240 bytes exceeded for role jobs (Service: AmazonIdentityManagement; Status Code: 409; Error Code: LimitExceeded)",
        "merge statements",
    ),
    ("Cannot exceed quota for PolicySize: 6144", "merge statements"),
    (
        "Resource handler returned message: \"The maximum number of VPC endpoints has been reached. (Service: Ec2, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)\" (RequestToken: 2, HandlerErrorCode: ServiceLimitExceeded)",
        "Service Quotas",
    ),
    (
        "The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded; Request ID: 1; Proxy: null)",
        "Service Quotas",
    ),
    (
        "Limit exceeded for resource of type 'AWS::CloudFront::Distribution'. Reason: Your request contains more CacheBehaviors than are allowed per distribution.",
        "Service Quotas",
    ),
];
