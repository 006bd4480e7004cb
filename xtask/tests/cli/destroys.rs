//! Environments and stacks that go, as the engine is asked for them.

use protocol::{Event, FailureKind, Outcome, Request, Sent};

use crate::world::{World, failed};

fn gone() -> Event {
    Event::Done { outcome: Outcome::Changed, calls: [].into(), seconds: 0.1 }
}

#[test]
fn a_protected_environment_wants_its_name_typed_even_with_a_yes() {
    let world = World::new();

    let ran = world.run(&["destroy", "--env", "prod", "--yes", "--lift-protection", "prod"]);

    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("its name has to be typed"), "{}", ran.stderr);
    assert!(world.request().is_none(), "a script could delete production");
}

#[test]
fn protection_is_lifted_by_the_right_name_only() {
    let world = World::new();

    let ran = world.run(&["destroy", "--env", "prod", "--yes", "--lift-protection", "qa"]);

    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("`--lift-protection qa` does not name `prod`"), "{}", ran.stderr);
    assert!(world.request().is_none());
}

#[test]
fn a_stack_that_left_the_platform_is_named_within_its_environment() {
    for named in ["old", "cloudwright-staging-old"] {
        let world = World::new();
        world.engine_tells(&[gone()]);

        let ran = world.run(&["destroy", "--env", "staging", "--yes", "--stack", named, "--retain", "Uploads"]);

        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let Some(Request::Destroy(destroy)) = world.request() else { panic!("{:?}", world.request()) };
        let names: Vec<_> = destroy.stacks.iter().map(|stack| stack.name.as_str()).collect();
        assert_eq!(names, ["cloudwright-staging-old"], "somebody else's stack could go");
        assert_eq!(destroy.retain, ["Uploads"]);
        assert_eq!(destroy.others.len(), 7, "nobody would notice that another stack needs it");
    }
}

#[test]
fn something_that_stays_is_no_success() {
    let world = World::new();
    world.engine_tells(&[failed(FailureKind::Stuck, "`cloudwright-staging-images` could not be deleted", &[], "--purge", Sent::Something)]);

    let ran = world.run(&["destroy", "--env", "staging", "--yes"]);

    assert_eq!(ran.code, Some(1), "a pipeline would believe that everything is gone");
}
