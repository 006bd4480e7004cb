//! What goes wrong between the engine and the cloud, in the middle of a deploy.
#![cfg(test)]

mod scripted;

use engine::cloud::{Cloud, ErrorKind};
use protocol::{FailureKind, Outcome, Request, Sent};
use scripted::ScriptedCloud;
use scripted::asking::*;

/// A cloud with version 1 of `jobs`.
async fn deployed() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, &jobs(1)).await;
    cloud
}

#[tokio::test]
async fn throttling_is_waited_out_at_every_call() {
    for operation in ["CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents", "ListStackResources"] {
        let cloud = deployed().await;
        cloud.fail_times(7, operation, ErrorKind::Throttled, "Rate exceeded");

        let events = deploy(&cloud, &jobs(2)).await;

        assert_eq!(outcome(&events), Outcome::Changed, "{operation}");
    }
}

#[tokio::test]
async fn an_aws_that_is_out_of_order_for_a_moment_is_waited_for_and_told() {
    for operation in ["DescribeChangeSet", "DescribeStackEvents", "ListStackResources"] {
        let cloud = deployed().await;
        cloud.fail_times(4, operation, ErrorKind::Unavailable, "Service is unavailable");

        let events = deploy(&cloud, &jobs(2)).await;

        assert_eq!(outcome(&events), Outcome::Changed, "{operation}");
        assert!(notes(&events).contains("trying again"), "{operation}: it would look like a deploy that hangs: {}", notes(&events));
    }
}

#[tokio::test]
async fn a_network_that_comes_back_is_waited_for_and_one_that_does_not_ends_the_deploy() {
    let (short, long) = (deployed().await, deployed().await);
    short.fail_times(5, "DescribeStackEvents", ErrorKind::Unreachable, "dispatch failure");
    long.fail_times(500, "DescribeStackEvents", ErrorKind::Unreachable, "dispatch failure");

    let survived = deploy(&short, &jobs(2)).await;
    let failed = failure(&deploy(&long, &jobs(2)).await);

    assert_eq!(outcome(&survived), Outcome::Changed);
    assert_eq!(failed.kind, FailureKind::Unreachable, "it would wait for ever");
}

#[tokio::test]
async fn a_cloud_that_never_answered_is_given_up_at_once() {
    let cloud = ScriptedCloud::default();
    cloud.lose_network_for(1_000);

    let failed = failure(&deploy(&cloud, &jobs(1)).await);

    assert_eq!((failed.kind, failed.sent), (FailureKind::Unreachable, Sent::Nothing));
    assert!(cloud.calls().values().sum::<u64>() <= 2, "a person with a wrong endpoint would wait for minutes: {:?}", cloud.calls());
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_carried_out_once() {
    for operation in ["CreateStack", "CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack"] {
        for first in [true, false] {
            let cloud = if first { ScriptedCloud::default() } else { deployed().await };
            if first && operation == "DeleteStack" {
                cloud.put_stack(&full("jobs"), "ROLLBACK_COMPLETE");
            }
            cloud.writes.borrow_mut().clear();
            cloud.lose_answer_of(operation);

            let events = deploy(&cloud, &jobs(2)).await;

            assert_eq!(outcome(&events), Outcome::Changed, "{operation}, first deploy: {first}");
            let order = if first { "create cloudwright" } else { "execute" };
            let orders = cloud.writes.borrow().iter().filter(|write| write.starts_with(order)).count();
            assert_eq!(orders, 1, "{operation}, first deploy: {first}: {:?}", cloud.writes.borrow());
            assert_eq!(cloud.change_sets_of(&full("jobs")), 0, "{operation}, first deploy: {first}");
        }
    }
}

#[tokio::test]
async fn an_order_to_recover_whose_answer_is_lost_is_carried_out_once() {
    for (status, operation) in [("UPDATE_ROLLBACK_FAILED", "ContinueUpdateRollback"), ("UPDATE_FAILED", "RollbackStack")] {
        let cloud = ScriptedCloud::default();
        cloud.put_stack(&full("jobs"), status);
        cloud.lose_answer_of(operation);

        let first = deploy(&cloud, &jobs(1)).await;
        cloud.calm();
        let second = deploy(&cloud, &jobs(1)).await;

        let orders = cloud.writes.borrow().iter().filter(|write| write.starts_with("continue") || write.starts_with("roll-back")).count();
        assert_eq!(orders, 1, "{operation}: {:?}, {first:?}", cloud.writes.borrow());
        assert!(matches!(outcome(&second), Outcome::Changed | Outcome::Unchanged), "{operation}");
    }
}

#[tokio::test]
async fn credentials_that_expire_in_the_middle_say_how_far_it_got_and_the_next_deploy_goes_on() {
    let whole = ScriptedCloud::default();
    deploy(&whole, &jobs(1)).await;
    let calls: u64 = whole.calls().values().sum();
    // The last call gives the lease back: without it, all is deployed, and the lease runs out by itself.
    for after in 0..calls - 1 {
        let cloud = ScriptedCloud::default();
        cloud.refuse_after(after, ErrorKind::Credentials);

        let first = deploy(&cloud, &jobs(1)).await;
        let stood = !cloud.content().is_empty();
        cloud.calm();
        let second = deploy(&cloud, &jobs(1)).await;

        let failed = failure(&first);
        assert_eq!(failed.kind, FailureKind::Credentials, "after {after} calls: {failed:?}");
        assert_eq!(failed.sent != Sent::Nothing, stood, "after {after} calls, a person would be told wrongly what was sent: {failed:?}");
        assert!(matches!(outcome(&second), Outcome::Changed | Outcome::Unchanged), "after {after} calls");
        assert_eq!(cloud.status_of(&full("jobs")).as_deref(), Some("CREATE_COMPLETE"), "after {after} calls");
        assert!(cloud.violations.borrow().is_empty(), "after {after} calls: {:?}", cloud.violations.borrow());
    }
}

#[tokio::test]
async fn what_a_dying_engine_leaves_is_told_by_name() {
    let whole = deployed().await;
    let before: u64 = whole.calls().values().sum();
    deploy(&whole, &jobs(2)).await;
    let calls: u64 = whole.calls().values().sum::<u64>() - before;
    let mut told = false;
    for after in 0..calls {
        let cloud = deployed().await;
        // From somewhere on, nothing gets through any more.
        cloud.refuse_after(after, ErrorKind::Credentials);

        let events = deploy(&cloud, &jobs(2)).await;

        if cloud.change_sets_of(&full("jobs")) == 1 {
            let failed = failure(&events);
            assert!(failed.hint.contains(&format!("a change set of `{}`", full("jobs"))), "{}", failed.hint);
            told = true;
        }
    }
    assert!(told, "the test tests nothing");
}

#[tokio::test]
async fn an_engine_that_was_killed_anywhere_is_gone_on_from() {
    let whole = deployed().await;
    let before: u64 = whole.calls().values().sum();
    deploy(&whole, &jobs(2)).await;
    let calls: u64 = whole.calls().values().sum::<u64>() - before;
    for after in 0..calls {
        for passes in [true, false] {
            let cloud = deployed().await;
            // Nothing of a dead engine gets through, whatever it would still want to say.
            cloud.refuse_after(after, ErrorKind::Other);
            deploy(&cloud, &jobs(2)).await;
            cloud.calm();
            if passes {
                cloud.let_time_pass();
            }

            let events = deploy(&cloud, &jobs(3)).await;

            assert_eq!(outcome(&events), Outcome::Changed, "killed after {after} calls");
            assert_eq!(cloud.change_sets_of(&full("jobs")), 0, "killed after {after} calls: a change set stays");
            let content = cloud.content();
            assert!(content[&full("jobs")].1.contains("\"version\":3"), "killed after {after} calls: {content:?}");
        }
    }
}

#[tokio::test]
async fn a_change_set_that_somebody_elses_update_made_useless_is_no_success() {
    let cloud = deployed().await;
    cloud.meddle_before("ExecuteChangeSet");

    let failed = failure(&deploy(&cloud, &jobs(2)).await);
    let second = deploy(&cloud, &jobs(2)).await;

    assert_eq!(failed.kind, FailureKind::Service, "{failed:?}");
    assert_eq!(outcome(&second), Outcome::Changed);
}

#[tokio::test]
async fn a_destroy_survives_what_a_deploy_survives() {
    for operation in ["DeleteStack", "DescribeStackEvents", "ListStackResources", "GetTemplate"] {
        let cloud = deployed().await;
        cloud.fail_times(3, operation, ErrorKind::Throttled, "Rate exceeded");
        cloud.lose_answer_of(operation);

        let events = ask(&cloud, &Request::Destroy(destruction(&jobs(1)))).await;

        assert_eq!((outcome(&events), cloud.status_of(&full("jobs"))), (Outcome::Changed, None), "{operation}");
    }
}
