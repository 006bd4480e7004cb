//! One deploy of ours as a process: started, perhaps killed, and what it told before.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::super::Error;
use super::super::ground::{Ground, Version};

/// The engine's program.
const ENGINE: &str = "deploy";

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    /// The command line and the engine, as when a machine is taken away.
    Everything,
    /// The engine alone; the command line sees it go.
    Engine,
}

/// A deploy that runs.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    began: Instant,
    events: JoinHandle<Vec<String>>,
    words: JoinHandle<Vec<String>>,
}

/// A deploy that has ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) seconds: f64,
    /// None when it was killed.
    pub(super) code: Option<i32>,
    /// What it told, in JSON lines.
    pub(super) events: Vec<String>,
    /// What it said on stderr.
    pub(super) words: Vec<String>,
}

impl Running {
    /// Starts a deploy of a version, in a process group of its own.
    pub(super) fn start(ground: &Ground, version: Version) -> Result<Self, Error> {
        let program = std::env::current_exe().map_err(|source| Error::Start { program: "xtask".to_owned(), source })?;
        let mut command = Command::new(&program);
        command.args(["deploy", "--env", &ground.environment.name, "--no-smoke", "--json"]).process_group(0);
        ground.direct(&mut command, version, &ground.place());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn().map_err(|source| Error::Start { program: program.display().to_string(), source })?;
        let (events, words) = (lines(child.stdout.take()), lines(child.stderr.take()));
        Ok(Self { child, began, events, words })
    }

    /// Kills without a word, after a while. What is left of the deploy then ends.
    pub(super) fn kill_after(&self, delay: Duration, victim: Victim) {
        thread::sleep(delay.saturating_sub(self.began.elapsed()));
        let engine = if victim == Victim::Engine { engine_of(self.child.id()) } else { None };
        // Before there is an engine, there is nobody else to kill.
        let to = engine.map_or_else(|| format!("-{}", self.child.id()), |engine| engine.to_string());
        // Not yet waited for, the child's number belongs to nobody else.
        let kill = Command::new("sh").args(["-c", r#"kill -s KILL -- "$1""#, "sh", &to]).stderr(Stdio::null()).status();
        drop(kill);
    }

    /// Waits for the end.
    pub(super) fn end(mut self) -> Result<Ended, Error> {
        let status = self.child.wait().map_err(|source| Error::Start { program: "xtask".to_owned(), source })?;
        let seconds = self.began.elapsed().as_secs_f64();
        let (events, words) = (self.events.join().unwrap_or_default(), self.words.join().unwrap_or_default());
        Ok(Ended { seconds, code: status.code(), events, words })
    }
}

impl Ended {
    /// How far it got, by the last that it told. Whatever events there are: none is expected here.
    pub(super) fn phase(&self) -> String {
        let events = self.events.iter().rev().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        // A command line that lost its engine says so; how far it got stands before that.
        let last = events.into_iter().find(|event| event.get("event").and_then(Json::as_str) != Some("failed"));
        let Some(last) = last else { return "before the first event".to_owned() };
        let word = |name: &str| last.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        format!("after {} {}", word("event"), word("stack")).trim_end().to_owned()
    }
}

fn lines(from: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<String>> {
    thread::spawn(move || from.into_iter().flat_map(|from| BufReader::new(from).lines()).map_while(Result::ok).collect())
}

/// The engine that a command line has started, if it has.
fn engine_of(parent: u32) -> Option<u32> {
    let all = fs::read_dir("/proc").ok()?.flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_engine_of(&stat, parent)))
}

/// `PID (NAME) STATE PARENT …`
fn is_engine_of(stat: &str, parent: u32) -> bool {
    let Some((before, after)) = stat.rsplit_once(") ") else { return false };
    let name = before.split_once('(').map(|(_, name)| name);
    name == Some(ENGINE) && after.split(' ').nth(1) == Some(&parent.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[&str]) -> Ended {
        Ended { seconds: 1.0, code: None, events: events.iter().map(|line| (*line).to_owned()).collect(), words: Vec::new() }
    }

    #[test]
    fn the_last_event_tells_how_far_it_got() {
        let events = [r#"{"event":"identity","account":"1"}"#, r#"{"event":"resource","stack":"jobs","status":"X"}"#];

        assert_eq!(told(&events).phase(), "after resource jobs");
        assert_eq!(told(&events[..1]).phase(), "after identity");
        assert_eq!(told(&[events[0], r#"{"event":"reso"#]).phase(), "after identity", "a line that breaks off is no event");
        assert_eq!(told(&[events[1], r#"{"event":"failed"}"#]).phase(), "after resource jobs", "every kill of the engine would look alike");
        assert_eq!(told(&[]).phase(), "before the first event");
    }

    #[test]
    fn only_the_engine_of_this_command_line_is_killed() {
        assert!(is_engine_of("12 (deploy) S 7 7 1", 7));
        assert!(!is_engine_of("12 (deploy) S 8 8 1", 7), "somebody else's deploy would be killed");
        assert!(!is_engine_of("12 (cargo) S 7 7 1", 7));
        assert!(!is_engine_of("12 (x) (deploy) S 7 7 1", 7));
    }
}
