//! Whether AWS's own words lead to what helps.
//!
//! The texts beside the pairs (`TEXTS` in `known/`) are whole reasons in AWS's own words, as people have reported them in public: stack events
//! in issues and notes, and the sources of AWS's own handlers. Only account numbers, names and request IDs are others.

use super::*;

/// The texts of a subject stand beside its pairs.
const TEXTS: [&[(&str, &str)]; 9] = [
    access::TEXTS,
    names::TEXTS,
    templates::TEXTS,
    code::TEXTS,
    machines::TEXTS,
    room::TEXTS,
    running::TEXTS,
    deletion::TEXTS,
    generic::TEXTS,
];

/// What AWS says when a permission is missing → words that the advice must have.
const MISSING: &[(&str, &str)] = &[
    (
        "User: arn:aws:sts::111111111111:assumed-role/deployer/maria is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-central-1:111111111111:jobs because no identity-based policy allows the sqs:CreateQueue action",
        "`arn:aws:sts::111111111111:assumed-role/deployer/maria` lacks `sqs:CreateQueue`",
    ),
    (
        "API: iam:CreateRole User: arn:aws:iam::111111111111:user/maria is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111111111111:role/x with an explicit deny in a service control policy",
        "service control policy",
    ),
    (
        "User: arn:aws:sts::111111111111:assumed-role/cdk-hnb659fds-cfn-exec-role-111111111111-us-east-1/AWSCloudFormation is not authorized to perform: events:DescribeRule on resource: arn:aws:events:us-east-1:111111111111:rule/jobs because no permissions boundary allows the events:DescribeRule action (Service: EventBridge, Status Code: 400)",
        "permissions boundary",
    ),
    (
        "Resource handler returned message: \"User: arn:aws:iam::111111111111:user/maria is not authorized to perform: lambda:TagResource on resource: arn (Service: Lambda, Status Code: 403)\" (RequestToken: 1, HandlerErrorCode: AccessDenied)",
        "`lambda:TagResource`",
    ),
];

#[test]
fn what_aws_says_leads_to_what_helps() {
    for (reason, words) in TEXTS.into_iter().flatten().chain(MISSING) {
        let advice = advice(reason);

        assert!(advice.as_deref().is_some_and(|advice| advice.contains(words)), "{reason}\n  leads to {advice:?}\n  and not to {words}");
    }
}

#[test]
fn every_pair_is_the_first_that_some_words_of_aws_lead_to() {
    let first: Vec<_> = TEXTS.into_iter().flatten().filter_map(|(reason, _)| known(reason)).map(|(words, _)| *words).collect();

    let never: Vec<_> = SUBJECTS.into_iter().flatten().map(|(words, _)| *words).filter(|words| !first.contains(words)).collect();
    assert!(never.is_empty(), "nobody has seen AWS say this, or an earlier pair answers for it: {never:?}");
}

#[test]
fn no_two_pairs_ask_for_the_same_words() {
    let pairs: Vec<_> = SUBJECTS.into_iter().flatten().map(|(words, _)| *words).collect();

    let twice: Vec<_> = pairs.iter().filter(|words| 1 < pairs.iter().filter(|other| other == words).count()).collect();
    assert!(twice.is_empty(), "the later one is never asked: {twice:?}");
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
fn a_custom_resources_own_words_are_not_taken_for_those_of_the_deploying_role() {
    let reason = "Received response status [FAILED] from custom resource. Message returned: Access Denied (RequestId: 1)";

    let advice = advice(reason).unwrap();

    assert!(advice.contains("custom resource's function"), "a person would give the wrong role more rights: {advice}");
}

#[test]
fn a_resources_name_is_not_taken_for_what_ails_it() {
    let reason = "TranscodeThrottlesAlarm (AWS::CloudWatch::Alarm): Resource update cancelled";

    assert_eq!(advice(reason), None);
}

#[test]
fn a_reason_that_nobody_knows_gets_no_advice() {
    assert_eq!(advice("Value 2000000 for parameter MessageRetentionPeriod is invalid."), None);
}
