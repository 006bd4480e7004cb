//! Handing in jobs, looking at them, and bringing back what nobody could get done.
#![cfg(test)]

mod scripted;

use engine::cloud::ErrorKind;
use engine::{Engine, Interrupt};
use protocol::{
    Answer, DeadLetter, DeadLetters, Done, Event, Fate, FindJob, JobRecord, ListJobs, Outcome, Request, Sent, StackRef, Submit, Undertaking,
};
use scripted::asking::{failure, outcome, target};
use scripted::jobs::Message;
use scripted::{Listener, ScriptedCloud};
use serde_json::{Value, json};

const NAME: &str = "cloudwright-staging-jobs";
const ID: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";
const OTHER: &str = "01KATX3W7G2M8Z9QCVB4R5NDEG";
const QUEUE: &str = "cloudwright-staging-jobs-JobQueue";
const DEAD: &str = "cloudwright-staging-jobs-DeadLetterQueue";

fn stack() -> StackRef {
    StackRef { stack: "jobs".to_owned(), name: NAME.to_owned() }
}

/// A deployed stack with a queue, its dead-letter queue, and a table.
fn cloud() -> ScriptedCloud {
    let cloud = ScriptedCloud::default();
    let queue = json!({ "Type": "AWS::SQS::Queue" });
    cloud.put_template(NAME, &json!({ "Resources": { "JobQueue": queue, "DeadLetterQueue": queue } }), &[]);
    for (output, value) in [("JobsTableName", "jobs"), ("JobQueueUrl", QUEUE), ("OpsQueueUrl", "ops")] {
        cloud.give(NAME, output, value);
    }
    let policy = r#"{"deadLetterTargetArn":"arn:dead","maxReceiveCount":3}"#;
    cloud.will_answer(
        "GetQueueAttributes",
        &[QUEUE],
        json!({ "Attributes": { "QueueArn": "arn:jobs", "RedrivePolicy": policy, "FifoQueue": "true" } }),
    );
    let dead = json!({ "Attributes": { "QueueArn": "arn:dead", "ApproximateNumberOfMessages": "2" } });
    cloud.will_answer("GetQueueAttributes", &[DEAD], dead);
    cloud.jobs.borrow_mut().items = Some([].into());
    cloud
}

fn body(id: &str) -> Value {
    json!({ "version": 1, "job_id": id, "user": "ada", "task": "generate", "created_at": 1_000, "expires_at": 1_600, "parameters": { "model": "tiny" } })
}

fn submit() -> Request {
    Request::Submit(Submit { target: target(), stack: stack(), message: body(ID), record_seconds: 86_400, pictures: None })
}

fn dead(id: &str, state: &str) -> (Value, Message) {
    let item = json!({
        "job_id": { "S": id }, "user": { "S": "ada" }, "task": { "S": "generate" }, "state": { "S": state }, "attempt": { "N": "3" },
        "created_at": { "N": "1000" }, "reason": { "S": "out_of_memory" }, "text": { "S": "half" }, "ended_at": { "N": "1" },
    });
    let attribute = |value: &str| json!({ "DataType": "String", "StringValue": value });
    let attributes = json!({ "JobId": attribute(id), "Task": attribute("generate"), "Reason": attribute("out_of_memory") });
    let message = Message {
        id: format!("dead-{id}"),
        body: body(id).to_string(),
        group: "ada".to_owned(),
        deduplication: id.to_owned(),
        attributes: attributes.as_object().unwrap().clone(),
        ..Message::default()
    };
    (item, message)
}

/// Jobs in these states whose messages are dead letters.
fn with_dead(jobs: &[(&str, &str)]) -> ScriptedCloud {
    let cloud = cloud();
    for (id, state) in jobs {
        let (item, message) = dead(id, state);
        cloud.jobs.borrow_mut().put(item);
        cloud.jobs.borrow_mut().queues.entry(DEAD.to_owned()).or_default().push(message);
    }
    cloud
}

fn letters(what: Undertaking) -> Request {
    Request::DeadLetters(DeadLetters { target: target(), stacks: vec![stack()], queue: None, jobs: stack(), what })
}

fn redrive() -> Request {
    letters(Undertaking::Redrive { id: None })
}

async fn run(cloud: &ScriptedCloud, request: &Request, answer: Answer) -> Vec<Event> {
    let (_stop, interrupt) = Interrupt::new();
    let listener = Listener::new(answer);
    Engine::new(cloud, &listener, interrupt).run(request).await;
    listener.events.into_inner()
}

fn jobs(events: &[Event]) -> Vec<&JobRecord> {
    events.iter().filter_map(|event| if let Event::Job(job) = event { Some(&**job) } else { None }).collect()
}

fn told(events: &[Event]) -> Vec<&DeadLetter> {
    events.iter().filter_map(|event| if let Event::DeadLetter(letter) = event { Some(&**letter) } else { None }).collect()
}

fn fates(events: &[Event]) -> Vec<&Fate> {
    events.iter().filter_map(|event| if let Event::Fate(fate) = event { Some(fate) } else { None }).collect()
}

fn waiting(cloud: &ScriptedCloud, queue: &str) -> Vec<Message> {
    cloud.jobs.borrow().queues.get(queue).cloned().unwrap_or_default()
}

fn state(cloud: &ScriptedCloud, id: &str) -> String {
    cloud.jobs.borrow().item(id)["state"]["S"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_job_is_handed_in_as_the_front_door_does() {
    let cloud = cloud();

    let events = run(&cloud, &submit(), Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let sent = waiting(&cloud, QUEUE);
    assert_eq!((sent.len(), sent[0].group.as_str(), sent[0].deduplication.as_str()), (1, "ada", ID));
    assert_eq!((&sent[0].attributes["JobId"]["StringValue"], sent[0].body.clone()), (&json!(ID), body(ID).to_string()));
    let item = cloud.jobs.borrow().item(ID);
    assert_eq!((item["state"]["S"].as_str(), item["expires_at"]["N"].as_str(), item.get("unsent")), (Some("queued"), Some("87400"), None));
    assert!(waiting(&cloud, "ops")[0].deduplication.starts_with("wake-"), "the fleet would wake up to a minute later");
}

#[tokio::test]
async fn a_job_for_a_picture_goes_into_its_own_queue_which_is_no_fifo() {
    let cloud = cloud();
    let name = "cloudwright-staging-imagegen";
    cloud.put_template(name, &json!({ "Resources": {} }), &[]);
    cloud.give(name, "PictureQueueUrl", "pictures");
    let pictures = Some(StackRef { stack: "imagegen".to_owned(), name: name.to_owned() });
    let mut message = body(ID);
    message["task"] = json!("picture");

    let request = Request::Submit(Submit { target: target(), stack: stack(), message, record_seconds: 60, pictures });
    let events = run(&cloud, &request, Answer::No).await;

    assert_eq!(outcome(&events), Outcome::Changed);
    let sent = waiting(&cloud, "pictures");
    assert_eq!((sent.len(), sent[0].group.as_str(), sent[0].deduplication.as_str()), (1, "ada", ""), "SQS would refuse it");
    assert!(waiting(&cloud, QUEUE).is_empty() && waiting(&cloud, "ops").is_empty(), "a worker would be started for it");
    assert_eq!(cloud.jobs.borrow().item(ID).get("unsent"), None);
}

#[tokio::test]
async fn the_object_that_a_job_ended_with_is_written_to_a_file() {
    let cloud = cloud();
    let object = |value: &str| json!({ "S": value });
    cloud.jobs.borrow_mut().put(json!({
        "job_id": object(ID), "state": object("done"), "task": object("picture"), "created_at": { "N": "1" },
        "result_bucket": object("pictures"), "result_key": object("pictures/x.png"),
    }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fox.png");
    let find = || Request::Job(FindJob { target: target(), stack: stack(), job_id: ID.to_owned(), follow: true, save: Some(file.clone()) });

    let gone = failure(&run(&cloud, &find(), Answer::No).await);
    cloud.put_bytes("pictures", "pictures/x.png", b"a picture", None);
    let events = run(&cloud, &find(), Answer::No).await;

    assert!(gone.message.contains("is no longer in bucket"), "{}", gone.message);
    assert_eq!(outcome(&events), Outcome::Read);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "a picture");
}

#[tokio::test]
async fn a_job_whose_sender_dies_between_record_and_message_is_marked_for_the_reconciler() {
    let cloud = cloud();
    cloud.fail("SendMessage", ErrorKind::Unreachable, "connection reset by peer");

    let failed = failure(&run(&cloud, &submit(), Answer::No).await);

    assert_eq!(failed.sent, Sent::Something);
    assert!(failed.hint.contains("the reconciler sends its message"), "{}", failed.hint);
    assert_eq!(cloud.jobs.borrow().item(ID)["unsent"]["S"], "1", "the job would wait for ever");
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_known_again_and_another_jobs_is_not() {
    let cloud = cloud();
    cloud.lose_answer_of("PutItem");
    let lost = failure(&run(&cloud, &submit(), Answer::No).await);

    let again = run(&cloud, &submit(), Answer::No).await;
    let third = failure(&run(&cloud, &submit(), Answer::No).await);

    assert!(lost.message.contains("does not answer"), "{}", lost.message);
    assert_eq!((outcome(&again), waiting(&cloud, QUEUE).len()), (Outcome::Changed, 1));
    assert!(third.message.contains("already"), "a job that was sent would be queued anew: {}", third.message);
}

#[tokio::test]
async fn what_is_no_job_is_refused_before_anything_is_sent() {
    let cloud = cloud();
    let with = |message: Value| Request::Submit(Submit { target: target(), stack: stack(), message, record_seconds: 1, pictures: None });
    let mut nobody = body(ID);
    nobody["user"] = json!("");

    let refused = [with(json!({ "version": 2 })), with(nobody)];

    for request in refused {
        assert_eq!(failure(&run(&cloud, &request, Answer::No).await).sent, Sent::Nothing);
    }
    assert!(cloud.jobs.borrow().items.as_ref().unwrap().is_empty());
}

#[tokio::test]
async fn the_newest_jobs_come_first_over_all_pages() {
    let cloud = with_dead(&[(ID, "failed"), (OTHER, "done")]);
    cloud.jobs.borrow_mut().put(json!({ "job_id": { "S": "key#ada#1" }, "for_job": { "S": ID } }));
    let list =
        |state: Option<&str>, limit| Request::Jobs(ListJobs { target: target(), stack: stack(), state: state.map(str::to_owned), limit });

    let all = run(&cloud, &list(None, 10), Answer::No).await;
    let failed = run(&cloud, &list(Some("failed"), 10), Answer::No).await;
    let newest = run(&cloud, &list(None, 1), Answer::No).await;

    assert_eq!(jobs(&all).iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), [OTHER, ID], "an idempotency key is no job");
    assert_eq!(jobs(&failed).iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), [ID]);
    assert_eq!(jobs(&newest).iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), [OTHER]);
}

#[tokio::test]
async fn one_job_is_told_whole_and_an_unknown_one_is_an_error() {
    let cloud = with_dead(&[(ID, "failed")]);
    let find =
        |job_id: &str, follow| Request::Job(FindJob { target: target(), stack: stack(), job_id: job_id.to_owned(), follow, save: None });

    let found = run(&cloud, &find(ID, true), Answer::No).await;
    let missing = failure(&run(&cloud, &find(OTHER, false), Answer::No).await);

    assert_eq!((jobs(&found)[0].text.as_deref(), jobs(&found)[0].attempt), (Some("half"), Some(3)), "it has ended: nothing to wait for");
    assert!(missing.message.contains(OTHER), "{}", missing.message);
}

#[tokio::test]
async fn an_environment_without_the_stack_is_told_what_to_do() {
    let cloud = ScriptedCloud::default();

    let failed = failure(&run(&cloud, &submit(), Answer::No).await);

    assert!(failed.message.contains("no stack `jobs`") && failed.hint.contains("deploy"), "{failed:?}");
}

#[tokio::test]
async fn dead_letters_are_listed_with_their_reasons_and_given_back() {
    let cloud = with_dead(&[(ID, "failed"), (OTHER, "failed")]);

    let listed = run(&cloud, &letters(Undertaking::List), Answer::No).await;
    let shown = run(&cloud, &letters(Undertaking::Show { id: OTHER.to_owned() }), Answer::No).await;

    let short: Vec<_> =
        told(&listed).iter().map(|one| (one.job_id.as_deref().unwrap(), one.reason.as_deref().unwrap(), one.received)).collect();
    assert_eq!(short, [(ID, "out_of_memory", 1), (OTHER, "out_of_memory", 1)]);
    assert_eq!((told(&shown).len(), told(&shown)[0].queue.as_str()), (1, "DeadLetterQueue"));
    assert!(waiting(&cloud, DEAD).iter().all(|message| message.held.is_none()), "the next command would find nothing");
}

#[tokio::test]
async fn a_dead_letter_that_is_redriven_is_a_job_that_waits() {
    let cloud = with_dead(&[(ID, "failed")]);

    let events = run(&cloud, &redrive(), Answer::No).await;

    assert_eq!((outcome(&events), fates(&events)[0].fate), (Outcome::Changed, Done::Redriven));
    let sent = waiting(&cloud, QUEUE);
    assert_eq!((sent.len(), sent[0].group.as_str()), (1, "ada"));
    assert_eq!(sent[0].deduplication, format!("redrive-dead-{ID}"), "SQS would drop it as the first message's double");
    assert!(sent[0].attributes.contains_key("JobId") && !sent[0].attributes.contains_key("Reason"), "{:?}", sent[0].attributes);
    let wanted: Value = serde_json::from_str(&sent[0].body).unwrap();
    assert!(1_600 < wanted["expires_at"].as_u64().unwrap(), "the worker would throw it away: nobody wanted it after 1600");
    let item = cloud.jobs.borrow().item(ID);
    assert_eq!((item["state"]["S"].as_str(), item["attempt"]["N"].as_str()), (Some("queued"), Some("3")), "a worker of before could write");
    assert!(["unsent", "reason", "text", "ended_at"].iter().all(|column| item.get(column).is_none()), "{item}");
    assert!(waiting(&cloud, DEAD).is_empty());
}

#[tokio::test]
async fn a_redrive_that_dies_anywhere_is_finished_by_the_next() {
    // Identity, resources, two queues, states, receive; then: read, write, send, mark, delete.
    for calls in 0..16 {
        let cloud = with_dead(&[(ID, "failed")]);
        cloud.refuse_after(calls, ErrorKind::Credentials);
        run(&cloud, &redrive(), Answer::No).await;
        let (left, sent) = (waiting(&cloud, DEAD).len(), waiting(&cloud, QUEUE).len());
        assert!(0 < left + sent, "after {calls} calls the job is lost");
        assert!(sent == 0 || state(&cloud, ID) == "queued", "after {calls} calls a worker would throw the message away");

        cloud.calm();
        cloud.jobs.borrow_mut().show_all();
        run(&cloud, &redrive(), Answer::No).await;

        assert_eq!((waiting(&cloud, DEAD).len(), waiting(&cloud, QUEUE).len()), (0, 1), "after {calls} calls");
        assert_eq!(state(&cloud, ID), "queued", "after {calls} calls");
        assert_eq!(cloud.jobs.borrow().item(ID).get("unsent"), None, "after {calls} calls");
    }
}

#[tokio::test]
async fn a_lost_answer_in_a_redrive_doubles_nothing() {
    for operation in ["UpdateItem", "SendMessage", "DeleteMessage"] {
        let cloud = with_dead(&[(ID, "failed")]);
        cloud.lose_answer_of(operation);
        run(&cloud, &redrive(), Answer::No).await;
        cloud.jobs.borrow_mut().show_all();

        run(&cloud, &redrive(), Answer::No).await;

        assert_eq!((waiting(&cloud, DEAD).len(), waiting(&cloud, QUEUE).len()), (0, 1), "{operation}");
    }
}

#[tokio::test]
async fn a_job_that_is_done_is_not_sent_again() {
    let cloud = with_dead(&[(ID, "done"), (OTHER, "running")]);

    let events = run(&cloud, &redrive(), Answer::No).await;

    let fates = fates(&events);
    assert_eq!((fates[0].fate, fates[1].fate), (Done::Left, Done::Redriven), "SQS gave up a job whose worker died each time");
    assert!(fates[0].why.as_ref().unwrap().contains("is done"), "{fates:?}");
    assert_eq!((waiting(&cloud, DEAD).len(), waiting(&cloud, QUEUE).len()), (1, 1));
    assert!(waiting(&cloud, DEAD)[0].held.is_none(), "nobody could look at it");
}

#[tokio::test]
async fn a_record_that_was_forgotten_is_made_anew() {
    let cloud = with_dead(&[(ID, "failed")]);
    cloud.jobs.borrow_mut().items.as_mut().unwrap().clear();

    run(&cloud, &redrive(), Answer::No).await;

    assert_eq!((state(&cloud, ID).as_str(), waiting(&cloud, QUEUE).len()), ("queued", 1), "a worker would find no record to claim");
}

#[tokio::test]
async fn only_what_was_named_is_redriven_and_a_wrong_name_is_an_error() {
    let cloud = with_dead(&[(ID, "failed"), (OTHER, "failed")]);
    let named = |id: &str| letters(Undertaking::Redrive { id: Some(id.to_owned()) });

    let wrong = failure(&run(&cloud, &named("nobody"), Answer::No).await);
    run(&cloud, &named(OTHER), Answer::No).await;

    assert!(wrong.message.contains("`nobody`"), "{}", wrong.message);
    assert_eq!((state(&cloud, ID).as_str(), state(&cloud, OTHER).as_str()), ("failed", "queued"));
    assert_eq!(waiting(&cloud, DEAD).len(), 1);
}

#[tokio::test]
async fn dropping_asks_and_a_job_that_nobody_ended_has_failed_then() {
    let cloud = with_dead(&[(ID, "failed"), (OTHER, "running")]);
    let drop = letters(Undertaking::Drop { id: None, ask: true });

    let declined = run(&cloud, &drop, Answer::No).await;
    let before = waiting(&cloud, DEAD).len();
    let dropped = run(&cloud, &drop, Answer::Yes).await;

    assert_eq!((outcome(&declined), before), (Outcome::Declined, 2));
    assert_eq!((outcome(&dropped), waiting(&cloud, DEAD).len(), waiting(&cloud, QUEUE).len()), (Outcome::Changed, 0, 0));
    let items = [ID, OTHER].map(|id| cloud.jobs.borrow().item(id));
    assert_eq!(items.each_ref().map(|item| item["state"]["S"].as_str().unwrap()), ["failed", "failed"]);
    assert_eq!(items.each_ref().map(|item| item["reason"]["S"].as_str().unwrap()), ["out_of_memory", "dropped"]);
}

#[tokio::test]
async fn a_queue_that_is_no_dead_letter_queue_is_refused() {
    let cloud = cloud();
    let mut request = DeadLetters { target: target(), stacks: vec![stack()], queue: None, jobs: stack(), what: Undertaking::List };
    request.queue = Some("JobQueue".to_owned());

    let failed = failure(&run(&cloud, &Request::DeadLetters(request), Answer::No).await);

    assert!(failed.message.contains("there are: DeadLetterQueue"), "{}", failed.message);
    assert!(waiting(&cloud, QUEUE).is_empty());
}
