//! Deploys against a scripted cloud: the happy paths, every refusal, and what is left behind.
#![cfg(test)]

mod scripted;

use std::collections::BTreeMap;

use engine::cloud::{ErrorKind, LogLine};
use engine::{Engine, Interrupt, Wish};
use protocol::{Answer, Destroy, Event, FailureKind, Intent, Logs, Outcome, Request, Sent, StackRef};
use scripted::requests::{deploy, failure, outcome, output, platform, run, stack, target};
use scripted::{Listener, ScriptedCloud};

/// The platform with another queue.
fn changed() -> protocol::Deploy {
    let mut changed = platform();
    changed.stacks[1] = stack("jobs", "BetterQueue", "AlertsArn", &[]);
    changed
}

fn intents(events: &[Event]) -> Vec<(String, Intent)> {
    let plan = |event: &Event| if let Event::Plan { stack, intent, .. } = event { Some((stack.stack.clone(), *intent)) } else { None };
    events.iter().filter_map(plan).collect()
}

#[tokio::test]
async fn outputs_of_one_stack_become_parameters_of_the_next() {
    let cloud = ScriptedCloud::default();

    let events = deploy(&cloud, platform()).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let parameters = cloud.parameters_of("cloudwright-staging-images");
    assert_eq!(parameters["Alerts"], "cloudwright-staging-jobs-AlertsArn", "the alarms would tell nobody");
    assert_eq!(parameters["Code"], format!("artifacts/transcode/{}.zip", "ab".repeat(32)), "the function would run other code");
}

#[tokio::test]
async fn a_stack_is_touched_only_after_those_that_it_needs() {
    let cloud = ScriptedCloud::default();

    deploy(&cloud, platform()).await;

    let writes = cloud.writes.borrow().clone();
    let at = |what: &str| writes.iter().position(|write| write.contains(what)).unwrap_or_else(|| panic!("{what} in {writes:?}"));
    assert!(at("create cloudwright-staging-jobs") < at("create cloudwright-staging-images"), "{writes:?}");
    assert!(at("put artifacts/transcode") < at("create cloudwright-staging-images"), "the function's code would be missing: {writes:?}");
}

#[tokio::test]
async fn a_deploy_without_changes_is_one_question_to_each_of_two_services() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    let before = cloud.writes.borrow().len();
    let calls = engine::cloud::Cloud::calls(&cloud);

    let events = deploy(&cloud, platform()).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
    assert_eq!(cloud.writes.borrow().len(), before, "a deploy without changes changed something");
    let after = engine::cloud::Cloud::calls(&cloud);
    assert_eq!(after["cloudformation"] - calls["cloudformation"], 1);
    assert_eq!(after["sts"] - calls["sts"], 1);
}

#[tokio::test]
async fn credentials_of_another_account_write_nothing() {
    let cloud = ScriptedCloud::default();
    *cloud.account.borrow_mut() = Some("222222222222".to_owned());

    let failure = failure(&deploy(&cloud, platform()).await);

    assert_eq!(failure.message, "`staging` is in account 111111111111, but these credentials are for 222222222222");
    assert_eq!((failure.kind, failure.sent), (FailureKind::WrongAccount, Sent::Nothing));
    assert!(cloud.writes.borrow().is_empty(), "somebody else's account was written to: {:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn missing_credentials_are_told_as_such() {
    let cloud = ScriptedCloud::default();
    cloud.fail("GetCallerIdentity", ErrorKind::Credentials, "no providers in chain provided credentials");

    let failure = failure(&deploy(&cloud, platform()).await);

    assert_eq!((failure.kind, failure.sent), (FailureKind::Credentials, Sent::Nothing));
    assert!(failure.hint.contains("AWS_PROFILE"), "a person would not know what to do: {}", failure.hint);
}

#[tokio::test]
async fn a_declined_first_deploy_leaves_nothing_behind() {
    let cloud = ScriptedCloud::default();

    let events = run(&cloud, Request::Deploy(platform()), Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Declined);
    assert_eq!(cloud.status_of("cloudwright-staging-jobs"), None, "an empty stack stays in the account");
    assert_eq!(cloud.status_of("cloudwright-staging-artifacts"), None, "an empty stack stays in the account");
}

#[tokio::test]
async fn a_declined_update_leaves_no_change_set_behind() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;

    let events = run(&cloud, Request::Deploy(changed()), Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Declined);
    assert_eq!(cloud.change_sets_of("cloudwright-staging-jobs"), 0, "somebody could execute what was declined");
    assert_eq!(cloud.status_of("cloudwright-staging-jobs").as_deref(), Some("CREATE_COMPLETE"));
}

#[tokio::test]
async fn a_failed_first_deploy_names_the_cause_and_the_line_and_leaves_nothing() {
    let cloud = ScriptedCloud::default();
    cloud.break_resource("JobQueue", "User maria is not authorized to perform: sqs:CreateQueue");

    let failure = failure(&deploy(&cloud, platform()).await);

    assert_eq!(failure.kind, FailureKind::RolledBack);
    assert_eq!(failure.causes, ["User maria is not authorized to perform: sqs:CreateQueue"]);
    assert_eq!(failure.source.as_deref(), Some("stacks/src/jobs.rs:7"));
    assert!(failure.hint.contains("lacks `sqs:CreateQueue`"), "no advice: {}", failure.hint);
    assert_eq!(cloud.status_of("cloudwright-staging-jobs"), None, "the remains would block the next deploy");
}

#[tokio::test]
async fn stacks_beside_a_failing_one_are_finished() {
    let cloud = ScriptedCloud::default();
    cloud.break_resource("JobQueue", "no");

    let events = deploy(&cloud, platform()).await;

    assert_eq!(cloud.status_of("cloudwright-staging-artifacts").as_deref(), Some("CREATE_COMPLETE"));
    let failure = failure(&events);
    assert_eq!(failure.sent, Sent::Something, "a person would believe that nothing was deployed");
    assert!(failure.hint.contains("standing: artifacts"), "{}", failure.hint);
}

#[tokio::test]
async fn a_failed_update_keeps_the_stack_and_the_next_deploy_goes_on() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.break_resource("BetterQueue", "InvalidParameterValue");

    let first = deploy(&cloud, changed()).await;
    cloud.mend();
    let second = deploy(&cloud, changed()).await;

    assert_eq!((failure(&first).kind, failure(&first).sent), (FailureKind::RolledBack, Sent::Undone));
    assert_eq!(outcome(&second), Outcome::Changed, "a rolled back stack would be taken for deployed");
    assert_eq!(cloud.status_of("cloudwright-staging-jobs").as_deref(), Some("UPDATE_COMPLETE"));
}

#[tokio::test]
async fn what_a_failed_first_deploy_of_others_left_is_deleted_and_made_again() {
    let cloud = ScriptedCloud::default();
    cloud.put_stack("cloudwright-staging-jobs", "ROLLBACK_COMPLETE");

    let events = deploy(&cloud, platform()).await;

    assert!(intents(&events).contains(&("jobs".to_owned(), Intent::Recreate)));
    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(cloud.status_of("cloudwright-staging-jobs").as_deref(), Some("CREATE_COMPLETE"));
}

#[tokio::test]
async fn an_empty_stack_of_a_killed_deploy_is_used() {
    let cloud = ScriptedCloud::default();
    cloud.put_stack("cloudwright-staging-jobs", "REVIEW_IN_PROGRESS");

    let events = deploy(&cloud, platform()).await;

    assert_eq!(outcome(&events), Outcome::Changed);
}

#[tokio::test]
async fn somebody_elses_operation_is_waited_for() {
    let cloud = ScriptedCloud::default();
    cloud.put_stack("cloudwright-staging-jobs", "UPDATE_IN_PROGRESS");
    cloud.will_end_in("cloudwright-staging-jobs", "UPDATE_COMPLETE");

    let events = deploy(&cloud, platform()).await;

    let jobs: Vec<_> = intents(&events).into_iter().filter(|(stack, _)| stack == "jobs").map(|(_, intent)| intent).collect();
    assert_eq!(jobs, [Intent::Wait, Intent::Update]);
    assert_eq!(outcome(&events), Outcome::Changed);
}

#[tokio::test]
async fn a_state_that_needs_a_person_is_explained_and_not_touched() {
    for status in ["IMPORT_ROLLBACK_FAILED", "DELETE_FAILED", "HELD_BY_MARTIANS"] {
        let cloud = ScriptedCloud::default();
        cloud.put_stack("cloudwright-staging-artifacts", status);

        let failure = failure(&deploy(&cloud, platform()).await);

        assert_eq!((failure.kind, failure.sent), (FailureKind::StackState, Sent::Nothing), "{status}");
        assert!(failure.message.contains(status), "{}", failure.message);
        assert!(cloud.writes.borrow().is_empty(), "{status}: {:?}", cloud.writes.borrow());
    }
}

#[tokio::test]
async fn success_with_a_missing_resource_is_a_failure() {
    for (silent, stand_in) in [(false, true), (true, false)] {
        let cloud = ScriptedCloud::default();
        cloud.pretend_to_make("JobQueue");
        cloud.silent.set(silent);
        let mut request = platform();
        request.guards.stand_in = stand_in;

        let failure = failure(&deploy(&cloud, request).await);

        assert_eq!((failure.kind, failure.sent), (FailureKind::Gap, Sent::Something));
        assert!(failure.message.contains("JobQueue (AWS::SQS::Queue)"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_template_that_cloudformation_refuses_changes_nothing() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.fail("CreateChangeSet", ErrorKind::Refused, "Template format error: Unrecognized resource types");

    let failure = failure(&deploy(&cloud, changed()).await);

    assert_eq!((failure.kind, failure.sent), (FailureKind::Refused, Sent::Nothing));
    assert_eq!(cloud.change_sets_of("cloudwright-staging-jobs"), 0, "a change set stays behind");
}

#[tokio::test]
async fn a_new_stack_that_cloudformation_refuses_leaves_nothing_of_it() {
    let cloud = ScriptedCloud::default();
    cloud.fail("CreateStack", ErrorKind::Refused, "Template format error: Unrecognized resource types");

    let failure = failure(&deploy(&cloud, platform()).await);

    assert_eq!((failure.kind, failure.sent), (FailureKind::Refused, Sent::Something));
    assert!(failure.hint.contains("standing: jobs"), "the stack beside it was made: {}", failure.hint);
    assert_eq!(cloud.status_of("cloudwright-staging-artifacts"), None);
}

#[tokio::test]
async fn a_change_set_that_cannot_be_executed_is_thrown_away() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.fail("ExecuteChangeSet", ErrorKind::Denied, "maria may not execute");

    let failed = failure(&deploy(&cloud, changed()).await);

    assert_eq!(failed.kind, FailureKind::Denied);
    assert_eq!(cloud.change_sets_of("cloudwright-staging-jobs"), 0, "a change set stays behind");
}

#[tokio::test]
async fn a_new_stack_is_one_order_and_its_own_events_tell_that_all_is_there() {
    let cloud = ScriptedCloud::default();
    let mut request = platform();
    request.stacks.truncate(2);
    request.stacks[1].termination_protection = true;

    let events = deploy(&cloud, request).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let mut writes = cloud.writes.borrow().clone();
    // The lease and the record of the release, which lie in the bucket that was made.
    let in_bucket = writes.split_off(3);
    assert_eq!(in_bucket.len(), 3, "{in_bucket:?}");
    let expected = ["create cloudwright-staging-artifacts", "create cloudwright-staging-jobs", "protect cloudwright-staging-jobs true"];
    assert_eq!(writes, expected, "more was sent than has to be");
    // One look before, one for both stacks after, an order each, and two looks at the events of each: the script tells two at a time.
    let calls = engine::cloud::Cloud::calls(&cloud);
    assert_eq!((calls["cloudformation"], calls["sts"]), (8, 1), "{calls:?}");
    let shown =
        events.iter().position(|event| matches!(event, Event::ChangeSet { stack, changes } if stack.stack == "jobs" && changes.len() == 1));
    let asked = events.iter().position(|event| matches!(event, Event::Confirm { .. }));
    assert!(shown.is_some() && shown < asked, "something would be made that nobody was shown: {events:?}");
}

#[tokio::test]
async fn a_protected_stack_that_cannot_be_made_leaves_nothing_either() {
    let cloud = ScriptedCloud::default();
    cloud.break_resource("JobQueue", "InvalidParameterValue");
    let mut request = platform();
    request.stacks[1].termination_protection = true;

    let failure = failure(&deploy(&cloud, request).await);

    assert_eq!(failure.kind, FailureKind::RolledBack);
    let writes = cloud.writes.borrow().clone();
    let of_jobs: Vec<_> = writes.iter().filter(|write| write.contains("jobs")).map(|write| write.split('/').next().unwrap()).collect();
    assert_eq!(cloud.status_of("cloudwright-staging-jobs"), None, "the remains would block the next deploy: {of_jobs:?}");
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_watched_like_any_other() {
    let cloud = ScriptedCloud::default();
    let mut request = platform();
    request.stacks.truncate(1);
    cloud.lose_answer_of("CreateStack");

    let events = deploy(&cloud, request).await;

    assert_eq!(outcome(&events), Outcome::Changed, "the next deploy would find a stack that nobody watched: {events:?}");
}

#[tokio::test]
async fn a_difference_that_cloudformation_does_not_see_is_no_failure() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    let mut changed = platform();
    changed.stacks[1].tags.insert("Team".to_owned(), "platform".to_owned());

    let events = deploy(&cloud, changed).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
    assert_eq!(cloud.change_sets_of("cloudwright-staging-jobs"), 0, "failed change sets pile up");
}

#[tokio::test]
async fn protection_is_switched_where_it_differs_and_taken_off_only_with_a_yes() {
    let cloud = ScriptedCloud::default();
    let protected = |on: bool| {
        let mut request = platform();
        request.stacks[1].termination_protection = on;
        Request::Deploy(request)
    };
    run(&cloud, protected(false), Answer::Yes).await;
    cloud.writes.borrow_mut().clear();

    for (on, answer, expected) in [
        (true, Answer::Yes, Outcome::Changed),
        (true, Answer::Yes, Outcome::Unchanged),
        (false, Answer::No, Outcome::Unchanged),
        (false, Answer::Yes, Outcome::Changed),
    ] {
        assert_eq!(outcome(&run(&cloud, protected(on), answer).await), expected, "{on} {answer:?}");
    }

    let writes = cloud.writes.borrow();
    let switches: Vec<_> = writes.iter().filter(|write| write.starts_with("protect")).collect();
    let jobs = "cloudwright-staging-jobs";
    assert_eq!(switches, [&format!("protect {jobs} true"), &format!("protect {jobs} false")], "`destroy` would be refused for ever");
}

#[tokio::test]
async fn a_missing_output_names_those_that_are_there() {
    let cloud = ScriptedCloud::default();
    let mut request = platform();
    request.stacks[2].parameters.insert("Alerts".to_owned(), output("jobs", "AlertArn"));

    let failure = failure(&deploy(&cloud, request).await);

    assert!(failure.message.contains("`AlertArn`") && failure.message.contains("AlertsArn"), "{}", failure.message);
}

#[tokio::test]
async fn an_unknown_artifact_is_found_before_anything_is_sent() {
    let cloud = ScriptedCloud::default();
    let mut request = platform();
    request.artifacts.clear();

    let failure = failure(&deploy(&cloud, request).await);

    assert_eq!((failure.kind, failure.sent), (FailureKind::Request, Sent::Nothing));
    assert!(engine::cloud::Cloud::calls(&cloud).is_empty(), "a mistake of ours was taken to AWS");
}

#[tokio::test]
async fn ctrl_c_in_mid_deploy_says_that_cloudformation_goes_on() {
    let cloud = ScriptedCloud::default();
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    cloud.put_stack("cloudwright-staging-jobs", "UPDATE_IN_PROGRESS");
    let mut request = platform();
    request.stacks.truncate(2);

    cloud.interrupt_after(3, stop);
    Engine::new(&cloud, &listener, interrupt).run(&Request::Deploy(request)).await;

    let failure = failure(&listener.events.into_inner());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Interrupted, Sent::Something));
    assert!(failure.hint.contains("cargo xtask deploy --env staging"), "a person would not know how to go on: {}", failure.hint);
}

#[tokio::test]
async fn ctrl_c_before_the_execution_leaves_nothing_behind() {
    let cloud = ScriptedCloud::default();
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    stop.make(Wish::Stop);

    Engine::new(&cloud, &listener, interrupt).run(&Request::Deploy(platform())).await;

    let failure = failure(&listener.events.into_inner());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Interrupted, Sent::Nothing));
    assert!(cloud.status_of("cloudwright-staging-jobs").is_none() && cloud.status_of("cloudwright-staging-artifacts").is_none());
}

#[tokio::test]
async fn ctrl_c_before_an_update_takes_its_change_set_back() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    stop.make(Wish::Stop);

    Engine::new(&cloud, &listener, interrupt).run(&Request::Deploy(changed())).await;

    let failure = failure(&listener.events.into_inner());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Interrupted, Sent::Undone));
    assert_eq!(cloud.change_sets_of("cloudwright-staging-jobs"), 0, "a change set stays behind");
}

#[tokio::test]
async fn ctrl_c_during_an_upload_executes_nothing_more() {
    let cloud = ScriptedCloud::default();
    let (stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    cloud.interrupt_at_upload(stop);

    Engine::new(&cloud, &listener, interrupt).run(&Request::Deploy(platform())).await;

    let failure = failure(&listener.events.into_inner());
    assert_eq!((failure.kind, failure.sent), (FailureKind::Interrupted, Sent::Something));
    assert!(failure.hint.contains("standing: artifacts, jobs"), "{}", failure.hint);
    assert_eq!(cloud.status_of("cloudwright-staging-images"), None, "what nobody wanted any more was deployed");
}

fn destroy(purge: bool) -> Destroy {
    let stacks = platform().stacks;
    Destroy {
        target: target(),
        stacks: stacks.iter().map(|spec| StackRef { stack: spec.stack.clone(), name: spec.name.clone() }).collect(),
        needs: BTreeMap::from([("images".to_owned(), vec!["jobs".to_owned(), "artifacts".to_owned()])]),
        purge,
        ask: true,
        retain: Vec::new(),
        lift_protection: false,
        others: Vec::new(),
    }
}

#[tokio::test]
async fn a_stack_is_deleted_before_those_that_it_uses() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.writes.borrow_mut().clear();

    let events = run(&cloud, Request::Destroy(destroy(false)), Answer::Yes).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let writes = cloud.writes.borrow().clone();
    assert_eq!(writes.first().map(String::as_str), Some("delete cloudwright-staging-images"), "{writes:?}");
    assert_eq!(writes.len(), 3, "{writes:?}");
}

#[tokio::test]
async fn a_stack_that_cannot_be_deleted_says_what_stays_and_why() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.break_deletion_of("JobQueue", "The bucket you tried to delete is not empty");

    let failure = failure(&run(&cloud, Request::Destroy(destroy(false)), Answer::Yes).await);

    assert_eq!(failure.kind, FailureKind::Stuck);
    assert!(failure.message.contains("JobQueue stays"), "{}", failure.message);
    assert!(failure.hint.contains("--purge"), "{}", failure.hint);
}

#[tokio::test]
async fn destroying_what_does_not_exist_is_nothing_to_do() {
    let cloud = ScriptedCloud::default();

    let events = run(&cloud, Request::Destroy(destroy(true)), Answer::Yes).await;

    assert_eq!(outcome(&events), Outcome::Unchanged);
}

#[tokio::test]
async fn a_declined_destroy_deletes_nothing() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, platform()).await;
    cloud.writes.borrow_mut().clear();

    let events = run(&cloud, Request::Destroy(destroy(true)), Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Declined);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn lines_of_a_log_without_ids_of_their_own_are_all_told() {
    let cloud = ScriptedCloud::default();
    let mut request = platform();
    request.stacks.truncate(1);
    request.stacks[0].template = request.stacks[0].template.replace("AWS::SQS::Queue", "AWS::Logs::LogGroup");
    deploy(&cloud, request).await;
    let line = |message: &str| LogLine { id: String::new(), stream: "a".to_owned(), at_milliseconds: 7, message: message.to_owned() };
    cloud.log.borrow_mut().extend([line("START"), line("END")]);

    let stack = StackRef { stack: "artifacts".to_owned(), name: "cloudwright-staging-artifacts".to_owned() };
    let logs = Logs { target: target(), stacks: vec![stack], since_seconds: 60, filter: None, follow: false };
    let events = run(&cloud, Request::Logs(logs), Answer::No).await;

    let told: Vec<_> =
        events.iter().filter_map(|event| if let Event::Log { message, .. } = event { Some(message.as_str()) } else { None }).collect();
    assert_eq!(told, ["START", "END"], "a person would miss what the function wrote");
}
