//! Reasons that AWS gives again and again, with what to do about each.

/// What to do about a reason that AWS gives, where the reason is a known one.
pub(crate) fn advice(reason: &str) -> Option<String> {
    if let Some(missing) = missing_permission(reason) {
        return Some(missing);
    }
    let lower = reason.to_ascii_lowercase();
    KNOWN.iter().find(|(words, _)| words.iter().all(|word| lower.contains(word))).map(|(_, advice)| (*advice).to_owned())
}

/// AWS names who may not do what: `User: <arn> is not authorized to perform: <action> on resource: <arn> because …`.
fn missing_permission(reason: &str) -> Option<String> {
    let lower = reason.to_ascii_lowercase();
    let at = lower.find("not authorized to perform")?;
    let (before, after) = (reason.get(..at)?, reason.get(at..)?);
    let word = |text: &str| text.trim_matches(|char: char| !char.is_ascii_alphanumeric() && char != '*').to_owned();
    let action = after.split_whitespace().map(word).find(|word| is_action(word));
    let principal = before.split_whitespace().map(|word| word.trim_matches(['"', ',', '(', ')'])).rfind(|word| word.starts_with("arn:"));
    // A boundary or an organisation's policy is mended elsewhere than the principal's own policies.
    let elsewhere = [
        ("service control policy", "; a service control policy of the organisation forbids it"),
        ("permissions boundary", "; its permissions boundary forbids it"),
        ("explicit deny", "; some policy denies it explicitly, which no other can allow"),
    ];
    let why = elsewhere.iter().find(|(words, _)| lower.contains(words)).map(|(_, why)| *why).unwrap_or_default();
    Some(match (principal, action) {
        (Some(principal), Some(action)) => format!("`{principal}` lacks `{action}`{why}: give it that action, or deploy with another role"),
        (None, Some(action)) => format!("whoever deploys lacks `{action}`{why}: give that action, or deploy with another role"),
        (_, None) => format!("give the principal that AWS names the action that AWS names, or deploy with another role{why}"),
    })
}

/// `sqs:CreateQueue`.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        let lower = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
        !service.is_empty() && service.chars().all(lower) && action.starts_with(|char: char| char.is_ascii_uppercase() || char == '*')
    })
}

const NEW_ROLE: &str =
    "a new role takes some seconds to be known everywhere: deploy again; if it stays, its trust policy names the wrong service";
const TAKEN: &str = "something of that name exists outside this stack: delete it, import it, or leave the name to CloudFormation";
const QUOTA: &str = "a quota of the account is used up: ask for more in Service Quotas, or make do with less";
const SIGNAL: &str =
    "the instance did not report success in time: its console output and /var/log/cloud-init-output.log say what its user data did";
const AGAIN: &str = "AWS had a moment of its own: deploy again";

/// Words that all occur in AWS's reason → what to do. The first match counts, so the narrower one stands first.
const KNOWN: &[(&[&str], &str)] = &[
    // Who may do what.
    (
        &["permissions error performing a tagging operation"],
        "the deploying role lacks the service's tagging actions (TagResource, UntagResource, ListTagsForResource)",
    ),
    (
        &["security token included in the request is expired"],
        "the credentials expired while CloudFormation worked with them: sign in again for longer, then deploy again",
    ),
    (&["expiredtoken"], "the credentials expired while CloudFormation worked with them: sign in again for longer, then deploy again"),
    (
        &["execution role does not have permissions to call"],
        "the function's role lacks the action that AWS names: grant it by wiring the queue, stream or network to the function",
    ),
    (
        &["state machine iam role is not authorized to access the log destination"],
        "the state machine's role lacks the logs:*LogDelivery actions",
    ),
    (&["is authorized to assume the provided role"], NEW_ROLE),
    (&["must allow aws eventbridge scheduler to assume the role"], NEW_ROLE),
    (&["cannot be assumed"], NEW_ROLE),
    (&["role defined for the function"], NEW_ROLE),
    (
        &["invalid principal"],
        "the policy names a role or user that does not exist, or is some seconds old: deploy again; if it stays, correct the ARN",
    ),
    (&["requires capabilities"], "the stack makes roles or users with names: acknowledge it with the capability that AWS names"),
    (
        &["specified kms key does not exist or is not allowed to be used"],
        "the key's policy must let logs.<region>.amazonaws.com use it for this log group",
    ),
    (
        &["kms", "pending deletion"],
        "the key is about to be deleted: cancel that (`aws kms cancel-key-deletion`, then `enable-key`), or name another key",
    ),
    (
        &["cloudwatch logs role arn must be set in account settings"],
        "API Gateway needs a role for logs once per account and region: make an AWS::ApiGateway::Account with CloudWatchRoleArn",
    ),
    (&["access denied"], "the deploying role, or the resource's own policy, lacks a permission: AWS's words name it"),
    // Names and identities.
    (
        &["scheduled for deletion"],
        "a deleted secret keeps its name for its recovery window: restore it, or `aws secretsmanager delete-secret --force-delete-without-recovery`, or give another name",
    ),
    (&["must wait 60 seconds after deleting a queue"], "SQS frees a queue's name a minute after its deletion: deploy again then"),
    (
        &["domain already associated with another user pool"],
        "Cognito's domain prefixes are one space for the whole region: choose another prefix",
    ),
    (&["cnames you provided are already associated"], "another distribution has that domain name: take it off there first"),
    (&["tried to create resource record set", "already exists"], "the DNS record exists outside this stack: delete it, or import it"),
    (
        &["event source mapping", "already exists"],
        "the function is wired to that source outside this stack: delete that event source mapping",
    ),
    (
        &["custom-named resource requires replacing"],
        "a resource with a fixed name cannot be replaced, because old and new exist side by side: change its name, or leave it to CloudFormation",
    ),
    (&["bucket", "not empty"], "a bucket is deleted only when it is empty: `cargo xtask destroy --purge` empties it first"),
    (&["already exists"], TAKEN),
    (&["alreadyexists"], TAKEN),
    (
        &["was not found", "with identifier"],
        "somebody deleted the resource by hand: take it out of the stack, deploy, put it back, deploy again",
    ),
    // Templates.
    (
        &["circular dependency"],
        "resources wait for each other: give one of them a name of its own instead of a reference, or move the wire into a resource apart (policy, permission)",
    ),
    (&["references undefined resource"], "the template refers to a logical ID that it does not have"),
    (&["update to resource type", "is not supported"], "the type cannot be updated: change its logical ID, so that it is replaced"),
    (&["cannot perform more than one gsi"], "DynamoDB makes or deletes one index per update: deploy them one after the other"),
    (
        &["unable to validate", "destination"],
        "the queue's policy must let the bucket send to it before the notification is made: a DependsOn on the queue policy",
    ),
    (&["visibility timeout", "less than", "function timeout"], "the queue must hide a message at least as long as the function may run"),
    (
        &["subscriptionarn", "an arn must have at least 6 elements"],
        "a subscription that nobody confirmed has no ARN yet: follow the link in AWS's letter, or delete it by hand",
    ),
    (&["scope is not valid"], "a web ACL for CloudFront lives in us-east-1 with scope CLOUDFRONT; every other one has scope REGIONAL"),
    (&["certificate", "us-east-1"], "CloudFront takes certificates from us-east-1 only, and only those that are issued"),
    (
        &["certificate", "fully-qualified domain name"],
        "the certificate is not issued yet, or its key is too long: look at its validation in ACM",
    ),
    // Hooks and people.
    (&["hook(s) failed"], "a hook of the account forbids it: the hook's own event, before this one, says why"),
    (&["stack update cancelled"], "somebody cancelled the update: deploy again when you like"),
    (&["terminationprotection is enabled"], "`cargo xtask destroy --env ENVIRONMENT --lift-protection ENVIRONMENT` lifts the protection"),
    // What stands in a deletion's way.
    (&["cannot be deleted as it is in use"], "another stack imports this export: deploy that one without the import first"),
    (&["cannot delete entity, must"], "something was attached to the role outside this stack: detach it, then go on"),
    (
        &["has a dependent object"],
        "something outside this stack uses it (often a network interface that Lambda gives back within the hour): delete that, then go on",
    ),
    (
        &["because it is a replicated function"],
        "Lambda@Edge removes its copies some hours after the distribution lets go of the function: try again then",
    ),
    (&["associated with another resource"], "the web ACL is still attached to something: take it off there first"),
    // Code and images.
    (&["nosuchkey"], "the artifact is not in the artifact bucket: deploy again, which uploads what is missing"),
    (&["source image", "does not exist"], "the image is not in the registry under that tag: push it, then deploy again"),
    (&["unzipped size must be smaller"], "a function's code with its layers has at most 250 MB: strip the binary, or ship an image"),
    (
        &["cannotpullcontainererror"],
        "the task cannot fetch its image: the tag is missing, the execution role lacks ecr:*, or the subnet has no way out",
    ),
    (
        &["deployment circuit breaker was triggered"],
        "the tasks do not stay up: `aws ecs describe-tasks` and the service's log group say why they stopped",
    ),
    // Room.
    (
        &["unreservedconcurrentexecution below its minimum"],
        "the account's Lambda concurrency is too small to reserve that much: ask for more in Service Quotas, or reserve less",
    ),
    (&["vcpu limit"], "the account may not run that many vCPUs of this family: ask for more in Service Quotas, or take smaller instances"),
    (
        &["sufficient", "capacity in the availability zone"],
        "AWS has no such instance left in that zone: allow other zones or instance types",
    ),
    (&["insufficientinstancecapacity"], "AWS has no such instance left in that zone: allow other zones or instance types"),
    (&["not enough free addresses in subnet"], "the subnet is full: take a larger one, or spread over more"),
    (&["maximum number of"], QUOTA),
    (&["limit", "exceeded"], QUOTA),
    (&["quota"], QUOTA),
    // Time.
    (
        &["did not receive a response from your custom resource"],
        "the custom resource's function never answered: its log group says why; CloudFormation waits an hour for it at each try",
    ),
    (&["resource signal(s) within the specified duration"], SIGNAL),
    (&["success signal(s) out of"], SIGNAL),
    (
        &["exceeded attempts to wait"],
        "the resource did not come to rest in the time that AWS gives it: look at it in its own service, then deploy again",
    ),
    (
        &["notstabilized"],
        "the resource did not come to rest in the time that AWS gives it: look at it in its own service, then deploy again",
    ),
    (&["timed out"], "the resource did not come to rest in the time that AWS gives it: look at it in its own service, then deploy again"),
    (&["conflicting conditional operation"], "S3 is still at another change of the same bucket: deploy again in a minute"),
    (&["throttl"], "AWS asked for patience: deploy again"),
    (&["rate exceeded"], "AWS asked for patience: deploy again"),
    (&["couldn't retrieve the resource that you requested"], AGAIN),
    (&["internalfailure"], AGAIN),
    (&["internal failure"], AGAIN),
];

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
