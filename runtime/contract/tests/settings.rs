//! Configurations: what the stack writes, the program reads, and a wrong setting is named with what would have been right.
#![cfg(test)]

use std::collections::BTreeMap;

use contract::Words;
use contract::fleet::ReconcilerConfig;
use contract::front_door::FrontDoorConfig;

fn front_door() -> FrontDoorConfig {
    let text = |name: &str| format!("the {name}");
    FrontDoorConfig {
        issuer: text("issuer"),
        jwks_url: text("keys"),
        client_id: text("client"),
        jobs_table: text("jobs"),
        rate_table: text("rate"),
        fleet_table: text("fleet"),
        job_queue_url: text("queue"),
        picture_queue_url: text("pictures"),
        ops_queue_url: text("ops"),
        token_use: "id".to_owned(),
        origins: Words::default(),
        burst_per_second: 5,
        per_minute: 20,
        retry_after: "60".to_owned(),
        accepts_jobs: true,
        may_resize: true,
        max_body_bytes: 65_536,
        max_prompt_bytes: 16_384,
        max_tokens: 512,
        models: Words::from_iter(["tinyllama"]),
        picture_family: "stability".to_owned(),
        job_lifetime_seconds: 3_600,
        record_days: 30,
        admin_group: "admins".to_owned(),
        instance_types: Words::from_iter(["g4dn.xlarge", "g5.xlarge"]),
    }
}

#[test]
fn a_program_reads_what_its_stack_wrote() {
    let written: BTreeMap<_, _> = front_door().variables().into_iter().collect();

    let read = FrontDoorConfig::read(|name| written.get(name).cloned());

    assert_eq!(read, Ok(front_door()));
    assert!(written.keys().all(|name| name.starts_with("FRONT_DOOR_")), "two programs would share a variable: {written:?}");
    assert!(written.values().all(|value| !value.is_empty()), "an empty variable reads like a missing one: {written:?}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_what_would_be_right() {
    let mut written: BTreeMap<_, _> = front_door().variables().into_iter().collect();
    written.remove("FRONT_DOOR_CLIENT_ID");
    written.insert("FRONT_DOOR_PER_MINUTE", "0".to_owned());
    written.insert("FRONT_DOOR_TOKEN_USE", "both".to_owned());
    written.insert("FRONT_DOOR_ACCEPTS_JOBS", "perhaps".to_owned());

    let problems = FrontDoorConfig::read(|name| written.get(name).cloned()).unwrap_err();

    let said: Vec<_> = problems.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "`FRONT_DOOR_CLIENT_ID` is not set, it must be the id of the user pool's app client",
            "`FRONT_DOOR_ACCEPTS_JOBS` is `perhaps`, it must be `true` or `false`",
            "`FRONT_DOOR_TOKEN_USE` is `both`, it must be one of `id`, `access`",
            "`FRONT_DOOR_PER_MINUTE` is `0`, it must be a whole number from 1 to 1000",
        ]
    );
}

#[test]
fn a_stack_knows_what_is_wrong_before_it_renders() {
    let config = ReconcilerConfig {
        job_queue_url: (),
        picture_queue_url: (),
        jobs_table: (),
        fleet_table: (),
        target: (),
        resize_machine_arn: (),
        power_machine_arn: (),
        mode: "scaled".to_owned(),
        max_workers: 0,
        backlog_per_worker: 10,
        idle_minutes: 10,
        unsent_seconds: 60,
        instance_types: Words::default(),
    };

    let problems = config.problems();

    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].to_string(), "`RECONCILER_MAX_WORKERS` is `0`, it must be a whole number from 1 to 100");
}
