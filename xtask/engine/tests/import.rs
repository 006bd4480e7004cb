//! Taking in what exists already: what is sent, and what is refused before anything is.
#![cfg(test)]

mod scripted;

use std::collections::BTreeMap;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use indexmap::IndexMap;
use protocol::{
    Adopted, Answer, Event, Failure, FailureKind, Import, Outcome, OutputRef, Request, Sent, Source, StackRef, StackSpec, Target,
};
use scripted::{ACCOUNT, Listener, ScriptedCloud};
use serde_json::{Value as Json, json};

const NAME: &str = "cloudwright-staging-jobs";

/// A stack with a table that exists already and a queue that does not, both for a topic of another stack.
fn request(resources: &[&str]) -> Import {
    let template = json!({
        "Parameters": { "AlertsTopic": { "Type": "String" }, "Unused": { "Type": "String" } },
        "Resources": {
            "Table": { "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": { "Fn::Sub": "${AlertsTopic}-jobs" } } },
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Alarm": { "Type": "AWS::CloudWatch::Alarm", "Properties": { "Dimensions": [{ "Value": { "Fn::GetAtt": ["Queue", "QueueName"] } }] } }
        },
        "Outputs": { "QueueUrl": { "Value": { "Ref": "Queue" } } }
    });
    let topic = Source::Output(OutputRef { stack: "alerts".to_owned(), output: "Topic".to_owned() });
    let adopted = |id: &&str| Adopted {
        logical_id: (*id).to_owned(),
        resource_type: template["Resources"][*id]["Type"].as_str().unwrap_or("AWS::S3::Bucket").to_owned(),
        identifier: IndexMap::from([("Name".to_owned(), "old".to_owned())]),
    };
    Import {
        target: Target { environment: "staging".to_owned(), account: ACCOUNT.to_owned(), region: "eu-central-1".to_owned() },
        resources: resources.iter().map(adopted).collect(),
        stack: StackSpec {
            stack: "jobs".to_owned(),
            name: NAME.to_owned(),
            template: template.to_string(),
            parameters: IndexMap::from([("AlertsTopic".to_owned(), topic)]),
            capabilities: Vec::new(),
            tags: BTreeMap::new(),
            sources: BTreeMap::new(),
            termination_protection: false,
        },
        others: vec![StackRef { stack: "alerts".to_owned(), name: "cloudwright-staging-alerts".to_owned() }],
        ask: true,
    }
}

async fn import(cloud: &ScriptedCloud, request: Import, answer: Answer) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(answer);
    Engine::new(cloud, &listener, interrupt).run(&Request::Import(Box::new(request))).await;
    listener.events.into_inner()
}

fn failure(events: &[Event]) -> Failure {
    match events.last() {
        Some(Event::Failed(failure)) => failure.clone(),
        other => panic!("the engine did not fail: {other:?}"),
    }
}

fn cloud() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    cloud.put_stack("cloudwright-staging-alerts", "CREATE_COMPLETE");
    cloud.give("cloudwright-staging-alerts", "Topic", "arn:topic");
    cloud
}

#[tokio::test]
async fn only_what_is_taken_in_goes_into_the_template_with_what_it_needs() {
    let cloud = cloud();

    let events = import(&cloud, request(&["Table"]), Answer::Yes).await;

    assert!(matches!(events.last(), Some(Event::Done { outcome: Outcome::Changed, .. })), "{:?}", events.last());
    let template: Json = serde_json::from_str(&cloud.template_of(NAME)).unwrap();
    let held: Vec<_> = template["Resources"].as_object().unwrap().keys().collect();
    assert_eq!(held, ["Table"], "CloudFormation refuses an import that makes something as well");
    assert_eq!(template["Resources"]["Table"]["DeletionPolicy"], "Retain", "CloudFormation refuses to take in what it would delete");
    assert_eq!(template["Parameters"].as_object().unwrap().len(), 1, "a parameter that nobody needs would want a value: {template}");
    assert_eq!(cloud.parameters_of(NAME)["AlertsTopic"], "arn:topic");
}

#[tokio::test]
async fn what_the_stack_holds_stays_word_for_word() {
    let cloud = cloud();
    import(&cloud, request(&["Table"]), Answer::Yes).await;
    let before: Json = serde_json::from_str(&cloud.template_of(NAME)).unwrap();

    import(&cloud, request(&["Queue"]), Answer::Yes).await;

    let after: Json = serde_json::from_str(&cloud.template_of(NAME)).unwrap();
    assert_eq!(after["Resources"]["Table"], before["Resources"]["Table"]);
    assert!(after["Resources"].get("Queue").is_some());
    assert_eq!(cloud.parameters_of(NAME)["AlertsTopic"], "arn:topic", "a value that the stack has would be lost");
}

#[tokio::test]
async fn a_mistake_is_told_before_anything_is_sent() {
    let mut without_topic = request(&["Table"]);
    without_topic.others.clear();
    let cases = [
        (request(&["Tabel"]), "has no resource `Tabel`; there are: Table, Queue, Alarm"),
        (request(&["Alarm"]), "refers to Queue"),
        (without_topic, "parameter `AlertsTopic`"),
    ];

    for (request, words) in cases {
        let cloud = cloud();
        let failure = failure(&import(&cloud, request, Answer::Yes).await);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!((failure.kind, failure.sent), (FailureKind::Request, Sent::Nothing));
        assert!(cloud.writes.borrow().is_empty(), "{:?}", cloud.writes.borrow());
    }
}

#[tokio::test]
async fn taking_in_twice_is_refused() {
    let cloud = cloud();
    import(&cloud, request(&["Table"]), Answer::Yes).await;

    let failure = failure(&import(&cloud, request(&["Table"]), Answer::Yes).await);

    assert!(failure.message.contains("holds `Table` already"), "{}", failure.message);
}

#[tokio::test]
async fn a_no_leaves_nothing_behind() {
    let cloud = cloud();

    let events = import(&cloud, request(&["Table"]), Answer::No).await;

    assert!(matches!(events.last(), Some(Event::Done { outcome: Outcome::Declined, .. })));
    assert_eq!(cloud.status_of(NAME), None, "an empty stack would stay");
}

#[tokio::test]
async fn what_cloudformation_refuses_is_told_in_its_words() {
    let cloud = cloud();
    cloud.fail("CreateChangeSet", ErrorKind::Refused, "ResourceIdentifier [Name] is not valid for AWS::DynamoDB::Table");

    let failure = failure(&import(&cloud, request(&["Table"]), Answer::Yes).await);

    assert!(failure.causes[0].contains("is not valid for"), "{failure:?}");
    assert!(failure.hint.contains("import --help"), "{}", failure.hint);
}
