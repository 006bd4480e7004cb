//! Container images: made, and pushed by an engine that plays its part.

use std::fs;

use protocol::{Event, Outcome, Request};
use serde_json::Value;

use crate::world::{World, says};

const NAME: &str = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/cloudwright-staging-images";

/// A repository whose environment has one for images.
fn with_repository() -> World {
    let world = World::new();
    let file = world.path("environments/staging.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let changed = text.replacen("\nimages:\n", "\nimages:\n  upload:\n    repository: true\n", 1);
    assert_ne!(text, changed, "the environment has another form than this test thinks");
    fs::write(&file, changed).unwrap();
    world
}

fn digest(stdout: &str) -> String {
    let answer: Value = serde_json::from_str(stdout).unwrap();
    answer["digest"].as_str().unwrap().to_owned()
}

#[test]
fn an_image_is_made_without_asking_anybody_and_is_the_same_the_next_time() {
    let world = World::new();

    let first = world.run(&["image", "--env", "staging", "--json"]);
    let second = world.run(&["image", "--env", "staging", "--json", "--out", "elsewhere"]);

    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{} {}", first.stderr, second.stderr);
    assert_eq!(digest(&first.stdout), digest(&second.stdout), "every build would be a release");
    let name = digest(&first.stdout);
    let manifest = world.path("elsewhere/blobs/sha256").join(name.trim_start_matches("sha256:"));
    let manifest: Value = serde_json::from_str(&fs::read_to_string(manifest).unwrap()).unwrap();
    assert_eq!(manifest["annotations"]["org.opencontainers.image.revision"].as_str().unwrap().len(), 40, "{manifest}");
    assert!(world.request().is_none(), "the engine was started for a file on disk");
    assert!(world.cargo_calls().contains("--profile lambda"), "AWS would run a debug build: {}", world.cargo_calls());
}

#[test]
fn without_a_repository_nothing_is_built_and_the_setting_is_named() {
    let world = World::new();

    let ran = world.run(&["image", "--env", "staging", "--push"]);

    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("set `images.upload.repository: true` in environments/staging.yaml"), "{}", ran.stderr);
    assert_eq!((world.cargo_calls().as_str(), world.request()), ("", None), "minutes of building for a mistake that was known");
}

#[test]
fn a_pushed_image_is_told_by_its_whole_name_and_where_to_write_it() {
    let world = with_repository();
    let made = digest(&world.run(&["image", "--env", "staging", "--json"]).stdout);
    let told = Event::Image { name: format!("{NAME}@{made}"), bytes: 12, uploaded: true };
    let done = Event::Done { outcome: Outcome::Changed, calls: [].into(), seconds: 0.1 };
    world.engine(&[says(&told), says(&done)].join("\n"));

    let ran = world.run(&["image", "--env", "staging", "--push"]);

    assert_eq!((ran.code, ran.stdout), (Some(0), format!("{NAME}@{made}\n")), "{}", ran.stderr);
    assert!(ran.stderr.contains("set `images.upload.image` in environments/staging.yaml"), "{}", ran.stderr);
    let Some(Request::Push(push)) = world.request() else { panic!("{:?}", world.request()) };
    assert_eq!((push.digest, push.repository_output.as_str()), (made, "ImageRepositoryUri"));
    assert_eq!((push.target.environment.as_str(), push.repository_stack.name.as_str()), ("staging", "cloudwright-staging-artifacts"));
    assert!(push.layout.is_absolute() && push.layout.join("oci-layout").is_file(), "the engine would not find it: {:?}", push.layout);
}

#[test]
fn what_no_commit_holds_is_not_pushed_unasked() {
    let world = with_repository();
    fs::write(world.path(".gitignore"), "*\n!notes\n").unwrap();
    fs::write(world.path("notes"), "not yet").unwrap();

    let ran = world.run(&["image", "--env", "staging", "--push"]);

    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("--allow-dirty"), "{}", ran.stderr);
    assert!(world.request().is_none());
}
