//! How often one user may ask: both windows, against a model that remembers everything, and with many at the door at once.
#![cfg(test)]

mod common;

use std::sync::atomic::Ordering;

use common::{
    Call, House, TestClock, USER,
    cloud::{Fault, MemoryCloud},
    tokens::NOW_SECONDS,
};
use front_door::{
    clock::Clock,
    limits::{Admission, Limiter, Limits, Verdict, Window},
};
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::json;

const LIMITS: Limits = Limits { burst_per_second: 5, per_minute: 20 };
const START: u64 = NOW_SECONDS * 1_000;

#[tokio::test]
async fn the_sixth_request_within_a_second_has_to_wait() {
    let house = House::new();

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(house.call_now(Call::get("/ping").signed_in()).await.status);
    }

    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    let other = house.call_now(Call::get("/ping").signed_in_as("somebody-else")).await;
    assert_eq!(other.status, 200, "one user would keep the others out");
}

#[tokio::test]
async fn a_refusal_says_when_to_come_again_and_is_counted() {
    let house = House::new();
    for _ in 0..5 {
        house.call_now(Call::get("/ping").signed_in()).await;
    }

    let answer = house.call_now(Call::get("/ping").signed_in().header("origin", "http://localhost:5173")).await;

    assert_eq!((answer.error(), answer.header("retry-after")), ((429, "rate_limited"), Some("60")));
    assert_eq!(answer.message(), "at most 5 requests within a second and 20 within a minute");
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:5173"), "a page could not read why");
    let line = house.access_line();
    assert_eq!(line["ApiRateLimitBreaches"], json!(1.0), "{line}");
    let metric = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0];
    assert_eq!((&metric["Name"], &metric["Unit"]), (&json!("ApiRateLimitBreaches"), &json!("Count")), "CloudWatch would count nothing");
    let dimension = (&line["_aws"]["CloudWatchMetrics"][0]["Dimensions"], &line["RateTable"]);
    assert_eq!(dimension, (&json!([["RateTable"]]), &json!("rates")), "the alarm adds up all that count in this table");
    assert_eq!((&line["status"], &line["jwtSub"]), (&json!(429), &json!(USER)));
    assert_eq!(house.log().iter().filter(|line| !line["ApiRateLimitBreaches"].is_null()).count(), 1, "others would be counted too");
}

#[tokio::test]
async fn the_exact_wait_can_be_told() {
    let house = House::with(|config| config.retry_after = "exact".to_owned());
    for _ in 0..4 {
        for _ in 0..5 {
            assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200);
        }
        house.clock.advance(1_000);
    }

    let answer = house.call_now(Call::get("/ping").signed_in()).await;

    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("56")));
    house.clock.advance(55_999);
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 429);
    house.clock.advance(1);
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200, "the wait would have been too short");
}

#[tokio::test]
async fn two_hundred_at_once_never_exceed_the_limit() {
    let house = House::new();
    house.door.warm().await;
    house.cloud().others_come_between.store(true, Ordering::SeqCst);

    let mut admitted = Vec::new();
    for _ in 0..6 {
        let answers = join_all((0..200).map(|_| house.call_now(Call::get("/ping").signed_in()))).await;
        admitted.push(answers.iter().filter(|answer| answer.status == 200).count());
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 429), "{answers:?}");
        house.clock.advance(1_000);
    }

    assert_eq!(admitted, [5, 5, 5, 5, 0, 0], "five in a second, twenty in a minute, and nobody lost a place to a race");
}

#[tokio::test]
async fn two_hundred_at_once_at_forty_containers_never_exceed_the_limit() {
    let (cloud, clock) = (MemoryCloud::default(), TestClock::default());
    cloud.others_come_between.store(true, Ordering::SeqCst);
    let containers: Vec<_> = (0..40).map(|_| Limiter::new(LIMITS)).collect();

    let asked = (0..200).map(|number| containers[number % containers.len()].admit(&cloud, &clock, USER));
    let admitted = join_all(asked).await.into_iter().filter(|outcome| matches!(outcome, Ok(Admission::Admitted))).count();

    assert_eq!(admitted, 5);
}

#[tokio::test]
async fn without_its_table_nobody_is_let_in() {
    let house = House::new();
    house.cloud().fault("rate", Fault::Fails);

    let answer = house.call_now(Call::post("/infer", &json!({ "prompt": "hello" })).signed_in()).await;

    assert_eq!((answer.error(), answer.header("retry-after")), ((503, "unavailable"), Some("1")));
    assert!(house.access_line()["reason"].as_str().unwrap().contains("a test said so"), "nobody would know why");
    assert!(house.cloud().records().is_empty(), "a job would run that nobody counted");
    assert_eq!(house.call_now(Call::get("/ping").signed_in()).await.status, 200);
}

#[tokio::test]
async fn a_user_over_his_limit_costs_no_call() {
    let house = House::new();
    for _ in 0..100 {
        house.call_now(Call::get("/ping").signed_in()).await;
    }

    assert_eq!(house.cloud().look(|held| held.calls.len()), 5, "whoever hammers would pay us with our own money");
}

#[test]
fn a_broken_clock_locks_nobody_out() {
    let ahead = Window { version: 1, times: vec![START + 3_600_000; 20] };

    let verdict = LIMITS.judge(Some(&ahead), START);

    let Verdict::Admit(window) = verdict else { panic!("the user would wait for an hour: {verdict:?}") };
    assert_eq!(window.times, [START]);
}

/// A clock that is always some milliseconds beside another one.
struct Skewed<'a>(&'a TestClock, i64);

impl Clock for Skewed<'_> {
    fn milliseconds(&self) -> u64 {
        self.0.milliseconds().saturating_add_signed(self.1)
    }
}

/// Everything that was ever let in, by the times that were written: the limits said in the simplest way.
#[derive(Default)]
struct Model(Vec<u64>);

impl Model {
    fn asks(&mut self, now: u64) -> bool {
        let at = self.0.last().map_or(now, |&last| last.max(now));
        let within = |length: u64| self.0.iter().filter(|&&time| at - time < length).count();
        let admitted = within(1_000) < LIMITS.burst_per_second && within(60_000) < LIMITS.per_minute;
        if admitted {
            self.0.push(at);
        }
        admitted
    }
}

/// Most requests within any stretch of that length.
fn busiest(times: &[u64], length: u64) -> usize {
    times
        .iter()
        .enumerate()
        .map(|(first, &begin)| times[first..].iter().take_while(|&&time| time - begin < length).count())
        .max()
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_after_the_other_is_decided_as_the_model_decides(
        asked in prop::collection::vec((prop_oneof![Just(0), 1..400_u64, 900..1_100_u64, 2_000..8_000_u64], 0..4_usize), 1..200),
        clocks_differ in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (cloud, clock) = (MemoryCloud::default(), TestClock::default());
        let skews = if clocks_differ { [0, 7, -9, 3] } else { [0; 4] };
        let containers: Vec<_> = skews.iter().map(|_| Limiter::new(LIMITS)).collect();
        let mut model = Model::default();

        for (pause, container) in asked {
            clock.advance(pause);
            let own = Skewed(&clock, skews[container]);
            let admission = runtime.block_on(containers[container].admit(&cloud, &own, USER)).unwrap();
            let admitted = admission == Admission::Admitted;
            let mut next = Model(model.0.clone());
            let expected = next.asks(own.milliseconds());
            // Whoever refuses from memory may be some milliseconds too strict where clocks differ; nobody is ever too lenient.
            prop_assert!(admitted == expected || (clocks_differ && !admitted), "{admission:?} at {}", own.milliseconds());
            if admitted {
                model = next;
            }
            // A container whose clock is behind may not know of what another one let in a moment later.
            if let (Admission::Refused { wait_milliseconds }, false) = (admission, clocks_differ) {
                let mut later = Model(model.0.clone());
                prop_assert!(!Model(model.0.clone()).asks(own.milliseconds() + wait_milliseconds - 1), "the wait is too long");
                prop_assert!(later.asks(own.milliseconds() + wait_milliseconds), "the wait is too short");
            }
        }
        prop_assert!(busiest(&model.0, 1_000) <= 5 && busiest(&model.0, 60_000) <= 20);
    }

    #[test]
    fn however_containers_race_no_window_holds_more_than_its_limit(
        rounds in prop::collection::vec((0..3_000_u64, prop::collection::vec(0..5_usize, 1..12)), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (cloud, clock) = (MemoryCloud::default(), TestClock::default());
        cloud.others_come_between.store(true, Ordering::SeqCst);
        let skews = [0, 12, -12, 5, -3];
        let containers: Vec<_> = skews.iter().map(|_| Limiter::new(LIMITS)).collect();
        let mut let_in = Vec::new();

        for (pause, who) in rounds {
            clock.advance(pause);
            let own: Vec<_> = who.iter().map(|&container| Skewed(&clock, skews[container])).collect();
            let asked = who.iter().zip(&own).map(|(&container, own)| containers[container].admit(&cloud, own, USER));
            for outcome in runtime.block_on(join_all(asked)) {
                if outcome.unwrap() == Admission::Admitted {
                    let_in.push(clock.milliseconds());
                }
            }
        }
        // By the true time the windows are exact but for what the clocks differ: 24 milliseconds.
        prop_assert!(busiest(&let_in, 1_000 - 24) <= 5, "{let_in:?}");
        prop_assert!(busiest(&let_in, 60_000 - 24) <= 20, "{let_in:?}");
    }
}
