//! A small platform, and what a test asks the engine about it.

use std::collections::BTreeMap;

use engine::{Engine, Interrupt};
use indexmap::IndexMap;
use protocol::{Answer, Artifact, Deploy, Event, Failure, Guards, Outcome, OutputRef, Request, Source, StackSpec, Target};

use super::{ACCOUNT, Listener, ScriptedCloud};

pub(crate) fn target() -> Target {
    Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() }
}

pub(crate) fn stack(stack: &str, resource: &str, output: &str, parameters: &[(&str, Source)]) -> StackSpec {
    let mut parameters: IndexMap<String, Source> = parameters.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect();
    parameters.insert("DeployDigest".to_owned(), Source::Digest);
    StackSpec {
        stack: stack.to_owned(),
        name: format!("cloudwright-staging-{stack}"),
        template: serde_json::json!({
            "Resources": { resource: { "Type": "AWS::SQS::Queue" } },
            "Outputs": { output: { "Value": "x" } }
        })
        .to_string(),
        parameters,
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        tags: BTreeMap::new(),
        sources: BTreeMap::from([(resource.to_owned(), format!("stacks/src/{stack}.rs:7"))]),
        termination_protection: false,
    }
}

pub(crate) fn output(stack: &str, output: &str) -> Source {
    Source::Output(OutputRef { stack: stack.to_owned(), output: output.to_owned() })
}

/// Two stacks that need nobody, and one that needs both.
pub(crate) fn platform() -> Deploy {
    Deploy {
        target: target(),
        stacks: vec![
            stack("artifacts", "Bucket", "BucketName", &[]),
            stack("jobs", "JobQueue", "AlertsArn", &[]),
            stack(
                "images",
                "Transcode",
                "SourceBucketName",
                &[("Alerts", output("jobs", "AlertsArn")), ("Code", Source::Artifact { artifact: "transcode".to_owned() })],
            ),
        ],
        artifacts: vec![Artifact { name: "transcode".to_owned(), path: "transcode.zip".into(), sha256: "ab".repeat(32), bytes: 12 }],
        artifact_bucket: OutputRef { stack: "artifacts".to_owned(), output: "BucketName".to_owned() },
        ask: true,
        skip: Vec::new(),
        orphans: Vec::new(),
        release: protocol::Intended::default(),
        guards: Guards::default(),
    }
}

pub(crate) async fn run(cloud: &ScriptedCloud, request: Request, answer: Answer) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(answer);
    Engine::new(cloud, &listener, interrupt).run(&request).await;
    listener.events.into_inner()
}

pub(crate) async fn deploy(cloud: &ScriptedCloud, request: Deploy) -> Vec<Event> {
    run(cloud, Request::Deploy(request), Answer::Yes).await
}

pub(crate) fn outcome(events: &[Event]) -> Outcome {
    match events.last() {
        Some(Event::Done { outcome, .. }) => *outcome,
        other => panic!("the engine did not end well: {other:?}"),
    }
}

pub(crate) fn failure(events: &[Event]) -> Failure {
    match events.last() {
        Some(Event::Failed(failure)) => failure.clone(),
        other => panic!("the engine did not fail: {other:?}"),
    }
}

pub(crate) fn notes(events: &[Event]) -> String {
    let texts = events.iter().filter_map(|event| if let Event::Note { text } = event { Some(text.as_str()) } else { None });
    texts.collect::<Vec<_>>().join("\n")
}
