//! Batches: what is done, what comes again and when, and that no job is paid twice that can be paid once.
#![cfg(test)]

mod common;

use common::{House, body, cloud::Fault, given_up};
use contract::imagegen::{picture_key, reason};
use contract::jobs::JobState;
use imagegen::cloud::{End, Trouble};
use serde_json::json;

fn refused() -> Trouble {
    Trouble::Refused { reason: reason::FILTERED, words: "the model's filters refuse this prompt".to_owned() }
}

fn no_room() -> Trouble {
    Trouble::NoRoom("ThrottlingException: Too many requests".to_owned())
}

#[tokio::test]
async fn a_job_becomes_a_picture_and_its_record_says_where_it_lies() {
    let house = House::new();
    let job = house.hand_in("a fox");

    let again = house.deliver_one(&job).await;

    let key = picture_key(&job.job_id);
    assert!(!again, "the picture would be made again");
    assert!(house.cloud().look(|held| held.pictures.contains_key(&key)));
    let record = house.cloud().record(&job);
    assert_eq!((record.state, record.end), (JobState::Done, Some(End::Done { bucket: "pictures".to_owned(), key: key.clone() })));
    let log = house.log();
    let [started, done] = &log[..] else { panic!("one line for each state: {log:?}") };
    assert_eq!(
        (&started["state"], &started["jobId"], &started["JobWaitMilliseconds"]),
        (&json!("started"), &json!(job.job_id.as_str()), &json!(10_000.0))
    );
    assert_eq!((&done["state"], &done["key"], &done["JobsEnded"]), (&json!("done"), &json!(key), &json!(1.0)));
    assert!(!log.iter().any(|line| line.to_string().contains("fox")), "prompts are nobody's business");
}

#[tokio::test]
async fn of_ten_jobs_a_refused_one_fails_and_nine_are_done() {
    let house = House::new();
    let jobs: Vec<_> = (0..10).map(|number| house.hand_in(&format!("picture {number}"))).collect();
    house.cloud().trouble(refused());

    let again = house.deliver(&jobs.iter().map(body).collect::<Vec<_>>()).await;

    assert_eq!(again, [0; 0], "nine good pictures would be made again");
    let states: Vec<_> = jobs.iter().map(|job| house.cloud().record(job).state).collect();
    assert_eq!(states.iter().filter(|state| **state == JobState::Done).count(), 9, "{states:?}");
    assert_eq!((house.cloud().paid(), house.metric("PicturesRefused"), house.metric("JobsFailed")), (9, 1.0, 0.0));
    assert!(house.cloud().look(|held| held.dead.is_empty()), "a person would be woken for somebody's words");
}

#[tokio::test]
async fn of_ten_messages_one_that_is_no_job_is_a_dead_letter_and_nine_are_done() {
    let house = House::new();
    let mut bodies: Vec<_> = (0..9).map(|number| body(&house.hand_in(&format!("picture {number}")))).collect();
    bodies.insert(4, "{\"prompt\": \"sent by hand\"}".to_owned());

    let again = house.deliver(&bodies).await;

    assert_eq!(again, [0; 0], "it would come again for four days");
    assert_eq!(house.cloud().paid(), 9);
    assert_eq!(house.cloud().look(|held| held.dead.clone()), [(bodies[4].clone(), reason::UNREADABLE.to_owned())]);
}

#[tokio::test]
async fn a_refusal_is_told_to_the_caller_and_not_tried_again() {
    let house = House::new();
    let job = house.hand_in("something forbidden");
    house.cloud().trouble(refused());

    let again = house.deliver_one(&job).await;

    assert!(!again);
    let Some(End::Failed { reason: word, words }) = house.cloud().record(&job).end else { panic!("nobody would know why") };
    assert_eq!((word, words.as_str()), (reason::FILTERED, "the model's filters refuse this prompt"));
    assert!(!house.deliver_one(&job).await && house.cloud().look(|held| held.dead.is_empty()));
}

#[tokio::test]
async fn a_model_without_room_makes_the_job_wait_longer_each_time_and_never_fail() {
    let house = House::new();
    let job = house.hand_in("a fox");

    for _ in 0..20 {
        house.cloud().trouble(no_room());
        assert!(house.deliver_one(&job).await, "the job would be lost");
    }
    let record = house.cloud().record(&job);
    let pauses: Vec<_> = house.cloud().look(|held| held.hidden.iter().map(|(_, seconds)| *seconds).collect());
    assert!(!house.deliver_one(&job).await);

    assert_eq!((record.state, record.tries, record.waits), (JobState::Queued, 0, 20), "being told to wait would be a try");
    assert!(pauses[0] <= 5 && 450 <= pauses[19] && pauses.iter().all(|pause| *pause <= 900), "{pauses:?}");
    assert_eq!(house.metric("ModelThrottles"), 20.0);
    assert_eq!((house.cloud().record(&job).state, house.cloud().paid()), (JobState::Done, 1));
}

#[tokio::test]
async fn what_breaks_every_time_fails_after_its_tries_and_is_a_dead_letter() {
    let house = House::new();
    let job = house.hand_in("a fox");
    let broken = || Trouble::Broken("the model's picture is no base64: …".to_owned());

    let mut again = Vec::new();
    for _ in 0..3 {
        house.cloud().trouble(broken());
        again.push(house.deliver_one(&job).await);
    }

    assert_eq!(again, [true, true, false]);
    let Some(End::Failed { reason: word, words }) = house.cloud().record(&job).end else { panic!("it would be tried for ever") };
    assert_eq!(word, reason::TRIED_TOO_OFTEN);
    assert!(words.contains("3 tries") && words.contains("no base64"), "{words}");
    assert_eq!(house.cloud().look(|held| held.dead.clone()), [(body(&job), reason::TRIED_TOO_OFTEN.to_owned())]);
    assert_eq!(house.metric("JobsFailed"), 1.0);
}

#[tokio::test]
async fn waiting_in_between_uses_up_no_try() {
    let house = House::new();
    let job = house.hand_in("a fox");

    for trouble in [Trouble::Broken("once".to_owned()), no_room(), no_room(), no_room(), Trouble::Broken("twice".to_owned())] {
        house.cloud().trouble(trouble);
        assert!(house.deliver_one(&job).await);
    }

    assert!(!house.deliver_one(&job).await);
    assert_eq!(house.cloud().record(&job).state, JobState::Done, "three tries are three tries");
}

#[tokio::test]
async fn a_message_that_comes_twice_is_paid_once() {
    let house = House::new();
    let job = house.hand_in("a fox");

    let together = house.deliver(&[body(&job), body(&job)]).await;
    let later = house.deliver_one(&job).await;

    assert_eq!(together.len(), 1, "the second has to wait for the first: {together:?}");
    let (_, seconds) = house.cloud().look(|held| held.hidden[0].clone());
    assert_eq!(seconds, 120, "it would come again while the first may still be at work");
    assert!(!later);
    assert_eq!(house.cloud().paid(), 1, "a job's second picture costs as much as its first");
}

#[tokio::test]
async fn a_crash_at_any_step_loses_no_job_and_pays_only_what_nobody_can_know_twice() {
    for call in ["claim", "generate", "put", "end"] {
        for fault in [Fault::Fails, Fault::LosesItsAnswer, Fault::DiesBefore, Fault::DiesAfter] {
            let house = House::new();
            let job = house.hand_in("a fox");
            house.cloud().fault(call, fault);

            // A function that hangs is ended, and its messages come again when they are no longer hidden.
            let first = given_up(house.deliver_one(&job)).await;
            house.clock.advance(720);
            let again = first.is_none_or(|again| again);
            if again {
                assert!(!house.deliver_one(&job).await, "{call} {fault:?}");
            }

            let happened = format!("{call} {fault:?}");
            assert_eq!(house.cloud().record(&job).state, JobState::Done, "{happened}: somebody would wait in vain");
            assert_eq!(house.cloud().look(|held| (held.pictures.len(), held.dead.len())), (1, 0), "{happened}");
            // Paid and gone: the model's answer was lost, or the function died with the picture in its hands.
            let lost = match (call, fault) {
                ("generate", Fault::LosesItsAnswer | Fault::DiesAfter) | ("put", Fault::Fails | Fault::DiesBefore) => 1,
                _ => 0,
            };
            assert_eq!(house.cloud().paid(), 1 + lost, "{happened}");
        }
    }
}

#[tokio::test]
async fn a_function_that_dies_each_time_is_not_started_for_ever() {
    let house = House::new();
    let job = house.hand_in("a fox that kills functions");

    for _ in 0..3 {
        house.cloud().fault("generate", Fault::DiesAfter);
        assert!(given_up(house.deliver_one(&job)).await.is_none());
        house.clock.advance(720);
    }
    let again = house.deliver_one(&job).await;

    assert!(!again);
    assert_eq!((house.cloud().record(&job).state, house.cloud().paid()), (JobState::Failed, 3), "each start is paid");
    assert_eq!(house.cloud().look(|held| held.dead[0].1.clone()), reason::TRIED_TOO_OFTEN);
}

#[tokio::test]
async fn an_attempt_that_wakes_up_late_changes_nothing() {
    let house = House::new();
    let job = house.hand_in("a fox");
    let bodies = [body(&job)];
    // It is begun, and stands still in the middle of its first call of the model.
    let mut late = Box::pin(house.deliver(&bodies));
    assert!(futures_util::poll!(&mut late).is_pending());
    assert!(futures_util::poll!(&mut late).is_pending());
    house.clock.advance(720);
    assert!(!house.deliver_one(&job).await);
    let seen = house.cloud().look(|held| held.pictures.clone());

    late.await;

    assert_eq!(house.cloud().look(|held| held.pictures.clone()), seen, "a picture would change after somebody has seen it");
    assert_eq!((house.cloud().record(&job).attempt, house.cloud().record(&job).state), (2, JobState::Done));
}

#[tokio::test]
async fn a_dead_letter_that_could_not_be_written_is_written_later() {
    let house = House::new();
    let job = house.hand_in("a fox");
    for _ in 0..2 {
        house.cloud().trouble(Trouble::Broken("it broke".to_owned()));
        house.deliver_one(&job).await;
    }
    house.cloud().trouble(Trouble::Broken("it broke".to_owned()));
    house.cloud().fault("bury", Fault::Fails);

    let first = house.deliver_one(&job).await;
    let second = house.deliver_one(&job).await;

    assert_eq!((first, second), (true, false));
    assert_eq!(house.cloud().look(|held| held.dead.len()), 1, "the job would fail without anybody being told");
}

#[tokio::test]
async fn what_nobody_wants_is_not_made() {
    let house = House::new();
    let (late, stopped, gone) = (house.hand_in("late"), house.hand_in("stopped"), house.hand_in("gone"));
    house.cloud().change(&stopped, |record| record.stop = true);
    house.cloud().look(|held| held.records.remove(gone.job_id.as_str()));
    house.clock.advance(3_600);

    let again = house.deliver(&[body(&late), body(&stopped), body(&gone)]).await;

    assert_eq!((again, house.cloud().paid()), (vec![], 0), "a picture for nobody would be paid");
    assert_eq!(house.cloud().record(&late).state, JobState::Expired);
    assert_eq!(house.cloud().record(&stopped).state, JobState::Cancelled);
    assert_eq!(house.cloud().look(|held| held.dead.clone()), [(body(&gone), reason::NO_RECORD.to_owned())]);
}

#[tokio::test]
async fn a_job_for_somebody_else_fails_and_says_so() {
    let house = House::new();
    let mut job = house.hand_in("a fox");
    job.task = "generate".to_owned();

    assert!(!house.deliver_one(&job).await);

    let Some(End::Failed { reason: word, words }) = house.cloud().record(&job).end else { panic!("it would wait for ever") };
    assert_eq!(word, reason::UNKNOWN_TASK);
    assert!(words.contains("`generate`"), "{words}");
    assert_eq!(house.cloud().paid(), 0);
}

#[tokio::test]
async fn a_message_that_cannot_be_hidden_comes_again_all_the_same() {
    let house = House::new();
    let job = house.hand_in("a fox");
    house.cloud().trouble(no_room());
    house.cloud().fault("hide", Fault::Fails);

    assert!(house.deliver_one(&job).await, "the job would be lost");
}
