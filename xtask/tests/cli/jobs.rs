//! `send`, `jobs`, `dlq` and `logs --job`: what the engine is asked, and what people and programs see of its answers.

use protocol::{DeadLetter, Done, Event, FailureKind, Fate, JobRecord, Outcome, Request, Sent, StackRef, Undertaking};
use serde_json::{Value, json};

use crate::world::{World, failed};

const ID: &str = "01KATX3W7G2M8Z9QCVB4R5NDEF";

fn done(outcome: Outcome) -> Event {
    Event::Done { outcome, calls: [].into(), seconds: 0.1 }
}

fn job(state: &str, text: &str) -> JobRecord {
    JobRecord {
        job_id: ID.to_owned(),
        state: state.to_owned(),
        user: "ada".to_owned(),
        task: "generate".to_owned(),
        created_at: 1_790_000_000,
        text: Some(text.to_owned()),
        ..JobRecord::default()
    }
}

fn told(job: JobRecord) -> Event {
    Event::Job(Box::new(job))
}

fn letter() -> DeadLetter {
    DeadLetter {
        stack: "jobs".to_owned(),
        queue: "JobDeadLetterQueue".to_owned(),
        message_id: "m-1".to_owned(),
        job_id: Some(ID.to_owned()),
        reason: Some("model_refused".to_owned()),
        received: 2,
        sent_at: 1_790_000_000_000,
        group: Some("ada".to_owned()),
        attributes: [("JobId".to_owned(), ID.to_owned())].into(),
        body: "{\"version\":1}".to_owned(),
    }
}

#[test]
fn a_prompt_becomes_a_job_as_the_front_door_makes_it() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Changed)]);

    let ran =
        world.run(&["send", "--env", "staging", "--model", "tinyllama", "--system", "be short", "--max-tokens", "9", "--no-wait", "why?"]);

    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let Some(Request::Submit(submit)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!((submit.stack.stack.as_str(), submit.message["user"].as_str()), ("jobs", Some("operator")));
    assert_eq!(submit.message["job_id"].as_str(), Some(ran.stdout.trim()), "nobody could look at the job");
    let turn = |role: &str, content: &str| json!({ "role": role, "content": content });
    let parameters = &submit.message["parameters"];
    assert_eq!(parameters["messages"], json!([turn("system", "be short"), turn("user", "why?")]));
    assert_eq!((&parameters["model"], &parameters["max_tokens"]), (&json!("tinyllama"), &json!(9)));
}

#[test]
fn a_prompt_for_a_picture_becomes_a_job_of_its_own_queue_and_the_file_is_the_answer() {
    let world = World::new();
    let picture = JobRecord { text: None, result_key: Some("pictures/x.png".to_owned()), ..job("done", "") };
    world.engine_tells(&[told(picture), done(Outcome::Read)]);

    let handed_in = world.run(&[
        "send",
        "--env",
        "staging",
        "--image",
        "a fox",
        "--negative",
        "text",
        "--aspect-ratio",
        "16:9",
        "--seed",
        "7",
        "--no-wait",
    ]);
    let submitted = world.request();
    let waited = world.run(&["send", "--env", "staging", "--image", "a fox", "--out", "fox.png"]);

    assert_eq!(handed_in.code, Some(0), "{}", handed_in.stderr);
    let Some(Request::Submit(submit)) = submitted else { panic!("the engine was asked something else") };
    assert_eq!((submit.stack.stack.as_str(), submit.message["task"].as_str()), ("jobs", Some("picture")));
    assert_eq!(submit.pictures.map(|stack| stack.stack), Some("imagegen".to_owned()), "workers would get what they cannot do");
    let parameters = json!({ "prompt": "a fox", "negative_prompt": "text", "aspect_ratio": "16:9", "seed": 7 });
    assert_eq!(submit.message["parameters"], parameters);
    assert_eq!((waited.code, waited.stdout.as_str()), (Some(0), "fox.png\n"), "{}", waited.stderr);
    let Some(Request::Job(find)) = world.request() else { panic!("nobody would fetch the picture") };
    assert!(find.save.is_some_and(|file| file.is_absolute() && file.ends_with("fox.png")), "the engine may be elsewhere");
}

#[test]
fn the_text_goes_to_stdout_as_it_grows_and_all_else_to_stderr() {
    let world = World::new();
    let finished = JobRecord { tokens: Some(2), ..job("done", "Because of Rayleigh.") };
    world.engine_tells(&[told(job("queued", "")), told(job("running", "Because")), told(finished), done(Outcome::Read)]);

    let for_people = world.run(&["send", "--env", "staging", "--model", "tinyllama", "why?"]);
    let for_programs = world.run(&["jobs", "--env", "staging", ID, "--follow", "--json"]);

    assert_eq!((for_people.code, for_people.stdout.as_str()), (Some(0), "Because of Rayleigh.\n"), "{}", for_people.stderr);
    assert!(for_people.stderr.contains("waits for a worker") && for_people.stderr.contains("is done, 2 tokens"), "{}", for_people.stderr);
    let states: Vec<Value> = for_programs.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(states.iter().map(|job| job["state"].as_str().unwrap()).collect::<Vec<_>>(), ["queued", "running", "done"]);
}

#[test]
fn a_job_that_fails_ends_with_one_and_says_where_to_look() {
    let world = World::new();
    let failed = JobRecord { reason: Some("out_of_memory".to_owned()), ..job("failed", "") };
    world.engine_tells(&[told(failed), done(Outcome::Read)]);

    let ran = world.run(&["send", "--env", "staging", "--model", "tinyllama", "why?"]);

    assert_eq!(ran.code, Some(1), "a script would take it for an answer");
    assert!(ran.stderr.contains("is failed: out_of_memory") && ran.stderr.contains("logs --env staging --job"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_asked_is_refused_before_the_engine_is_started() {
    let world = World::new();

    let empty = world.run(&["send", "--env", "staging", "--model", "tinyllama", " "]);
    let nothing = world.run(&["send", "--env", "staging"]);
    let shape = world.run(&["send", "--env", "staging", "--image", "--aspect-ratio", "4:3", "a fox"]);
    let long = world.run(&["send", "--env", "staging", "--image", "--seed", "4294967296", "a fox"]);
    let model = world.run(&["send", "--env", "staging", "--image", "--model", "tinyllama", "a fox"]);
    assert_eq!([shape.code, long.code, model.code], [Some(2); 3], "{}{}{}", shape.stderr, long.stderr, model.stderr);
    let both = world.run(&["send", "--env", "staging", "--stack", "jobs", "--queue", "JobQueue", "--model", "tinyllama", "job.json"]);

    assert_eq!([empty.code, nothing.code, both.code], [Some(2); 3], "{}{}{}", empty.stderr, nothing.stderr, both.stderr);
    assert!(world.request().is_none());
}

#[test]
fn jobs_are_listed_one_a_line() {
    let world = World::new();
    let running = JobRecord { tokens: Some(7), worker: Some("i-1".to_owned()), text: None, ..job("running", "") };
    world.engine_tells(&[told(running), done(Outcome::Read)]);

    let ran = world.run(&["jobs", "--env", "staging", "--state", "running", "--limit", "5"]);
    let asked = world.request();
    let wrong = world.run(&["jobs", "--env", "staging", "--state", "resting"]);

    assert!(
        ran.stdout.starts_with(&format!("{ID}  running  ")) && ran.stdout.contains("ada  7 tokens  i-1"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    let Some(Request::Jobs(list)) = asked else { panic!("{asked:?}") };
    assert_eq!((list.state.as_deref(), list.limit), (Some("running"), 5));
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("cancelled"), "{}", wrong.stderr);
}

#[test]
fn one_job_is_shown_with_its_text() {
    let world = World::new();
    world.engine_tells(&[told(job("running", "Because")), done(Outcome::Read)]);

    let ran = world.run(&["jobs", "--env", "staging", ID]);

    assert!(ran.stdout.contains("state     running\n") && ran.stdout.ends_with("\n\nBecause\n"), "{}{}", ran.stdout, ran.stderr);
    let Some(Request::Job(find)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!((find.job_id.as_str(), find.follow), (ID, false));
}

#[test]
fn dead_letters_are_one_a_line_and_nobody_keeps_them() {
    let world = World::new();
    let given_up = DeadLetter { reason: None, job_id: None, ..letter() };
    world.engine_tells(&[Event::DeadLetter(Box::new(letter())), Event::DeadLetter(Box::new(given_up)), done(Outcome::Read)]);

    let ran = world.run(&["dlq", "list", "--env", "staging"]);
    let whole = world.run(&["dlq", "show", "--env", "staging", ID]);

    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with(&format!("jobs.JobDeadLetterQueue  {ID}  model_refused      2 receives  ")),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert!(lines[1].contains("m-1") && lines[1].contains("too many receives"), "{}", ran.stdout);
    assert!(ran.stderr.contains("2 messages; held for a moment to be read, and given back"), "{}", ran.stderr);
    assert!(whole.stdout.contains("JobId     01KATX3W") && whole.stdout.contains("\n\n{\"version\":1}\n"), "{}", whole.stdout);
}

#[test]
fn a_redrive_says_what_became_of_each() {
    let world = World::new();
    let fate = |fate, why: Option<&str>| {
        Event::Fate(Fate { message_id: "m-1".to_owned(), job_id: Some(ID.to_owned()), fate, why: why.map(str::to_owned) })
    };
    world.engine_tells(&[fate(Done::Redriven, None), fate(Done::Left, Some("job is done")), done(Outcome::Changed)]);

    let ran = world.run(&["dlq", "redrive", "--env", "staging", "--all"]);
    let asked = world.request();
    let nobody = world.run(&["dlq", "redrive", "--env", "staging"]);

    assert_eq!(ran.stdout, format!("{ID}  waits in its queue again\n{ID}  left where it is: job is done\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 message sent again, 1 left"), "{}", ran.stderr);
    let Some(Request::DeadLetters(letters)) = asked else { panic!("{asked:?}") };
    assert_eq!((letters.what, letters.jobs.stack.as_str()), (Undertaking::Redrive { id: None }, "jobs"));
    assert_eq!(nobody.code, Some(2), "a slip of the finger would send everything again");
}

#[test]
fn dropping_without_a_person_needs_a_yes() {
    let world = World::new();
    world.engine_tells(&[done(Outcome::Unchanged)]);

    let silent = world.run(&["dlq", "drop", "--env", "staging", ID]);
    let before = world.request();
    let yes = world.run(&["dlq", "drop", "--env", "staging", ID, "--yes"]);

    assert_eq!((silent.code, before), (Some(2), None), "a job would be lost without a word: {}", silent.stderr);
    assert_eq!(yes.code, Some(0), "{}", yes.stderr);
    let Some(Request::DeadLetters(letters)) = world.request() else { panic!("the engine was asked something else") };
    assert_eq!(letters.what, Undertaking::Drop { id: Some(ID.to_owned()), ask: false });
}

#[test]
fn the_way_of_one_job_is_followed_through_all_log_groups() {
    let world = World::new();
    let stack = |name: &str| StackRef { stack: name.to_owned(), name: format!("cloudwright-staging-{name}") };
    let line = |name: &str, group: &str, message: &str| Event::Log {
        stack: stack(name),
        group: group.to_owned(),
        stream: "s".to_owned(),
        at: "2026-11-23T12:00:00Z".to_owned(),
        message: message.to_owned(),
    };
    world.engine_tells(&[
        line("api", "/aws/lambda/cloudwright-staging-api-FrontDoor", &format!("{{\"message\":\"queued\",\"jobId\":\"{ID}\"}}\n")),
        line("api", "/aws/lambda/cloudwright-staging-api-FrontDoor", "{\"message\":\"somebody else's\"}"),
        line("fleet", "workers", &format!("{{\"message\":\"done\",\"jobId\":\"{ID}\"}}")),
        done(Outcome::Read),
    ]);

    let ran = world.run(&["logs", "--env", "staging", "--job", ID]);
    let asked = world.request();
    let wrong = world.run(&["logs", "--env", "staging", "--job", "42"]);

    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}{}", ran.stdout, ran.stderr);
    assert!(lines[0].starts_with("2026-11-23T12:00:00Z api-FrontDoor: ") && lines[1].contains(" workers: "), "{}", ran.stdout);
    let Some(Request::Logs(logs)) = asked else { panic!("{asked:?}") };
    assert_eq!(logs.filter, Some(format!("\"{ID}\"")));
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn a_failure_of_the_engine_is_told_as_it_is() {
    let world = World::new();
    world.engine_tells(&[failed(FailureKind::Request, "`staging` has no stack `jobs`", &[], "deploy it", Sent::Nothing)]);

    let ran = world.run(&["send", "--env", "staging", "--model", "tinyllama", "why?"]);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("`staging` has no stack `jobs`") && ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
}
