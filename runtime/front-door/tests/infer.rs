//! `POST /infer`: what is taken, what is refused and why, and that a crash at any step neither loses a job nor doubles one.
#![cfg(test)]

mod common;

use common::{Call, House, USER, cloud::Fault};
use contract::{api::Accepted, fleet::Order, jobs::JobState};
use futures_util::FutureExt;
use serde_json::{Value, json};

fn ask(body: &Value) -> Call {
    Call::post("/infer", body).signed_in()
}

fn hello() -> Call {
    ask(&json!({ "prompt": "hello" }))
}

#[tokio::test]
async fn a_prompt_becomes_a_record_and_a_message() {
    let house = House::new();

    let answer = house.call(hello()).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let Accepted { job_id, state } = serde_json::from_value(answer.body.clone()).unwrap();
    assert_eq!((state, answer.header("location")), (JobState::Queued, Some(format!("/jobs/{job_id}").as_str())));
    let [record] = house.cloud().records().try_into().unwrap();
    assert_eq!((record.message.job_id.as_str(), record.message.user.as_str(), record.unsent), (job_id.as_str(), USER, false));
    let (sent, orders) = house.cloud().look(|held| (held.sent.clone(), held.orders.clone()));
    assert_eq!(sent, std::slice::from_ref(&record.message), "what is sent again would be another job");
    assert_eq!((sent[0].message_group_id(), sent[0].deduplication_id()), (USER, job_id.as_str()));
    let expected = json!({
        "model": "tiny", "messages": [{ "role": "user", "content": "hello" }], "max_tokens": 256, "temperature": 0.7, "top_p": 0.95,
    });
    assert_eq!(sent[0].parameters, expected);
    assert_eq!(sent[0].expires_at - sent[0].created_at, 3_600);
    assert_eq!(orders.len(), 1);
    assert_eq!((&orders[0].0.order, orders[0].1.as_str()), (&Order::Wake, format!("wake-{}", sent[0].created_at / 5).as_str()));
    let queued = house.log().into_iter().find(|line| line["message"] == "queued").unwrap();
    assert_eq!((&queued["jobId"], &queued["messageId"]), (&json!(job_id), &json!("message-1")), "the job could not be followed");
    assert_eq!(house.access_line()["jobId"], json!(job_id));
}

#[tokio::test]
async fn a_conversation_is_taken_with_all_its_settings() {
    let house = House::new();
    let body = json!({
        "messages": [{ "role": "system", "content": "be brief" }, { "role": "user", "content": "hello" }],
        "model": "large", "max_tokens": 512, "temperature": 0, "top_p": 1, "seed": 18_446_744_073_709_551_615_u64,
    });

    let answer = house.call(ask(&body)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let parameters = house.cloud().records()[0].message.parameters.clone();
    assert_eq!((&parameters["messages"], &parameters["model"], &parameters["seed"]), (&body["messages"], &body["model"], &body["seed"]));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_would_be_right() {
    let user = |content: &str| json!([{ "role": "user", "content": content }]);
    let cases = [
        (json!({}), 422, "prompt_missing", "there must be a `prompt`, or `messages`"),
        (json!({ "prompt": "a", "messages": user("b") }), 422, "prompt_twice", "not both"),
        (json!({ "prompt": " \n" }), 422, "prompt_empty", "must say something"),
        (json!({ "messages": [] }), 422, "prompt_missing", "the user's"),
        (
            json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }] }),
            422,
            "user_not_last",
            "assistant",
        ),
        (json!({ "messages": [{ "role": "root", "content": "a" }] }), 422, "unknown_role", "`root`, it must be one of `system`"),
        (json!({ "messages": vec![json!({ "role": "user", "content": "" }); 201] }), 413, "body_too_large", "at most 4096"),
        (json!({ "prompt": "x".repeat(101) }), 413, "prompt_too_long", "101 bytes, it may have at most 100"),
        (json!({ "prompt": "x".repeat(4_096) }), 413, "body_too_large", "at most 4096"),
        (json!({ "prompt": "a", "model": "huge" }), 422, "unknown_model", "`huge`, it must be one of `tiny`, `large`"),
        (json!({ "prompt": "a", "max_tokens": 513 }), 422, "max_tokens_out_of_range", "from 1 to 512"),
        (json!({ "prompt": "a", "max_tokens": 0 }), 422, "max_tokens_out_of_range", "from 1 to 512"),
        (json!({ "prompt": "a", "max_tokens": -1 }), 422, "invalid_body", "-1"),
        (json!({ "prompt": "a", "temperature": 2.1 }), 422, "temperature_out_of_range", "from 0 to 2"),
        (json!({ "prompt": "a", "top_p": 0 }), 422, "top_p_out_of_range", "above 0"),
        (json!({ "prompt": "a", "seed": -1 }), 422, "invalid_body", "-1"),
        (json!({ "prompt": "a", "stream": true }), 422, "invalid_body", "unknown field `stream`, expected one of `prompt`"),
        (json!({ "prompt": 7 }), 422, "invalid_body", "expected a string"),
        (json!(["a"]), 422, "invalid_body", ""),
        (json!({ "prompt": "a", "model": "huge", "max_tokens": 0 }), 422, "unknown_model", "`max_tokens` is 0"),
    ];
    let house = House::new();
    for (body, status, word, said) in cases {
        let answer = house.call(ask(&body)).await;

        assert_eq!(answer.error(), (status, word), "{answer:?}");
        assert!(answer.message().contains(said), "{word} does not help: {}", answer.message());
    }
    assert!(house.cloud().records().is_empty() && house.cloud().delivered().is_empty());
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_apart_from_one_that_does_not_fit() {
    let house = House::new();
    let post = |content_type: &str, body: &str| Call::new("POST", "/infer").signed_in().header("content-type", content_type).body(body);

    for body in ["", "{", "prompt=hello", "{\"prompt\": \"a\"} x", "{\"prompt\": \"\u{1}\"}"] {
        assert_eq!(house.call(post("application/json", body)).await.error(), (400, "invalid_json"), "{body:?}");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        assert_eq!(house.call(post(content_type, r#"{"prompt":"a"}"#)).await.error(), (415, "unsupported_media_type"), "{content_type:?}");
    }
    assert_eq!(house.call(post("Application/JSON; charset=utf-8", r#"{"prompt":"a"}"#)).await.status, 200);
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    assert_ne!(house.call(post("application/json", &deep)).await.status, 200);
}

#[tokio::test]
async fn a_prompt_that_would_not_fit_into_its_record_is_refused_before_it_is_stored() {
    let house = House::with(|config| (config.max_body_bytes, config.max_prompt_bytes) = (1_000_000, 1_000_000));

    let answer = house.call(ask(&json!({ "prompt": "\"".repeat(140_000) }))).await;

    assert_eq!(answer.error(), (413, "prompt_too_long"), "DynamoDB would refuse it, and the user would be told to try again");
}

#[tokio::test]
async fn with_the_switch_off_no_job_is_taken_and_the_rest_goes_on() {
    let house = House::with(|config| config.accepts_jobs = false);

    let answer = house.call(hello()).await;

    assert_eq!(answer.error(), (503, "jobs_refused"));
    assert!(answer.message().contains("no new jobs"), "{}", answer.message());
    assert_eq!(house.call(Call::get("/ping").signed_in()).await.status, 200);
}

#[tokio::test]
async fn the_same_key_and_body_are_the_same_job() {
    let house = House::new();
    let keyed = || hello().header("idempotency-key", "mine 1");

    let first = house.call(keyed()).await;
    let second = house.call(keyed()).await;

    assert_eq!((second.status, &second.body, second.header("location")), (200, &first.body, first.header("location")));
    assert_eq!((house.cloud().records().len(), house.cloud().delivered().len()), (1, 1), "it would be done twice");
    let other = house.call(keyed().signed_in_as("somebody-else")).await;
    assert_ne!(other.body["job_id"], first.body["job_id"], "one user would get another one's job");
}

#[tokio::test]
async fn the_same_key_with_another_body_is_a_conflict() {
    let house = House::new();
    let first = house.call(hello().header("idempotency-key", "k")).await;

    let second = house.call(ask(&json!({ "prompt": "goodbye" })).header("idempotency-key", "k")).await;

    assert_eq!(second.error(), (409, "idempotency_key_reused"));
    assert!(second.message().contains(first.body["job_id"].as_str().unwrap()), "{}", second.message());
    assert_eq!(house.cloud().records().len(), 1);
}

#[tokio::test]
async fn a_key_ends_with_its_record() {
    let house = House::new();
    let keyed = || hello().header("idempotency-key", "k");
    let first = house.call(keyed()).await;

    // The token of these tests is good for a week, as the record is: a little earlier and a little later are the same to it.
    house.cloud().look(|held| held.keys.values_mut().for_each(|(_, _, ends)| *ends = 0));
    let second = house.call(keyed()).await;

    assert_eq!(second.status, 200);
    assert_ne!(first.body["job_id"], second.body["job_id"]);
}

#[tokio::test]
async fn a_key_that_cannot_be_kept_is_refused() {
    let house = House::new();
    for key in ["", "a\tb", "\u{e9}", &"x".repeat(129)] {
        let answer = house.call(hello().header("idempotency-key", key)).await;
        assert_eq!(answer.error(), (400, "invalid_idempotency_key"), "{key:?}");
    }
    assert_eq!(house.call(hello().header("idempotency-key", &"x".repeat(128))).await.status, 200);
}

/// Every step at which something can go wrong, each in every way.
const STEPS: [&str; 4] = ["create", "send", "sent", "order"];
const FAULTS: [Fault; 4] = [Fault::Fails, Fault::LosesItsAnswer, Fault::DiesBefore, Fault::DiesAfter];

/// What the reconciler does with what stays unsent, each minute.
fn reconcile(house: &House) {
    house.cloud().look(|held| {
        for record in held.jobs.values_mut().filter(|record| record.unsent) {
            held.sent.push(record.message.clone());
            record.unsent = false;
        }
    });
}

#[tokio::test]
async fn a_crash_at_any_step_neither_loses_a_job_nor_doubles_it() {
    for step in STEPS {
        for fault in FAULTS {
            let house = House::new();
            house.door.warm().await;
            house.cloud().fault(step, fault);

            // A function that dies is one that is never asked again.
            let answer = house.call(hello()).now_or_never();

            let promised = answer.as_ref().is_some_and(|answer| answer.status == 200);
            reconcile(&house);
            let (stored, delivered) = (house.cloud().records(), house.cloud().delivered());
            assert_eq!(stored.len(), delivered.len(), "{step} {fault:?}: a job is stored that no worker sees, or the other way around");
            assert!(!promised || stored.len() == 1, "{step} {fault:?}: a job was promised and is gone");
            assert!(stored.len() <= 1, "{step} {fault:?}: one request became {} jobs", stored.len());
            assert!(stored.iter().all(|record| !record.unsent), "{step} {fault:?}");
            let dies = matches!(fault, Fault::DiesBefore | Fault::DiesAfter);
            assert_eq!(answer.is_none(), dies, "{step} {fault:?} was not met");
        }
    }
}

#[tokio::test]
async fn a_client_that_asks_again_with_its_key_gets_one_job_whatever_went_wrong() {
    for step in STEPS {
        for fault in FAULTS {
            let house = House::new();
            house.door.warm().await;
            house.cloud().fault(step, fault);
            let keyed = || hello().header("idempotency-key", "k");

            drop(house.call(keyed()).now_or_never());
            let again = house.call(keyed()).await;

            assert_eq!(again.status, 200, "{step} {fault:?}: {again:?}");
            let ids: Vec<_> = house.cloud().records().iter().map(|record| record.message.job_id.to_string()).collect();
            assert_eq!(ids, [again.body["job_id"].as_str().unwrap()], "{step} {fault:?}: another job, or none");
            // No reconciler came by: the second request finished what the first one began.
            assert_eq!(house.cloud().delivered(), ids, "{step} {fault:?}");
            assert!(house.cloud().records().iter().all(|record| !record.unsent), "{step} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_job_that_could_not_be_sent_is_still_a_promise() {
    let house = House::new();
    house.cloud().fault("send", Fault::Fails);

    let answer = house.call(hello()).await;

    assert_eq!(answer.status, 200, "the client would ask again, and have it done twice");
    assert!(house.cloud().records()[0].unsent, "nobody would send it");
    let told = house.log().into_iter().find(|line| line["level"] == "error").unwrap();
    assert_eq!(told["jobId"], answer.body["job_id"], "nobody would know");
}

#[tokio::test]
async fn many_jobs_wake_the_fleet_once() {
    let house = House::with(|config| config.burst_per_second = 20);
    for _ in 0..10 {
        assert_eq!(house.call_now(hello()).await.status, 200);
    }
    assert_eq!(house.cloud().look(|held| held.orders.len()), 1);

    house.clock.advance(5_000);
    house.call_now(hello()).await;

    assert_eq!(house.cloud().look(|held| held.orders.len()), 2, "jobs of a later moment would wait for a minute");
    let ids = house.cloud().look(|held| held.sent.iter().map(|message| message.job_id.to_string()).collect::<Vec<_>>());
    assert!(ids.is_sorted(), "identities of one container sort by the time they were given: {ids:?}");
}
