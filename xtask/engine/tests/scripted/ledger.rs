//! A small environment whose releases differ in the one way that a test wants.

use engine::{Engine, Interrupt};
use protocol::{
    Artifact, Commit, Deploy, Failure, FindRelease, FoundRelease, Intended, Ledger, ListReleases, Outcome, OutputRef, Release, ReleaseLine,
    Request, Source, StackRef, StackSpec, Target,
};

use super::*;

/// The bucket that the stack `artifacts` makes in the scripted cloud.
pub(crate) const BUCKET: &str = "cloudwright-staging-artifacts-BucketName";

pub(crate) fn target() -> Target {
    Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() }
}

pub(crate) fn ledger() -> Ledger {
    Ledger { target: target(), stack: stack_ref("artifacts"), output: "BucketName".to_owned() }
}

pub(crate) fn stack_ref(stack: &str) -> StackRef {
    StackRef { stack: stack.to_owned(), name: format!("cloudwright-staging-{stack}") }
}

fn stack(stack: &str, resource: &str, output: &str, parameters: &[(&str, Source)]) -> StackSpec {
    let mut parameters: IndexMap<String, Source> = parameters.iter().map(|(name, source)| ((*name).to_owned(), source.clone())).collect();
    parameters.insert("DeployDigest".to_owned(), Source::Digest);
    let template = serde_json::json!({
        "Resources": { resource: { "Type": "AWS::SQS::Queue" } },
        "Outputs": { output: { "Value": "x" } }
    });
    StackSpec {
        stack: stack.to_owned(),
        name: stack_ref(stack).name,
        template: template.to_string(),
        parameters,
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        tags: BTreeMap::from([("team".to_owned(), "platform".to_owned())]),
        sources: BTreeMap::from([(resource.to_owned(), format!("stacks/src/{stack}.rs:7"))]),
        termination_protection: false,
    }
}

/// A commit whose id is one digit, over and over.
pub(crate) fn commit(digit: &str, tags: &[&str]) -> Commit {
    let tags = tags.iter().map(ToString::to_string).collect();
    Commit { id: digit.repeat(40), subject: format!("images: {digit}"), tags, dirty: false }
}

/// What commit `digit` deploys: a resource of its own in `images`, and code of its own.
pub(crate) fn release(digit: &str) -> Deploy {
    let code = Source::Artifact { artifact: "transcode".to_owned() };
    let bucket = OutputRef { stack: "artifacts".to_owned(), output: "BucketName".to_owned() };
    Deploy {
        target: target(),
        stacks: vec![
            stack("artifacts", "Bucket", "BucketName", &[]),
            stack("images", &format!("Transcode{digit}"), "Url", &[("Bucket", Source::Output(bucket.clone())), ("Code", code)]),
        ],
        artifacts: vec![Artifact {
            name: "transcode".to_owned(),
            path: format!("code of {digit}").into(),
            sha256: digit.repeat(64),
            bytes: 12,
        }],
        artifact_bucket: bucket,
        ask: false,
        skip: Vec::new(),
        orphans: Vec::new(),
        release: Intended { commit: Some(commit(digit, &[])), tool: "cloudwright 0.1.0".to_owned(), ..Intended::default() },
        guards: protocol::Guards::default(),
    }
}

pub(crate) async fn run(cloud: &ScriptedCloud, request: Request) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(Answer::Yes);
    Engine::new(cloud, &listener, interrupt).run(&request).await;
    listener.events.into_inner()
}

pub(crate) async fn deploy(cloud: &ScriptedCloud, request: Deploy) -> Vec<Event> {
    run(cloud, Request::Deploy(request)).await
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

/// The releases as `releases` lists them.
pub(crate) async fn list(cloud: &ScriptedCloud) -> Vec<ReleaseLine> {
    let events = run(cloud, Request::Releases(ListReleases { ledger: ledger(), limit: 20 })).await;
    events.into_iter().filter_map(|event| if let Event::Release(line) = event { Some(line) } else { None }).collect()
}

/// The records as they lie in the bucket, oldest first by their dates.
pub(crate) async fn records(cloud: &ScriptedCloud) -> Vec<Release> {
    let mut listed = cloud.objects(BUCKET, "releases/").await.unwrap().objects;
    listed.sort_by_key(|object| object.modified_seconds);
    listed.iter().map(|object| serde_json::from_slice(&cloud.newest(BUCKET, &object.key).unwrap().bytes).unwrap()).collect()
}

/// A release and what is deployed instead of it.
pub(crate) async fn find(cloud: &ScriptedCloud, which: &str) -> Result<FoundRelease, Failure> {
    let stacks = vec![stack_ref("artifacts"), stack_ref("images"), stack_ref("jobs")];
    let events = run(cloud, Request::Release(FindRelease { ledger: ledger(), which: which.to_owned(), stacks })).await;
    let found = events.iter().find_map(|event| if let Event::Found(found) = event { Some((**found).clone()) } else { None });
    found.ok_or_else(|| failure(&events))
}
