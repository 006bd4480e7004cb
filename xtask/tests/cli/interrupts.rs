//! Ctrl-C in the middle of a deploy.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use protocol::{Event, FailureKind, Sent, Wish};

use crate::world::{World, failed, says};

/// Starts a deploy as a terminal would: in a process group of its own, which Ctrl-C reaches as a whole.
fn start(world: &World) -> (Child, impl BufRead + use<>) {
    let mut command = world.command(&["deploy", "--env", "staging", "--yes", "--json"]);
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains("half way"), "the engine never began: {first}");
    (child, stdout)
}

fn half_way() -> String {
    says(&Event::Note { text: "half way".to_owned() })
}

fn press_ctrl_c(child: &Child) {
    let pressed = Command::new("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().unwrap();
    assert!(pressed.success());
}

fn stderr(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_engine_says_its_last_words_after_ctrl_c() {
    let world = World::new();
    let last_words = failed(FailureKind::Interrupted, "interrupted", &[], "deploy again to go on", Sent::Something);
    world.engine(&format!(
        "trap 'sleep 0.2; {}; exit 1' INT\n{}\nwhile true; do sleep 0.05; done",
        says(&last_words).replace('\'', "'\\''"),
        half_way()
    ));
    let (mut child, mut stdout) = start(&world);

    press_ctrl_c(&child);
    let code = child.wait().unwrap().code();

    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"interrupted\""), "nobody would know how things stand: {rest}");
    assert_eq!(code, Some(1));
    assert!(stderr(&mut child).contains("hint: a part was changed and stands; deploy again to go on"));
}

#[test]
fn an_engine_that_ctrl_c_did_not_reach_learns_of_it_by_a_line() {
    let world = World::new();
    let last_words = failed(FailureKind::Interrupted, "interrupted", &[], "deploy again to go on", Sent::Nothing);
    let wish = serde_json::to_string(&Wish::Stop).unwrap();
    world.engine(&format!("trap '' INT\n{}\nread line\ntest \"$line\" = '{wish}' && {}", half_way(), says(&last_words)));
    let (mut child, _stdout) = start(&world);

    press_ctrl_c(&child);
    let code = child.wait().unwrap().code();

    assert_eq!(code, Some(1));
    assert!(stderr(&mut child).contains("error: interrupted"), "it would go on deploying with nobody watching");
}

#[test]
fn a_second_ctrl_c_is_the_wish_to_cancel() {
    let world = World::new();
    let last_words = failed(FailureKind::Interrupted, "cancelled and rolled back", &[], "deploy again", Sent::Undone);
    let wish = serde_json::to_string(&Wish::Cancel).unwrap();
    let heard = half_way();
    world.engine(&format!("trap '' INT\n{heard}\nread line\n{heard}\nread line\ntest \"$line\" = '{wish}' && {}", says(&last_words)));
    let (mut child, mut stdout) = start(&world);

    press_ctrl_c(&child);
    // Signals of one kind do not queue: the second is only one when the first has been heard.
    stdout.read_line(&mut String::new()).unwrap();
    press_ctrl_c(&child);
    let code = child.wait().unwrap().code();

    assert_eq!(code, Some(1));
    assert!(stderr(&mut child).contains("error: cancelled and rolled back"), "an update that nobody wants would go on");
}

#[test]
fn a_third_ctrl_c_ends_an_engine_that_will_not_end() {
    let world = World::new();
    world.engine(&format!("trap '{}' INT\n{}\nwhile true; do sleep 0.05; done", half_way().replace('\'', "'\\''"), half_way()));
    let (mut child, mut stdout) = start(&world);

    for _ in 0..2 {
        press_ctrl_c(&child);
        // Signals of one kind do not queue: the next is only one when this one has been heard.
        stdout.read_line(&mut String::new()).unwrap();
    }
    press_ctrl_c(&child);
    let code = child.wait().unwrap().code();

    assert_eq!(code, Some(1), "only killing the terminal would help");
    assert!(stderr(&mut child).contains("was ended by a third Ctrl-C"));
}

#[test]
fn ctrl_c_while_something_is_built_sends_nothing() {
    let world = World::new();
    world.cargo("echo '   Compiling serde v1.0.0' >&2; exec sleep 600");
    let mut command = world.command(&["deploy", "--env", "staging", "--yes"]);
    let mut child = command.process_group(0).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut String::new()).unwrap();

    press_ctrl_c(&child);
    let code = child.wait().unwrap().code();

    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(code, Some(1));
    assert!(rest.contains("error: interrupted before anything was sent"), "it would look like a broken build: {rest}");
    assert!(world.request().is_none(), "what was not built would be deployed");
}
