//! Small platforms, and the engine asked to deploy or destroy them.

use engine::{Engine, Interrupt};
use protocol::{Deploy, Destroy, Failure, Intent, Outcome, OutputRef, Request, Source, StackRef, StackSpec, Target};

use super::*;

/// The name in CloudFormation.
pub(crate) fn full(stack: &str) -> String {
    format!("cloudwright-staging-{stack}")
}

pub(crate) fn target() -> Target {
    Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() }
}

/// A stack of these resources that needs the outputs of others. A new `version` is a new template.
pub(crate) fn spec(stack: &str, resources: &[(&str, &str)], needs: &[String], version: u32) -> StackSpec {
    let body = |kind: &str| serde_json::json!({ "Type": kind, "Metadata": { "version": version } });
    let resources: serde_json::Map<_, _> = resources.iter().map(|(id, kind)| ((*id).to_owned(), body(kind))).collect();
    let sources = resources.keys().map(|id| (id.clone(), format!("stacks/src/{stack}.rs:7"))).collect();
    let mut parameters: IndexMap<String, Source> = needs
        .iter()
        .map(|other| (format!("From{other}"), Source::Output(OutputRef { stack: other.clone(), output: "Name".to_owned() })))
        .collect();
    parameters.insert("DeployDigest".to_owned(), Source::Digest);
    StackSpec {
        stack: stack.to_owned(),
        name: full(stack),
        template: serde_json::json!({ "Resources": resources, "Outputs": { "Name": { "Value": "x" } } }).to_string(),
        parameters,
        capabilities: Vec::new(),
        tags: BTreeMap::new(),
        sources,
        termination_protection: false,
    }
}

/// A deploy that asks nobody.
pub(crate) fn deployment(stacks: Vec<StackSpec>) -> Deploy {
    Deploy {
        target: target(),
        stacks,
        artifacts: Vec::new(),
        artifact_bucket: OutputRef { stack: "jobs".to_owned(), output: "Name".to_owned() },
        ask: false,
        skip: Vec::new(),
        orphans: Vec::new(),
        release: protocol::Intended::default(),
        guards: protocol::Guards::default(),
    }
}

/// One stack `jobs` with one queue.
pub(crate) fn jobs(version: u32) -> Deploy {
    deployment(vec![spec("jobs", &[("JobQueue", "AWS::SQS::Queue")], &[], version)])
}

/// Delete all stacks of a deploy, asking nobody.
pub(crate) fn destruction(of: &Deploy) -> Destroy {
    let needs = |spec: &StackSpec| {
        let of = |source: &Source| if let Source::Output(output) = source { Some(output.stack.clone()) } else { None };
        (spec.stack.clone(), spec.parameters.values().filter_map(of).collect())
    };
    Destroy {
        target: target(),
        stacks: of.stacks.iter().map(|spec| StackRef { stack: spec.stack.clone(), name: spec.name.clone() }).collect(),
        needs: of.stacks.iter().map(needs).collect(),
        purge: false,
        ask: false,
        retain: Vec::new(),
        lift_protection: false,
        others: Vec::new(),
    }
}

/// Ask the engine; everything that it told.
pub(crate) async fn ask(cloud: &ScriptedCloud, request: &Request) -> Vec<Event> {
    let (_wishes, interrupt) = Interrupt::new();
    ask_until(cloud, request, interrupt, Answer::Yes).await
}

pub(crate) async fn ask_until(cloud: &ScriptedCloud, request: &Request, interrupt: Interrupt, answer: Answer) -> Vec<Event> {
    let listener = Listener::new(answer);
    Engine::new(cloud, &listener, interrupt).run(request).await;
    listener.events.into_inner()
}

pub(crate) async fn deploy(cloud: &ScriptedCloud, request: &Deploy) -> Vec<Event> {
    ask(cloud, &Request::Deploy(request.clone())).await
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

pub(crate) fn intents(events: &[Event]) -> Vec<Intent> {
    events.iter().filter_map(|event| if let Event::Plan { intent, .. } = event { Some(*intent) } else { None }).collect()
}

pub(crate) fn notes(events: &[Event]) -> String {
    let note = |event: &Event| if let Event::Note { text } = event { Some(text.clone()) } else { None };
    events.iter().filter_map(note).collect::<Vec<_>>().join("\n")
}
