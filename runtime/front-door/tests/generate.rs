//! `POST /generate`: one object, or an array of one; everything else is refused with the reason, and a job is as safe as any other.
#![cfg(test)]

mod common;

use common::{Call, House, USER, cloud::Fault};
use contract::jobs::JobState;
use futures_util::FutureExt;
use serde_json::{Value, json};

/// What people read of this route.
const PAGE: &str = include_str!("../../../docs/api/generate.md");

fn ask(body: &Value) -> Call {
    Call::post("/generate", body).signed_in()
}

fn fox() -> Value {
    json!({ "prompt": "a fox in the snow" })
}

#[tokio::test]
async fn a_prompt_becomes_a_job_for_a_picture() {
    let house = House::new();
    let body = json!({ "prompt": "a fox in the snow", "negative_prompt": "text", "aspect_ratio": "16:9", "seed": 7 });

    let answer = house.call(ask(&body)).await;

    assert_eq!((answer.status, &answer.body["state"]), (200, &json!("queued")), "{answer:?}");
    let id = answer.body["job_id"].as_str().unwrap();
    assert_eq!(answer.header("location"), Some(format!("/jobs/{id}").as_str()));
    let (sent, orders) = house.cloud().look(|held| (held.sent.clone(), held.orders.len()));
    assert_eq!((sent[0].job_id.as_str(), sent[0].user.as_str(), sent[0].task.as_str()), (id, USER, "picture"));
    assert_eq!(sent[0].parameters, body);
    assert_eq!(orders, 0, "workers would be started for what they cannot do");
    let record = house.cloud().records().remove(0);
    assert_eq!((&record.message, record.unsent), (&sent[0], false));
    assert_eq!(house.access_line()["jobId"], json!(id));
    assert!(!house.log_text().contains("fox"), "prompts are nobody's business");
}

#[tokio::test]
async fn one_object_is_taken_and_an_array_of_exactly_one_at_both_paths() {
    for (path, body) in [("/generate", fox()), ("/generate", json!([fox()])), ("/generate/", fox()), ("/generate/", json!([fox()]))] {
        let house = House::new();

        let answer = house.call(Call::post(path, &body).signed_in()).await;

        assert_eq!(answer.status, 200, "{path} {body}: {answer:?}");
        assert_eq!(house.cloud().records()[0].message.parameters, fox(), "{path} {body}");
    }
}

#[tokio::test]
async fn everything_else_is_a_400_that_says_why() {
    let long = "x".repeat(1_025);
    let cases = [
        (json!([]), "invalid_body", "an empty array, it must be one object"),
        (json!([fox(), fox()]), "invalid_body", "an array of 2: ask for one picture at a time"),
        (json!([["a"]]), "invalid_body", "an array of an array"),
        (json!(["a"]), "invalid_body", "an array of a text"),
        (json!([null]), "invalid_body", "an array of `null`"),
        (json!("a fox"), "invalid_body", "the body is a text"),
        (json!(7), "invalid_body", "the body is a number"),
        (json!(null), "invalid_body", "the body is `null`"),
        (json!({}), "prompt_missing", "there must be a `prompt`"),
        (json!([{}]), "prompt_missing", "there must be a `prompt`"),
        (json!({ "prompt": null }), "invalid_body", "`prompt` is `null`, it must be a text"),
        (json!({ "prompt": ["a"] }), "invalid_body", "`prompt` is an array, it must be a text"),
        (json!({ "prompt": " \n" }), "prompt_empty", "must say what shall be seen"),
        (json!({ "prompt": long }), "prompt_too_long", "1025 characters, it may have at most 1024"),
        (json!({ "prompt": "a", "negative_prompt": long }), "negative_prompt_too_long", "at most 1024"),
        (json!({ "prompt": "a", "negative_prompt": 1 }), "invalid_body", "`negative_prompt` is a number"),
        (json!({ "prompt": "a", "aspect_ratio": "4:3" }), "unknown_aspect_ratio", "`4:3`, it must be one of `1:1`, `16:9`"),
        (json!({ "prompt": "a", "aspect_ratio": 1 }), "unknown_aspect_ratio", "a number, it must be one of"),
        (json!({ "prompt": "a", "seed": -1 }), "seed_out_of_range", "`seed` is -1, it must be a whole number from 0 to 858993459"),
        (json!({ "prompt": "a", "seed": 858_993_460 }), "seed_out_of_range", "from 0 to 858993459"),
        (json!({ "prompt": "a", "seed": 1.5 }), "seed_out_of_range", "`seed` is 1.5"),
        (json!({ "prompt": "a", "seed": "7" }), "seed_out_of_range", "`seed` is a text"),
        (json!({ "prompt": "a", "size": 1 }), "unknown_field", "`size` is no field, known are `prompt`"),
        (json!({ "seed": -1 }), "prompt_missing", "`seed` is -1"),
    ];
    let house = House::new();
    for (body, word, said) in cases {
        let answer = house.call(ask(&body)).await;

        assert_eq!(answer.error(), (400, word), "{body}: {answer:?}");
        assert!(answer.message().contains(said), "{body} does not help: {}", answer.message());
        assert!(PAGE.contains(&format!("`{word}`")), "whoever gets `{word}` would look it up in vain");
    }
    for body in ["", "{", "prompt=fox", "[{\"prompt\": \"a\"}"] {
        let call = Call::new("POST", "/generate").signed_in().header("content-type", "application/json").body(body);

        assert_eq!(house.call(call).await.error(), (400, "invalid_json"), "{body:?}");
    }
    assert!(house.cloud().records().is_empty() && house.cloud().delivered().is_empty(), "a picture would be paid for");
}

#[tokio::test]
async fn how_much_is_taken_follows_from_the_family_of_the_model() {
    let house = House::with(|config| {
        config.picture_family = "stability".to_owned();
        config.max_body_bytes = 65_536;
    });

    let long = house.call(ask(&json!({ "prompt": "ü".repeat(10_000), "seed": 4_294_967_295_u32 }))).await;
    let too_long = house.call(ask(&json!({ "prompt": "ü".repeat(10_001) }))).await;

    assert_eq!(long.status, 200, "{long:?}");
    assert_eq!(too_long.error(), (400, "prompt_too_long"), "the model would refuse it after the caller has waited");
}

#[tokio::test]
async fn nobody_without_a_token_and_nobody_too_often() {
    let house = House::with(|config| config.per_minute = 1);

    let stranger = house.call(Call::post("/generate", &fox())).await;
    let first = house.call(ask(&fox())).await;
    let second = house.call_now(ask(&fox())).await;

    assert_eq!((stranger.status, first.status, second.status), (401, 200, 429), "{second:?}");
    assert_eq!(house.cloud().records().len(), 1);
}

#[tokio::test]
async fn pictures_are_refused_while_no_jobs_are_taken() {
    let house = House::with(|config| config.accepts_jobs = false);

    assert_eq!(house.call(ask(&fox())).await.error(), (503, "jobs_refused"));
}

#[tokio::test]
async fn the_same_key_is_the_same_picture() {
    let house = House::new();
    let with_key = |body: &Value| ask(body).header("idempotency-key", "order-1");

    let first = house.call(with_key(&fox())).await;
    let again = house.call(with_key(&fox())).await;
    let other = house.call(with_key(&json!({ "prompt": "a cat" }))).await;
    let text = house.call(Call::post("/infer", &fox()).signed_in().header("idempotency-key", "order-1")).await;

    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(other.error(), (409, "idempotency_key_reused"));
    assert_eq!(text.error(), (409, "idempotency_key_reused"), "somebody who asked for text would get a picture");
    assert_eq!(house.cloud().delivered().len(), 1, "two pictures would be paid for");
}

#[tokio::test]
async fn a_crash_at_any_step_loses_no_picture_and_doubles_none() {
    for call in ["create", "send", "sent"] {
        for fault in [Fault::Fails, Fault::LosesItsAnswer, Fault::DiesBefore, Fault::DiesAfter] {
            let house = House::new();
            house.door.warm().await;
            house.cloud().fault(call, fault);
            let request = || ask(&fox()).header("idempotency-key", "order-1");

            // The client gives up when the function has died, and asks again.
            let _ = house.call(request()).now_or_never();
            let answer = house.call(request()).await;

            assert_eq!(answer.status, 200, "{call} {fault:?}: {answer:?}");
            let [record] = house.cloud().records().try_into().unwrap();
            assert_eq!((record.state, record.unsent), (JobState::Queued, false), "{call} {fault:?}: nobody would make the picture");
            assert_eq!(house.cloud().delivered(), [record.message.job_id.to_string()], "{call} {fault:?}");
        }
    }
}
