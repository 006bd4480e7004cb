//! Back to what was: found, replayed, and the same bit for bit.
#![cfg(test)]

mod scripted;

use std::collections::BTreeMap;

use protocol::{Commit, Deploy, Failure, FailureKind, FoundRelease, Intended, Outcome, ReleaseKind, Sent};
use scripted::ScriptedCloud;
use scripted::ledger::{BUCKET, deploy, failure, find, list, outcome, records, release, target};

const IMAGES: &str = "cloudwright-staging-images";

/// The request that `cargo xtask rollback` makes.
fn again(found: &FoundRelease) -> Deploy {
    let release = Intended {
        commit: found.release.commit.clone(),
        tool: "cloudwright 0.1.0".to_owned(),
        kind: ReleaseKind::Rollback { of: found.release.id.clone() },
        expects: Some(found.live.iter().map(|live| (live.stack.name.clone(), live.digest.clone())).collect()),
    };
    found.release.deploy_again(target(), release, false)
}

/// Everything that CloudFormation holds: name → template and parameters.
fn everything(cloud: &ScriptedCloud) -> BTreeMap<String, (String, BTreeMap<String, String>)> {
    let names = ["cloudwright-staging-artifacts", IMAGES];
    names.iter().map(|name| ((*name).to_owned(), (cloud.template_of(name), cloud.parameters_of(name)))).collect()
}

async fn commit_of(cloud: &ScriptedCloud, which: &str) -> Result<String, Failure> {
    find(cloud, which).await.map(|found| found.release.commit.unwrap().id[..1].to_owned())
}

#[tokio::test]
async fn a_rollback_makes_everything_what_it_was_bit_for_bit() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let before = everything(&cloud);
    deploy(&cloud, release("2")).await;
    assert_ne!(everything(&cloud), before, "the second release is the first");
    let uploads = || cloud.writes.borrow().iter().filter(|write| write.starts_with("put artifacts/")).count();
    let sent = uploads();

    let found = find(&cloud, "previous").await.unwrap();
    let events = deploy(&cloud, again(&found)).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(everything(&cloud), before);
    assert_eq!(uploads(), sent, "a rollback has nothing to upload");
    let digests: Vec<_> = found.release.digests().into_iter().collect();
    let live: Vec<_> = digests.iter().map(|(name, _)| (name.clone(), cloud.parameters_of(name).get("DeployDigest").cloned())).collect();
    assert_eq!(live, digests);
}

#[tokio::test]
async fn a_rollback_is_a_release_of_its_own_that_names_the_other() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    deploy(&cloud, release("2")).await;

    let found = find(&cloud, "previous").await.unwrap();
    deploy(&cloud, again(&found)).await;

    let newest = list(&cloud).await.remove(0);
    assert!(newest.live);
    assert_eq!(newest.details.unwrap().kind, ReleaseKind::Rollback { of: found.release.id });
    assert_eq!(commit_of(&cloud, "previous").await.unwrap(), "2", "one step back from a rollback is what it went back from");
}

#[tokio::test]
async fn previous_is_the_last_one_that_succeeded_and_was_something_else() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    cloud.break_resource("Transcode2", "no");
    deploy(&cloud, release("2")).await;
    cloud.mend();
    deploy(&cloud, release("3")).await;

    assert_eq!(commit_of(&cloud, "previous").await.unwrap(), "1", "nobody has seen the second work");
}

#[tokio::test]
async fn previous_of_a_deploy_that_ended_half_way_is_the_last_one_that_was_whole() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let mut half = release("2");
    half.stacks[0].template = half.stacks[0].template.replace("Bucket\":{", "OtherBucket\":{");
    cloud.break_resource("Transcode2", "no");
    deploy(&cloud, half).await;
    cloud.mend();

    let found = find(&cloud, "previous").await.unwrap();
    let events = deploy(&cloud, again(&found)).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert!(list(&cloud).await[0].live, "the environment stays half of one and half of another");
}

#[tokio::test]
async fn there_is_nothing_before_the_first_release() {
    let cloud = ScriptedCloud::default();
    let nowhere = find(&cloud, "previous").await.unwrap_err();
    deploy(&cloud, release("1")).await;

    let first = find(&cloud, "previous").await.unwrap_err();

    assert!(nowhere.message.contains("has no release yet"), "{nowhere:?}");
    assert!(first.message.contains("nothing else succeeded before it"), "{first:?}");
}

#[tokio::test]
async fn a_release_is_found_by_commit_by_tag_and_by_id() {
    let cloud = ScriptedCloud::default();
    let mut tagged = release("a");
    tagged.release.commit.as_mut().unwrap().tags.push("v1.4.0".to_owned());
    deploy(&cloud, tagged).await;
    deploy(&cloud, release("b")).await;
    let id = records(&cloud).await[0].id.clone();

    for which in ["aaaa", "aaaaaaaaaa", &"a".repeat(40), "v1.4.0", &id, &id[..id.len() - 2]] {
        assert_eq!(commit_of(&cloud, which).await.as_deref(), Ok("a"), "{which}");
    }
}

#[tokio::test]
async fn an_unknown_release_is_answered_with_the_nearest() {
    let cloud = ScriptedCloud::default();
    let mut tagged = release("a");
    tagged.release.commit.as_mut().unwrap().tags.push("v1.4.0".to_owned());
    deploy(&cloud, tagged).await;

    let refused = find(&cloud, "v1.4.1").await.unwrap_err();

    assert_eq!((refused.kind, refused.sent), (FailureKind::Request, Sent::Nothing));
    assert!(refused.hint.contains("the nearest are v1.4.0"), "{}", refused.hint);
}

#[tokio::test]
async fn the_beginning_of_two_commits_is_no_answer() {
    let cloud = ScriptedCloud::default();
    for end in ["1", "2"] {
        let mut request = release(end);
        request.release.commit = Some(Commit { id: format!("abcdabcd{}", end.repeat(32)), ..scripted::ledger::commit(end, &[]) });
        deploy(&cloud, request).await;
    }

    let refused = find(&cloud, "abcdabcd").await.unwrap_err();
    let found = find(&cloud, "abcdabcd2").await;

    assert!(refused.message.contains("is the beginning of several"), "{refused:?}");
    assert!(found.is_ok(), "{found:?}");
}

#[tokio::test]
async fn a_release_that_failed_is_nothing_to_return_to() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    cloud.break_resource("Transcode2", "no");
    deploy(&cloud, release("2")).await;

    let by_commit = find(&cloud, "22222222").await.unwrap_err();
    let by_id = find(&cloud, &records(&cloud).await[1].id).await.unwrap_err();

    assert!(by_commit.message.contains("rolled-back") && by_id.message == by_commit.message, "{by_commit:?} {by_id:?}");
}

#[tokio::test]
async fn code_that_is_gone_is_found_out_before_anything_is_sent() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    deploy(&cloud, release("2")).await;
    let found = find(&cloud, "previous").await.unwrap();
    cloud.remove(BUCKET, &release("1").artifacts[0].key());
    cloud.writes.borrow_mut().clear();

    let asked = find(&cloud, "previous").await.unwrap_err();
    let tried = failure(&deploy(&cloud, again(&found)).await);

    for refused in [asked, tried] {
        assert_eq!(refused.sent, Sent::Nothing);
        assert!(refused.message.contains("no longer holds"), "{refused:?}");
    }
    let writes = cloud.writes.borrow();
    assert!(writes.iter().all(|write| write.ends_with("lease.json")), "{writes:?}");
}

#[tokio::test]
async fn somebody_who_deploys_between_the_showing_and_the_doing_is_not_overwritten() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    deploy(&cloud, release("2")).await;
    let found = find(&cloud, "previous").await.unwrap();
    deploy(&cloud, release("3")).await;
    let before = everything(&cloud);

    let events = deploy(&cloud, again(&found)).await;

    let failure = failure(&events);
    assert_eq!((failure.kind, failure.sent), (FailureKind::Held, Sent::Nothing));
    assert_eq!(everything(&cloud), before, "nobody has looked at what this would lose");
    assert_eq!(records(&cloud).await.len(), 3, "nothing was released");
}

#[tokio::test]
async fn a_stack_that_came_later_is_told_and_left_alone() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let mut more = release("2");
    let mut jobs = more.stacks[0].clone();
    (jobs.stack, jobs.name) = ("jobs".to_owned(), "cloudwright-staging-jobs".to_owned());
    more.stacks.push(jobs);
    deploy(&cloud, more).await;

    let found = find(&cloud, "11111111").await.unwrap();
    let events = deploy(&cloud, again(&found)).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    assert_eq!(found.others.iter().map(|stack| stack.stack.as_str()).collect::<Vec<_>>(), ["jobs"]);
    assert!(cloud.status_of("cloudwright-staging-jobs").is_some(), "a stack was deleted that nobody was asked about");
}

#[tokio::test]
async fn only_stacks_that_differ_come_with_their_templates() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    deploy(&cloud, release("2")).await;

    let found = find(&cloud, "previous").await.unwrap();

    let templates: Vec<_> = found.live.iter().map(|live| (live.stack.stack.as_str(), live.template.is_some())).collect();
    assert_eq!(templates, [("artifacts", false), ("images", true)], "a question was asked for nothing");
    assert!(found.live[1].template.as_ref().unwrap().contains("Transcode2"), "somebody would look at the wrong differences");
}

#[tokio::test]
async fn objects_with_names_of_another_time_are_found_under_them() {
    let cloud = ScriptedCloud::default();
    deploy(&cloud, release("1")).await;
    let mut found = find(&cloud, "11111111").await.unwrap();
    found.release.artifacts[0].key = "code/transcode-1.zip".to_owned();

    let request = again(&found);

    let protocol::Source::Value { value } = &request.stacks[1].parameters["Code"] else { panic!("{:?}", request.stacks[1].parameters) };
    assert_eq!(value, "code/transcode-1.zip", "a newer program would look for the code elsewhere");
}
