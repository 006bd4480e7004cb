//! Reading back against a scripted cloud: what is as declared, what is not, and what nobody can say.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{Answer, Declared, Event, Excuse, Failure, FailureKind, Outcome, Request, StackRef, Target, Verdict, Verified, Verify};
use scripted::{ACCOUNT, Listener, ScriptedCloud};
use serde_json::{Value, json};

const NAME: &str = "cloudwright-staging-jobs";

fn template() -> Value {
    json!({
        "Parameters": { "Retention": { "Type": "Number" }, "Secret": { "Type": "String", "NoEcho": true } },
        "Conditions": { "Never": { "Fn::Equals": ["a", "b"] } },
        "Resources": {
            "Dead": { "Type": "AWS::SQS::Queue", "Properties": { "MessageRetentionPeriod": { "Ref": "Retention" } } },
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
                "VisibilityTimeout": 30,
                "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": ["Dead", "Arn"] }, "maxReceiveCount": 3 },
            } },
            "Policy": { "Type": "AWS::SQS::QueuePolicy", "Properties": { "Queues": [{ "Ref": "Queue" }], "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": { "Fn::GetAtt": ["Queue", "Arn"] } }],
            } } },
            "Role": { "Type": "AWS::IAM::Role", "Properties": { "Description": "d" } },
            "Function": { "Type": "AWS::Lambda::Function", "Properties": {
                "Role": { "Fn::GetAtt": ["Role", "Arn"] }, "Environment": { "Variables": { "A": { "Ref": "Secret" }, "B": "b" } } } },
            "Left": { "Type": "AWS::SQS::Queue", "Condition": "Never" },
        },
    })
}

/// A cloud in which everything is as the template says.
fn as_declared() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_template(NAME, &template(), &[("Retention", "1209600"), ("Secret", "****")]);
    let arn = |queue: &str| format!("arn:aws:sqs:eu-central-1:{ACCOUNT}:{NAME}-{queue}");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "TlsOnly", "Effect": "Deny", "Principal": { "AWS": "*" },
        "Action": "SQS:*", "Resource": arn("Queue") }] });
    cloud.will_answer(
        "GetQueueAttributes",
        &["-Dead"],
        json!({ "Attributes": { "MessageRetentionPeriod": "1209600", "QueueArn": arn("Dead") } }),
    );
    cloud.will_answer("GetQueueAttributes", &["-Queue"], queue("30", &arn("Dead"), &policy));
    cloud.will_answer("GetRole", &[], json!({ "Role": { "Arn": "arn:role", "Description": "d" } }));
    cloud.will_answer("GetFunctionConfiguration", &[], function("b"));
    cloud
}

fn queue(timeout: &str, dead: &str, policy: &Value) -> Value {
    let redrive = json!({ "maxReceiveCount": 3, "deadLetterTargetArn": dead }).to_string();
    json!({ "Attributes": { "VisibilityTimeout": timeout, "RedrivePolicy": redrive, "Policy": policy.to_string(), "DelaySeconds": "0" } })
}

fn function(b: &str) -> Value {
    json!({ "Role": "arn:role", "Environment": { "Variables": { "A": "secret", "B": b } } })
}

fn declared(template: &Value, excuses: Vec<Excuse>) -> Declared {
    Declared {
        stack: StackRef { stack: "jobs".to_owned(), name: NAME.to_owned() },
        template: template.to_string(),
        sources: [("Queue".to_owned(), "stacks/src/jobs.rs:13".to_owned())].into(),
        excuses,
    }
}

async fn events(cloud: &ScriptedCloud, declared: Declared) -> Vec<Event> {
    events_of(cloud, vec![declared], Vec::new()).await
}

async fn events_of(cloud: &ScriptedCloud, stacks: Vec<Declared>, beside: Vec<Declared>) -> Vec<Event> {
    let target = Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() };
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::No);
    Engine::new(cloud, &listener, interrupt).run(&Request::Verify(Verify { target, stacks, beside })).await;
    listener.events.into_inner()
}

fn verified(events: &[Event]) -> Vec<Verified> {
    events.iter().filter_map(|event| if let Event::Verified(verified) = event { Some(verified.clone()) } else { None }).collect()
}

fn of(events: &[Event], logical_id: &str) -> Verified {
    let all = verified(events);
    all.iter().find(|one| one.logical_id == logical_id).unwrap_or_else(|| panic!("nothing about {logical_id} in {all:?}")).clone()
}

fn paths(verified: &Verified) -> Vec<&str> {
    verified.differences.iter().map(|difference| difference.path.as_str()).collect()
}

fn failure(events: &[Event]) -> Failure {
    match events.last() {
        Some(Event::Failed(failure)) => failure.clone(),
        other => panic!("it did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_as_declared_ends_well_and_says_what_was_not_compared() {
    let cloud = as_declared();

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    let verdicts: Vec<_> = verified(&events).iter().map(|one| (one.logical_id.clone(), one.verdict)).collect();
    let same = ["Dead", "Queue", "Policy", "Role", "Function"].map(|id| (id.to_owned(), Verdict::Same));
    assert_eq!(verdicts, same, "{events:?}");
    let Some(Event::Done { outcome: Outcome::Read, calls, .. }) = events.last() else { panic!("{events:?}") };
    let function = of(&events, "Function");
    assert_eq!(function.not_compared[0].path, "Environment.Variables.A", "a secret that nobody saw would count as right");
    assert_eq!(calls.get("sqs"), Some(&2), "the queue and its policy are one question: {calls:?}");
    assert!(cloud.writes.borrow().is_empty(), "somebody who only looks would change something");
}

#[tokio::test]
async fn each_sort_of_difference_is_found_and_the_line_that_made_it_named() {
    let cloud = as_declared();
    let dead = format!("arn:aws:sqs:eu-central-1:{ACCOUNT}:{NAME}-Dead");
    let open = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*" }] });
    cloud.will_answer("GetQueueAttributes", &["-Queue"], queue("31", &dead.replace("-Dead", "-Other"), &open));
    cloud.will_answer("GetFunctionConfiguration", &[], function("changed by hand"));

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    assert_eq!(paths(&of(&events, "Queue")), ["VisibilityTimeout", "RedrivePolicy.deadLetterTargetArn"]);
    assert!(
        paths(&of(&events, "Policy")).iter().all(|path| path.starts_with("PolicyDocument.Statement")),
        "the queue is open to the world"
    );
    assert_eq!(paths(&of(&events, "Function")), ["Environment.Variables.B"]);
    let failure = failure(&events);
    assert_eq!((failure.kind, failure.source.as_deref()), (FailureKind::Differs, Some("stacks/src/jobs.rs:13")));
    assert_eq!(failure.message, "3 of 5 resources of `staging` are not as declared: jobs.Queue, jobs.Policy, jobs.Function");
}

#[tokio::test]
async fn a_resource_that_somebody_deleted_is_missing() {
    let cloud = as_declared();
    cloud.fail("GetRole", ErrorKind::NotFound, "The role with name x cannot be found.");

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    assert_eq!(of(&events, "Role").differences[0].live, json!("its service does not know it"));
    assert_eq!(of(&events, "Function").verdict, Verdict::Same, "the function's role is known to nobody now: {:?}", of(&events, "Function"));
    assert_eq!(of(&events, "Function").not_compared[0].path, "Role");
}

#[tokio::test]
async fn a_stack_that_does_not_exist_is_missing_whole() {
    let cloud = ScriptedCloud::default();

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    assert!(verified(&events).iter().all(|one| one.verdict == Verdict::Differs), "an empty account would pass: {events:?}");
    assert_eq!(failure(&events).kind, FailureKind::Differs);
}

#[tokio::test]
async fn a_question_that_is_denied_is_no_difference_and_no_agreement() {
    let cloud = as_declared();
    cloud.fail("GetRole", ErrorKind::Denied, "maria is not authorized to perform: iam:GetRole");

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    let role = of(&events, "Role");
    assert_eq!((role.verdict, role.compared), (Verdict::NotRead, 0), "a role that nobody may look at would count as right");
    assert!(role.not_compared[0].reason.contains("maria is not authorized"), "{role:?}");
}

#[tokio::test]
async fn a_type_without_a_reader_is_told_as_not_read_back() {
    let template = json!({ "Resources": { "Thing": { "Type": "AWS::Unheard::Of", "Properties": { "A": 1 } } } });
    let cloud = ScriptedCloud::default();
    cloud.put_template(NAME, &template, &[]);

    let events = events(&cloud, declared(&template, Vec::new())).await;

    let thing = of(&events, "Thing");
    assert_eq!((thing.verdict, thing.compared), (Verdict::NotRead, 0));
    assert_eq!(thing.not_compared[0].reason, "resources of this type are not read back");
    assert!(matches!(events.last(), Some(Event::Done { .. })));
}

#[tokio::test]
async fn what_an_endpoint_is_known_to_lose_is_told_and_is_no_failure() {
    let cloud = as_declared();
    cloud.will_answer("GetFunctionConfiguration", &[], json!({ "Role": "arn:role", "Environment": { "Variables": {} } }));
    let excuse = |property: &str| Excuse {
        logical_id: "Function".to_owned(),
        property: Some(property.to_owned()),
        reason: "the local cloud: accepted and forgotten".to_owned(),
    };

    let excused = events(&cloud, declared(&template(), vec![excuse("Environment")])).await;
    let not_for_this = events(&cloud, declared(&template(), vec![excuse("Role")])).await;

    let function = of(&excused, "Function");
    assert_eq!(function.verdict, Verdict::Excused);
    assert_eq!(function.differences[0].excuse.as_deref(), Some("the local cloud: accepted and forgotten"));
    assert!(matches!(excused.last(), Some(Event::Done { .. })), "no local verify could ever succeed");
    assert_eq!(failure(&not_for_this).kind, FailureKind::Differs, "an excuse would cover what it is not for");
}

#[tokio::test]
async fn credentials_that_end_in_the_middle_are_no_differences() {
    let cloud = as_declared();
    cloud.fail("GetRole", ErrorKind::Credentials, "The security token included in the request is expired");

    let events = events(&cloud, declared(&template(), Vec::new())).await;

    assert_eq!(failure(&events).kind, FailureKind::Credentials);
    assert!(verified(&events).is_empty(), "half a report would look like a whole one");
}

/// A stack with a role, and one that puts policies on it by the role's name.
fn role_and_rights() -> (Declared, Declared) {
    let with = |short: &str, name: &str, template: &Value| Declared {
        stack: StackRef { stack: short.to_owned(), name: name.to_owned() },
        ..declared(template, Vec::new())
    };
    let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] });
    let role = json!({ "Resources": { "Role": { "Type": "AWS::IAM::Role", "Properties": { "Policies": [], "ManagedPolicyArns": [] } } } });
    let rights = json!({
        "Parameters": { "Role": { "Type": "String" } },
        "Resources": {
            "Inline": { "Type": "AWS::IAM::Policy", "Properties": { "PolicyName": "Read", "Roles": [{ "Ref": "Role" }], "PolicyDocument": allow } },
            "Managed": { "Type": "AWS::IAM::ManagedPolicy", "Properties": { "Roles": [{ "Ref": "Role" }], "PolicyDocument": allow } },
        },
    });
    (with("jobs", NAME, &role), with("rights", RIGHTS, &rights))
}

const RIGHTS: &str = "cloudwright-staging-rights";

/// A cloud in which the role has just these policies.
fn role_has(inline: &[&str], attached: &[&str]) -> ScriptedCloud {
    let (role, rights) = role_and_rights();
    let template = |declared: &Declared| serde_json::from_str(&declared.template).unwrap();
    let cloud = ScriptedCloud::default();
    cloud.put_template(NAME, &template(&role), &[]);
    cloud.put_template(RIGHTS, &template(&rights), &[("Role", &format!("{NAME}-Role"))]);
    let arns: Vec<_> = attached.iter().map(|arn| json!({ "PolicyArn": arn, "PolicyName": arn })).collect();
    let document = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }] });
    cloud.will_answer("GetRole", &[], json!({ "Role": { "Arn": "arn:role" } }));
    cloud.will_answer("ListRolePolicies", &[], json!({ "PolicyNames": inline }));
    cloud.will_answer("ListAttachedRolePolicies", &[], json!({ "AttachedPolicies": arns }));
    cloud.will_answer("GetRolePolicy", &[], json!({ "PolicyName": "Read", "PolicyDocument": document }));
    cloud.will_answer("GetPolicy", &[], json!({ "Policy": { "PolicyName": "m", "DefaultVersionId": "v1" } }));
    cloud.will_answer("GetPolicyVersion", &[], json!({ "PolicyVersion": { "Document": document } }));
    cloud
}

#[tokio::test]
async fn what_another_stack_puts_on_a_role_is_declared() {
    let (managed, inline) = (format!("{RIGHTS}-Managed"), "Read");
    let (role, rights) = role_and_rights();
    let cloud = role_has(&[inline], &[&managed]);

    let both = events_of(&cloud, vec![role.clone(), rights.clone()], Vec::new()).await;
    let beside = events_of(&cloud, vec![role.clone()], vec![rights]).await;
    let alone = events_of(&cloud, vec![role], Vec::new()).await;

    assert_eq!(of(&both, "Role").verdict, Verdict::Same, "{:?}", of(&both, "Role").differences);
    assert_eq!(of(&beside, "Role").verdict, Verdict::Same, "a verify of one stack would find what all of them do not");
    assert_eq!(verified(&beside).len(), 1, "nobody asked about the other stack");
    assert_eq!(paths(&of(&alone, "Role")), ["Policies", "ManagedPolicyArns"], "without the other stack, nobody declares it");
}

#[tokio::test]
async fn what_no_stack_puts_on_a_role_is_found_beside_what_one_does() {
    let (role, rights) = role_and_rights();
    let cloud = role_has(&["Read", "AddedByHand"], &[&format!("{RIGHTS}-Managed"), "arn:aws:iam::aws:policy/AdministratorAccess"]);

    let events = events_of(&cloud, vec![role, rights], Vec::new()).await;

    let found = of(&events, "Role");
    let live: String = found.differences.iter().map(|difference| difference.live.to_string()).collect();
    assert!(live.contains("AddedByHand") && live.contains("AdministratorAccess"), "an administrator by night: {found:?}");
    assert!(!live.contains("\"Read\"") && !live.contains("-Managed"), "{found:?}");
}
