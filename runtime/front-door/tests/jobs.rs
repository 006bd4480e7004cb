//! A user's own jobs: shown, stopped, and hidden from everybody else.
#![cfg(test)]

mod common;

use common::{Call, House, cloud::Fault};
use contract::{
    api::Job,
    jobs::{Finish, JobState},
};
use front_door::cloud::Record;
use serde_json::json;

const UNKNOWN: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";

/// A house with one job, which is changed to what the test is about.
async fn with_job(change: impl FnOnce(&mut Record)) -> (House, String) {
    let house = House::new();
    let answer = house.call(Call::post("/infer", &json!({ "prompt": "hello" })).signed_in()).await;
    let id = answer.body["job_id"].as_str().unwrap().to_owned();
    house.cloud().look(|held| change(held.jobs.get_mut(&id).unwrap()));
    (house, id)
}

fn stop(id: &str) -> Call {
    Call::post("/stop", &json!({ "job_id": id })).signed_in()
}

#[tokio::test]
async fn a_job_is_shown_with_all_that_is_known_of_it() {
    let (house, id) = with_job(|record| {
        record.state = JobState::Done;
        (record.started_at, record.ended_at) = (Some(7_000), Some(9_000));
        (record.text, record.tokens, record.prompt_tokens) = (Some("hi".to_owned()), Some(1), Some(5));
        record.finish = Some(Finish::Stop);
        record.result = Some(("results".to_owned(), "a/b.png".to_owned()));
    })
    .await;

    let answer = house.call(Call::get(&format!("/jobs/{id}")).signed_in()).await;

    let created_at = house.cloud().records()[0].message.created_at * 1_000;
    let expected = Job {
        job_id: id.clone(),
        state: JobState::Done,
        created_at,
        started_at: Some(7_000),
        ended_at: Some(9_000),
        text: Some("hi".to_owned()),
        tokens: Some(1),
        prompt_tokens: Some(5),
        finish: Some(Finish::Stop),
        url: Some("https://results.example.com/a/b.png?signed".to_owned()),
        reason: None,
        error: None,
    };
    assert_eq!((answer.status, serde_json::from_value::<Job>(answer.body.clone()).unwrap()), (200, expected));
    assert_eq!(answer.header("cache-control"), Some("no-store"), "an old state would be shown");
    assert_eq!(house.access_line()["jobId"], json!(id));
}

#[tokio::test]
async fn somebody_elses_job_is_as_unknown_as_one_that_never_was() {
    let (house, id) = with_job(|_| ()).await;

    let foreign = house.call(Call::get(&format!("/jobs/{id}")).signed_in_as("somebody-else")).await;
    let never = house.call(Call::get(&format!("/jobs/{UNKNOWN}")).signed_in()).await;
    let odd = house.call(Call::get("/jobs/key%23a").signed_in()).await;
    let stopped = house.call(Call::post("/stop", &json!({ "job_id": id })).signed_in_as("somebody-else")).await;

    for answer in [&foreign, &never, &odd, &stopped] {
        assert_eq!(answer.error(), (404, "unknown_job"), "{answer:?}");
    }
    assert_eq!(foreign.message().replace(&id, ""), never.message().replace(UNKNOWN, ""), "the words would tell that there is one");
    assert_eq!(house.cloud().records()[0].state, JobState::Queued, "anybody could stop anybody's jobs");
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled() {
    let (house, id) = with_job(|_| ()).await;

    let answer = house.call(stop(&id)).await;

    assert_eq!((answer.status, &answer.body), (200, &json!({ "job_id": id, "state": "cancelled" })));
    let record = house.cloud().records().remove(0);
    assert_eq!((record.state, record.unsent), (JobState::Cancelled, false));
    assert!(record.ended_at.is_some() && house.cloud().look(|held| held.stop.is_empty()));
}

#[tokio::test]
async fn a_worker_that_has_the_job_is_asked_to_stop() {
    let (house, id) = with_job(|record| record.state = JobState::Running).await;

    let answer = house.call(stop(&id)).await;

    assert_eq!((answer.status, &answer.body), (200, &json!({ "job_id": id, "state": "running" })));
    assert_eq!(house.cloud().look(|held| held.stop.clone()), [id], "the worker would go on to the end");
}

#[tokio::test]
async fn a_job_that_is_over_is_told_as_it_is() {
    for state in [JobState::Done, JobState::Failed, JobState::Expired, JobState::Cancelled] {
        let (house, id) = with_job(|record| record.state = state).await;

        let answer = house.call(stop(&id)).await;

        assert_eq!((answer.status, &answer.body["state"]), (200, &json!(state.as_str())));
        assert_eq!(house.cloud().records()[0].state, state, "a result would be taken away");
    }
}

#[tokio::test]
async fn a_job_whose_store_fails_is_not_called_unknown() {
    let (house, id) = with_job(|_| ()).await;
    house.cloud().fault("read", Fault::Fails);
    house.cloud().fault("cancel", Fault::Fails);

    assert_eq!(house.call(Call::get(&format!("/jobs/{id}")).signed_in()).await.error(), (503, "unavailable"));
    assert_eq!(house.call(stop(&id)).await.error(), (503, "unavailable"));
}

#[tokio::test]
async fn what_cannot_be_stopped_says_why() {
    let house = House::new();

    assert_eq!(house.call(Call::post("/stop", &json!({ "job_id": "x" })).signed_in()).await.error(), (404, "unknown_job"));
    assert_eq!(house.call(Call::post("/stop", &json!({})).signed_in()).await.error(), (422, "invalid_body"));
    let extra = json!({ "job_id": UNKNOWN, "force": true });
    assert_eq!(house.call(Call::post("/stop", &extra).signed_in()).await.error(), (422, "invalid_body"));
}
