//! Random platforms and random faults, over several deploys in a row: whatever happens, the next deploy goes on from it.
//!
//! `CLOUDWRIGHT_MODEL_CASES` sets how many platforms are tried.
#![cfg(test)]

mod scripted;

use std::collections::BTreeMap;

use engine::cloud::ErrorKind;
use proptest::prelude::*;
use protocol::{Deploy, Event, Failure, Outcome, OutputRef, Sent};
use scripted::asking::*;
use scripted::{Disorder, ScriptedCloud};

/// Something that goes wrong during one deploy.
#[derive(Debug, Clone)]
enum Fault {
    Throttled { operation: &'static str, times: usize },
    OutOfOrder { operation: &'static str, times: usize },
    AnswerLost { operation: &'static str },
    NetworkGone { calls: u64 },
    CredentialsExpire { after: u64 },
    Killed { after: u64, time_passes: bool },
    Broken { stack: usize },
    RollbackBroken { stack: usize },
    Meddled,
    Disorder(Disorder),
    Denied { operation: &'static str },
}

/// How many stacks there are and which earlier ones each needs, and what goes wrong in each deploy.
#[derive(Debug, Clone)]
struct Story {
    needs: Vec<Vec<usize>>,
    deploys: Vec<Vec<Fault>>,
}

fn name(stack: usize) -> String {
    format!("stack{stack}")
}

fn platform(story: &Story, version: u32) -> Deploy {
    let specs = story.needs.iter().enumerate().map(|(stack, needs)| {
        let needs: Vec<String> = needs.iter().map(|other| name(*other)).collect();
        let ids = [format!("First{stack}"), format!("Second{stack}")];
        spec(&name(stack), &[(&ids[0], "AWS::SQS::Queue"), (&ids[1], "AWS::SNS::Topic")], &needs, version)
    });
    // The first stack holds the bucket in which the lease and the records lie.
    let artifact_bucket = OutputRef { stack: name(0), output: "Name".to_owned() };
    Deploy { artifact_bucket, ..deployment(specs.collect()) }
}

fn bucket() -> String {
    format!("{}-Name", full(&name(0)))
}

fn faults() -> impl Strategy<Value = Fault> {
    let read = prop::sample::select(vec!["DescribeStacks", "DescribeChangeSet", "DescribeStackEvents", "ListStackResources", "GetObject"]);
    let write = prop::sample::select(vec![
        "CreateStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
        "DeleteChangeSet",
        "DeleteStack",
        "ContinueUpdateRollback",
        "PutObjectIf",
        "DeleteObject",
    ]);
    let call = prop_oneof![read.clone(), write.clone()];
    prop_oneof![
        (call.clone(), 1..30usize).prop_map(|(operation, times)| Fault::Throttled { operation, times }),
        (call.clone(), 1..30usize).prop_map(|(operation, times)| Fault::OutOfOrder { operation, times }),
        write.prop_map(|operation| Fault::AnswerLost { operation }),
        (1..60u64).prop_map(|calls| Fault::NetworkGone { calls }),
        (0..40u64).prop_map(|after| Fault::CredentialsExpire { after }),
        (0..40u64, any::<bool>()).prop_map(|(after, time_passes)| Fault::Killed { after, time_passes }),
        (0..4usize).prop_map(|stack| Fault::Broken { stack }),
        (0..4usize).prop_map(|stack| Fault::RollbackBroken { stack }),
        Just(Fault::Meddled),
        prop::sample::select(vec![Disorder::Reversed, Disorder::Twice, Disorder::SameTime]).prop_map(Fault::Disorder),
        call.prop_map(|operation| Fault::Denied { operation }),
    ]
}

fn stories() -> impl Strategy<Value = Story> {
    let needs = |stack: usize| prop::collection::btree_set(0..stack.max(1), 0..=stack).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    let platform = (1..=4usize).prop_flat_map(move |stacks| {
        (0..stacks).map(|stack| if stack == 0 { Just(Vec::new()).boxed() } else { needs(stack).boxed() }).collect::<Vec<_>>()
    });
    let deploys = prop::collection::vec(prop::collection::vec(faults(), 0..4), 1..5);
    (platform, deploys).prop_map(|(needs, deploys)| Story { needs, deploys })
}

impl Fault {
    fn happens_to(&self, cloud: &ScriptedCloud) {
        match self {
            Self::Throttled { operation, times } => cloud.fail_times(*times, operation, ErrorKind::Throttled, "Rate exceeded"),
            Self::OutOfOrder { operation, times } => cloud.fail_times(*times, operation, ErrorKind::Unavailable, "out of order"),
            Self::AnswerLost { operation } => cloud.lose_answer_of(operation),
            Self::NetworkGone { calls } => cloud.lose_network_for(*calls),
            Self::CredentialsExpire { after } => cloud.refuse_after(*after, ErrorKind::Credentials),
            Self::Killed { after, .. } => cloud.refuse_after(*after, ErrorKind::Other),
            Self::Broken { stack } => cloud.break_resource(&format!("Second{stack}"), "Internal Failure"),
            Self::RollbackBroken { stack } => cloud.break_rollback_of(&format!("First{stack}"), "cannot be brought back"),
            Self::Meddled => cloud.meddle_before("ExecuteChangeSet"),
            Self::Disorder(disorder) => cloud.show_events(*disorder),
            Self::Denied { operation } => cloud.fail(operation, ErrorKind::Denied, "maria may not"),
        }
    }

    fn is_death(&self) -> bool {
        matches!(self, Self::Killed { .. })
    }
}

type Content = BTreeMap<String, (String, String, usize)>;

/// What must hold after every deploy, however it ended.
fn invariants(cloud: &ScriptedCloud, before: &Content, events: &[Event]) -> Result<(), TestCaseError> {
    let violations = cloud.violations.borrow();
    prop_assert!(violations.is_empty(), "{violations:?}");
    match events.last() {
        Some(Event::Done { .. }) => {}
        Some(Event::Failed(failure)) => explained(cloud, before, failure)?,
        other => prop_assert!(false, "the engine ended without a word: {other:?}"),
    }
    let ends = events.iter().filter(|event| matches!(event, Event::Done { .. } | Event::Failed(_))).count();
    prop_assert_eq!(ends, 1, "a program would take the first for the end");
    Ok(())
}

/// A failure says what is wrong and what to do, and what it says of the cloud is true.
fn explained(cloud: &ScriptedCloud, before: &Content, failure: &Failure) -> Result<(), TestCaseError> {
    prop_assert!(!failure.message.is_empty() && !failure.hint.is_empty(), "{failure:?}");
    if failure.sent != Sent::Something {
        let after = cloud.content();
        prop_assert!(after.keys().eq(before.keys()), "no stack was to come or go: {:?}, {:?}", failure, after);
        for (name, (_, template, waiting)) in &after {
            let (_, before, waited) = &before[name];
            prop_assert_eq!(template, before, "{} was to stand as it did: {:?}", name, failure);
            // An execution drops the change sets that somebody left there before.
            prop_assert!(waiting <= waited, "{name} was to have no new change set: {failure:?}");
        }
    }
    Ok(())
}

fn tell(story: &Story) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let cloud = ScriptedCloud::default();
        let mut version = 0;
        for faults in &story.deploys {
            version += 1;
            // What is under way from before is its own operation: it comes to its end by itself, and is nobody's fault here.
            let before = cloud.content();
            let moving = before.values().any(|(status, ..)| status.ends_with("_IN_PROGRESS"));
            faults.iter().for_each(|fault| fault.happens_to(&cloud));

            let events = deploy(&cloud, &platform(story, version)).await;

            let dead = faults.iter().any(Fault::is_death);
            let meddled = faults.iter().any(|fault| matches!(fault, Fault::Meddled));
            // A dead engine says nothing, and what others do meanwhile is not this engine's to tell.
            if !dead && !meddled && !moving {
                invariants(&cloud, &before, &events)?;
            }
            cloud.calm();
            cloud.mend();
            if faults.iter().any(|fault| matches!(fault, Fault::Killed { time_passes: true, .. })) {
                cloud.let_time_pass();
            }
        }

        let before = cloud.content();
        let events = deploy(&cloud, &platform(story, version + 1)).await;

        invariants(&cloud, &before, &events)?;
        prop_assert_eq!(outcome_of(&events), Some(Outcome::Changed), "{:?}", events.last());
        prop_assert!(cloud.newest(&bucket(), "lease.json").is_none(), "nobody could deploy for two minutes");
        prop_assert!(!cloud.keys(&bucket(), "releases/").is_empty(), "nobody could return to this release");
        let content = cloud.content();
        prop_assert_eq!(content.len(), story.needs.len(), "a stack too many, or too few: {:?}", content);
        for (name, (status, template, waiting)) in &content {
            prop_assert!(matches!(status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE"), "{name} is left in {status}");
            prop_assert!(template.contains(&format!("\"version\":{}", version + 1)), "{name} is left at {template}");
            prop_assert_eq!(*waiting, 0, "{} keeps a change set", name);
        }
        Ok(())
    })
}

fn outcome_of(events: &[Event]) -> Option<Outcome> {
    events.last().and_then(|event| if let Event::Done { outcome, .. } = event { Some(*outcome) } else { None })
}

fn cases() -> u32 {
    std::env::var("CLOUDWRIGHT_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_the_next_deploy_brings_it_right(story in stories()) {
        tell(&story)?;
    }
}
