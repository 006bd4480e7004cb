//! A deploy and a destroy from every state in which a stack can be found.
#![cfg(test)]

mod scripted;

use engine::cloud::{Cloud, ErrorKind};
use engine::{Interrupt, Wish};
use protocol::{Answer, Event, FailureKind, Intent, Outcome, Request, Sent, StackRef};
use scripted::ScriptedCloud;
use scripted::asking::*;

/// A cloud with the stack `jobs` in this state.
fn found_in(status: &str) -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_stack(&full("jobs"), status);
    cloud
}

#[tokio::test]
async fn what_was_never_in_use_is_deleted_and_made_anew() {
    for status in ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"] {
        let cloud = found_in(status);

        let events = deploy(&cloud, &jobs(1)).await;

        assert_eq!(outcome(&events), Outcome::Changed, "{status}");
        assert_eq!(intents(&events), [Intent::Recreate], "{status}");
        let writes = cloud.writes.borrow().clone();
        assert_eq!(writes[0], format!("delete {}", full("jobs")), "{status}: {writes:?}");
        assert_eq!(cloud.status_of(&full("jobs")).as_deref(), Some("CREATE_COMPLETE"), "{status}");
    }
}

#[tokio::test]
async fn a_stack_at_rest_is_updated() {
    for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"] {
        let cloud = found_in(status);

        let events = deploy(&cloud, &jobs(1)).await;

        assert_eq!((outcome(&events), intents(&events)), (Outcome::Changed, vec![Intent::Update]), "{status}");
    }
}

#[tokio::test]
async fn an_operation_of_somebody_else_is_watched_to_its_end_and_told() {
    let moving = [
        ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", Intent::Update),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", Intent::Update),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", Intent::Update),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", Intent::Update),
        ("IMPORT_IN_PROGRESS", "IMPORT_COMPLETE", Intent::Update),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_COMPLETE", Intent::Update),
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", Intent::Update),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", Intent::Recreate),
        ("DELETE_IN_PROGRESS", "DELETE_COMPLETE", Intent::Create),
        ("REFRESH_IN_PROGRESS", "UPDATE_COMPLETE", Intent::Update),
    ];
    for (status, end, then) in moving {
        let cloud = found_in(status);
        cloud.has_shown(&full("jobs"), &["CREATE_IN_PROGRESS", "CREATE_COMPLETE", status]);
        cloud.will_end_in(&full("jobs"), end);

        let events = deploy(&cloud, &jobs(1)).await;

        assert_eq!((outcome(&events), intents(&events)), (Outcome::Changed, vec![Intent::Wait, then]), "{status}");
        let told = events.iter().any(|event| matches!(event, Event::StackDone { status, .. } if status == end));
        assert!(told, "{status}: nobody would know what was waited for");
    }
}

#[tokio::test]
async fn a_failed_rollback_is_continued_as_it_is_first() {
    let cloud = found_in("UPDATE_ROLLBACK_FAILED");
    cloud.halt(&full("jobs"), "JobQueue", "UPDATE_FAILED", "queue is gone");

    let events = deploy(&cloud, &jobs(1)).await;

    assert_eq!((outcome(&events), intents(&events)), (Outcome::Changed, vec![Intent::Recover, Intent::Update]));
    assert_eq!(cloud.writes.borrow()[0], format!("continue {} skipping []", full("jobs")), "something was given up that nobody named");
}

#[tokio::test]
async fn a_rollback_that_stays_stuck_names_what_blocks_it_and_how_to_give_it_up() {
    let cloud = found_in("UPDATE_ROLLBACK_FAILED");
    cloud.halt(&full("jobs"), "JobQueue", "UPDATE_FAILED", "Resource of type 'AWS::SQS::Queue' with identifier 'q' was not found.");
    cloud.break_rollback_of("JobQueue", "Resource of type 'AWS::SQS::Queue' with identifier 'q' was not found.");

    let failed = failure(&deploy(&cloud, &jobs(1)).await);

    assert_eq!((failed.kind, failed.sent), (FailureKind::Stuck, Sent::Something));
    assert!(failed.message.contains("JobQueue (AWS::SQS::Queue)"), "{}", failed.message);
    assert!(failed.causes[0].contains("was not found"), "{:?}", failed.causes);
    assert!(failed.hint.contains("cargo xtask deploy --env staging --skip JobQueue"), "{}", failed.hint);
    assert_eq!(failed.source.as_deref(), Some("stacks/src/jobs.rs:7"));
}

#[tokio::test]
async fn exactly_what_a_person_names_is_given_up_and_the_deploy_goes_on() {
    let cloud = found_in("UPDATE_ROLLBACK_FAILED");
    cloud.halt(&full("jobs"), "JobQueue", "UPDATE_FAILED", "queue is gone");
    cloud.break_rollback_of("JobQueue", "queue is gone");
    let mut request = jobs(1);
    request.skip = vec!["JobQueue".to_owned()];

    let events = deploy(&cloud, &request).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(cloud.writes.borrow()[0], format!("continue {} skipping [\"JobQueue\"]", full("jobs")));
}

#[tokio::test]
async fn a_name_that_blocks_nothing_is_refused_before_anything_is_sent() {
    let cloud = found_in("UPDATE_ROLLBACK_FAILED");
    cloud.halt(&full("jobs"), "JobQueue", "UPDATE_FAILED", "queue is gone");
    let mut request = jobs(1);
    request.skip = vec!["JobQeue".to_owned()];

    let failed = failure(&deploy(&cloud, &request).await);

    assert_eq!((failed.kind, failed.sent), (FailureKind::Request, Sent::Nothing));
    assert!(failed.message.contains("`JobQeue`") && failed.message.contains("JobQueue"), "{}", failed.message);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn nothing_is_recovered_when_a_person_says_no() {
    let cloud = found_in("UPDATE_ROLLBACK_FAILED");
    let mut request = jobs(1);
    request.ask = true;
    let (_wishes, interrupt) = Interrupt::new();

    let events = ask_until(&cloud, &Request::Deploy(request), interrupt, Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Declined);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn a_failed_update_that_was_left_standing_is_rolled_back_first() {
    let cloud = found_in("UPDATE_FAILED");

    let events = deploy(&cloud, &jobs(1)).await;

    assert_eq!((outcome(&events), intents(&events)), (Outcome::Changed, vec![Intent::Recover, Intent::Update]));
    assert_eq!(cloud.writes.borrow()[0], format!("roll-back {}", full("jobs")));
}

#[tokio::test]
async fn states_that_need_a_person_are_explained_and_not_touched() {
    for (status, word) in [("DELETE_FAILED", "--retain"), ("IMPORT_ROLLBACK_FAILED", "console"), ("HELD_BY_MARTIANS", "console")] {
        let cloud = found_in(status);

        let failed = failure(&deploy(&cloud, &jobs(1)).await);

        assert_eq!((failed.kind, failed.sent), (FailureKind::StackState, Sent::Nothing), "{status}");
        assert!(failed.message.contains(status) && failed.hint.contains(word), "{failed:?}");
        assert!(cloud.writes.borrow().is_empty(), "{status}: {:?}", cloud.writes.borrow());
    }
}

#[tokio::test]
async fn a_rollback_that_fails_says_so_and_the_next_deploy_goes_on_with_it() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud.break_resource("JobQueue", "InvalidParameterValue");
    cloud.break_rollback_of("JobQueue", "cannot be brought back");

    let failed = failure(&deploy(&cloud, &jobs(2)).await);
    cloud.mend();
    let second = deploy(&cloud, &jobs(2)).await;

    assert_eq!((failed.kind, failed.sent), (FailureKind::Stuck, Sent::Something));
    assert_eq!(failed.causes, ["InvalidParameterValue"], "what the rollback fails at is not the first cause");
    assert!(failed.hint.contains("the next deploy goes on with the rollback"), "{}", failed.hint);
    assert_eq!((outcome(&second), intents(&second)), (Outcome::Changed, vec![Intent::Recover, Intent::Update]));
}

#[tokio::test]
async fn a_second_ctrl_c_cancels_an_update_and_watches_it_being_rolled_back() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud.chatter.set(20);
    let (wishes, interrupt) = Interrupt::new();
    cloud.cancel_after(cloud.pauses.get() + 2, wishes);

    let events = ask_until(&cloud, &Request::Deploy(jobs(2)), interrupt, Answer::Yes).await;

    let failed = failure(&events);
    assert_eq!((failed.kind, failed.sent), (FailureKind::Interrupted, Sent::Undone), "{failed:?}");
    assert_eq!(cloud.status_of(&full("jobs")).as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert!(notes(&events).contains("Ctrl-C again within"), "nobody would know what the next Ctrl-C does: {}", notes(&events));
}

#[tokio::test]
async fn a_first_deploy_cannot_be_cancelled_and_says_so() {
    let cloud = ScriptedCloud::default();
    cloud.chatter.set(20);
    let (wishes, interrupt) = Interrupt::new();
    cloud.cancel_after(cloud.pauses.get() + 1, wishes);

    let events = ask_until(&cloud, &Request::Deploy(jobs(1)), interrupt, Answer::Yes).await;

    let failed = failure(&events);
    assert_eq!((failed.kind, failed.sent), (FailureKind::Interrupted, Sent::Something));
    assert!(notes(&events).contains("cannot be cancelled"), "{}", notes(&events));
    assert!(!cloud.writes.borrow().iter().any(|write| write.starts_with("cancel")), "{:?}", cloud.writes.borrow());
}

#[tokio::test]
async fn somebody_elses_update_is_never_cancelled() {
    let cloud = found_in("UPDATE_IN_PROGRESS");
    let (wishes, interrupt) = Interrupt::new();
    wishes.make(Wish::Cancel);

    let failed = failure(&ask_until(&cloud, &Request::Deploy(jobs(1)), interrupt, Answer::Yes).await);

    assert_eq!(failed.kind, FailureKind::Interrupted);
    assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
}

/// `images` needs `jobs`; `alone` needs nobody.
fn three(version: u32) -> protocol::Deploy {
    deployment(vec![
        spec("jobs", &[("JobQueue", "AWS::SQS::Queue")], &[], version),
        spec("alone", &[("Alone", "AWS::SQS::Queue")], &[], version),
        spec("images", &[("Uploads", "AWS::S3::Bucket")], &["jobs".to_owned()], version),
    ])
}

#[tokio::test]
async fn a_destroy_goes_on_beside_a_stack_that_stays_and_spares_what_that_needs() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &three(1)).await;
    cloud.break_deletion_of("Uploads", "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409)");

    let events = ask(&cloud, &Request::Destroy(destruction(&three(1)))).await;

    let failed = failure(&events);
    assert_eq!((failed.kind, failed.sent), (FailureKind::Stuck, Sent::Something));
    assert!(failed.hint.contains("--purge") && failed.hint.contains("--retain Uploads"), "{}", failed.hint);
    assert_eq!(cloud.status_of(&full("images")).as_deref(), Some("DELETE_FAILED"));
    assert_eq!(cloud.status_of(&full("alone")), None, "one stack that stays would keep all others");
    assert_eq!(cloud.status_of(&full("jobs")).as_deref(), Some("CREATE_COMPLETE"), "what stays would lose what it needs");
    let kept = events
        .iter()
        .any(|event| matches!(event, Event::Kept { logical_id, reason, .. } if logical_id == "Uploads" && reason.contains("not empty")));
    assert!(kept, "nobody would know what stays and why");
}

#[tokio::test]
async fn a_resource_is_left_behind_only_by_name_and_only_after_it_failed() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud.break_deletion_of("JobQueue", "no");
    let mut request = destruction(&jobs(1));
    request.retain = vec!["JobQueue".to_owned()];

    let first = ask(&cloud, &Request::Destroy(request.clone())).await;
    let second = ask(&cloud, &Request::Destroy(request)).await;

    assert_eq!(failure(&first).kind, FailureKind::Stuck, "the first deletion is always tried whole");
    assert_eq!(outcome(&second), Outcome::Changed);
    assert!(cloud.writes.borrow().contains(&format!("delete {} retaining JobQueue", full("jobs"))), "{:?}", cloud.writes.borrow());
    let kept = |event: &Event| matches!(event, Event::Kept { reason, .. } if reason.contains("left by name"));
    assert!(second.iter().any(kept), "nobody would know that it is still there");
}

#[tokio::test]
async fn a_protected_stack_goes_only_when_its_protection_is_lifted() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud.protect_stack(&full("jobs"));
    let mut request = destruction(&jobs(1));
    let before = cloud.writes.borrow().len();

    let refused = failure(&ask(&cloud, &Request::Destroy(request.clone())).await);
    let untouched = cloud.writes.borrow().len();
    request.lift_protection = true;
    let lifted = ask(&cloud, &Request::Destroy(request)).await;

    assert_eq!((refused.kind, refused.sent), (FailureKind::StackState, Sent::Nothing));
    assert!(refused.hint.contains("--lift-protection staging"), "{}", refused.hint);
    assert_eq!(untouched, before, "a protected stack was written to");
    assert_eq!((outcome(&lifted), cloud.status_of(&full("jobs"))), (Outcome::Changed, None));
}

#[tokio::test]
async fn protection_stays_when_a_person_says_no() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud.protect_stack(&full("jobs"));
    let mut request = destruction(&jobs(1));
    (request.lift_protection, request.ask) = (true, true);
    let (_wishes, interrupt) = Interrupt::new();

    let events = ask_until(&cloud, &Request::Destroy(request), interrupt, Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Declined);
    assert!(!cloud.writes.borrow().iter().any(|write| write.starts_with("protect")), "production would be left unprotected");
}

#[tokio::test]
async fn one_stack_alone_is_not_deleted_while_another_needs_it() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &three(1)).await;
    let mut request = destruction(&three(1));
    let (stacks, others): (Vec<StackRef>, Vec<StackRef>) = request.stacks.into_iter().partition(|stack| stack.stack == "jobs");
    (request.stacks, request.others) = (stacks, others);

    let failed = failure(&ask(&cloud, &Request::Destroy(request)).await);

    assert_eq!((failed.kind, failed.sent), (FailureKind::Request, Sent::Nothing));
    assert!(failed.message.contains(&full("images")), "{}", failed.message);
}

#[tokio::test]
async fn what_cloudformation_is_at_is_awaited_before_a_stack_is_deleted() {
    let cloud = found_in("UPDATE_IN_PROGRESS");
    cloud.will_end_in(&full("jobs"), "UPDATE_COMPLETE");

    let events = ask(&cloud, &Request::Destroy(destruction(&jobs(1)))).await;

    assert_eq!((outcome(&events), cloud.status_of(&full("jobs"))), (Outcome::Changed, None));
    assert!(intents(&events).contains(&Intent::Wait), "{:?}", intents(&events));
}

#[tokio::test]
async fn a_deploy_without_changes_costs_three_calls_in_every_state_at_rest() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    let before: u64 = cloud.calls().values().sum();

    deploy(&cloud, &jobs(1)).await;

    assert_eq!(cloud.calls().values().sum::<u64>() - before, 3, "who, what there is, and whether somebody is at work");
    cloud.fail("DescribeStacks", ErrorKind::Denied, "no");
    assert_eq!(failure(&deploy(&cloud, &jobs(1)).await).sent, Sent::Nothing);
}

#[tokio::test]
async fn what_an_update_cannot_delete_is_a_failure_unless_it_may_stay() {
    for accepted in [false, true] {
        let cloud = ScriptedCloud::default();
        let two =
            |version| deployment(vec![spec("jobs", &[("JobQueue", "AWS::SQS::Queue"), ("OldQueue", "AWS::SQS::Queue")], &[], version)]);
        deploy(&cloud, &two(1)).await;
        cloud.break_deletion_of("OldQueue", "Access Denied");
        let mut without = jobs(2);
        without.orphans = if accepted { vec!["OldQueue".to_owned()] } else { Vec::new() };

        let events = deploy(&cloud, &without).await;

        if accepted {
            assert_eq!(outcome(&events), Outcome::Changed);
            continue;
        }
        let failed = failure(&events);
        assert_eq!((failed.kind, failed.sent), (FailureKind::Stuck, Sent::Something));
        assert!(
            failed.message.contains("OldQueue") && failed.causes[0].contains("Access Denied"),
            "a queue would cost money for ever: {failed:?}"
        );
        assert!(failed.hint.contains("--orphan OldQueue"), "{}", failed.hint);
    }
}
