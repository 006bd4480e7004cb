//! Processes that were started earlier, by another run of this program: is it still that one, and how to end it.
//!
//! A process number is given to somebody else once its process has ended. So a process is remembered by its number together with
//! the moment at which it started, and nothing is ever ended that is not exactly that.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How often to look whether a process has ended.
const GLANCE: Duration = Duration::from_millis(20);

/// A process that cannot be mistaken for one that got its number later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// When it started, as the system tells it; only ever compared.
    started: String,
}

/// What to ask a process to do.
#[derive(Debug, Clone, Copy)]
enum Signal {
    Term,
    Kill,
}

impl Process {
    /// The process that has this number now.
    pub(super) fn with(pid: u32) -> Option<Self> {
        Some(Self { pid, started: if has_proc() { started_in_proc(pid)? } else { started_by_ps(pid)? } })
    }

    /// Whether it still runs. One that has ended and that nobody has buried yet does not.
    pub(super) fn is_alive(&self) -> bool {
        Self::with(self.pid).as_ref() == Some(self)
    }

    /// Asks it to end and, after `patience`, ends it; then ends what it has left behind in its group.
    ///
    /// Returns whether it ended of itself, and so had the time to put its things in order.
    pub(super) fn end(&self, patience: Duration) -> bool {
        let mut gently = false;
        if self.is_alive() {
            signal(&self.pid.to_string(), Signal::Term);
            gently = wait_until(patience, || !self.is_alive());
            if !gently {
                signal(&self.pid.to_string(), Signal::Kill);
                wait_until(patience, || !self.is_alive());
            }
        }
        self.end_group(patience);
        gently
    }

    /// Ends the processes that this one started, when itself is gone.
    ///
    /// The system gives a number to nobody while a group still carries it. So when another process has the number, the group is
    /// gone; and when nobody has it, whoever carries the group's number is ours.
    fn end_group(&self, patience: Duration) {
        if Self::with(self.pid).is_none() && !group(self.pid).is_empty() {
            signal(&format!("-{}", self.pid), Signal::Kill);
            wait_until(patience, || group(self.pid).is_empty());
        }
    }

    /// It and every process that it started.
    pub(super) fn family(&self) -> BTreeSet<u32> {
        group(self.pid).into_iter().chain([self.pid]).collect()
    }
}

/// Sends a signal to a process, or to a group when the number is negative. A process that has just ended is no mistake.
fn signal(to: &str, signal: Signal) {
    let name = match signal {
        Signal::Term => "TERM",
        Signal::Kill => "KILL",
    };
    // The shell has `kill` built in; the program of that name is missing on small machines.
    let kill = Command::new("sh").args(["-c", r#"kill -s "$1" -- "$2""#, "sh", name, to]).stderr(Stdio::null()).status();
    drop(kill);
}

fn wait_until(patience: Duration, done: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !done() {
        if patience < started.elapsed() {
            return false;
        }
        thread::sleep(GLANCE);
    }
    true
}

/// Linux shows its processes as files; elsewhere `ps` is asked.
fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// What `/proc/<pid>/stat` says, from the third field on; none for a process that has ended and only waits to be buried.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may itself hold brackets and spaces.
    let fields: Vec<String> = text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect();
    (!matches!(fields.first()?.as_str(), "Z" | "X")).then_some(fields)
}

fn started_in_proc(pid: u32) -> Option<String> {
    // Field 22: ticks since the machine started, which is only unique together with that start.
    let ticks = stat(pid)?.get(19)?.clone();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{ticks} {}", boot.trim()))
}

fn started_by_ps(pid: u32) -> Option<String> {
    let said = ps(&["-o", "stat=,lstart=", "-p", &pid.to_string()])?;
    let (state, started) = said.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// The processes of a group.
fn group(number: u32) -> BTreeSet<u32> {
    if has_proc() {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // Field 5 is the group.
        return pids.filter(|pid| stat(*pid).is_some_and(|fields| fields.get(2) == Some(&number.to_string()))).collect();
    }
    let said = ps(&["-A", "-o", "pid=,pgid=,stat="]).unwrap_or_default();
    let rows = said.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (pid, group) = (words.next()?.parse().ok()?, words.next()?.parse::<u32>().ok()?);
        (group == number && !words.next()?.starts_with('Z')).then_some(pid)
    });
    rows.collect()
}

fn ps(arguments: &[&str]) -> Option<String> {
    let output = Command::new("ps").args(arguments).env("LC_ALL", "C").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{self, Child};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn start(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).process_group(0).stdout(Stdio::piped()).spawn().unwrap()
    }

    #[test]
    fn this_process_is_alive_and_known_by_its_start() {
        let me = Process::with(process::id()).unwrap();

        let another = Process { started: "then".to_owned(), ..me.clone() };

        assert!(me.is_alive());
        assert!(!another.is_alive(), "whoever got the number later would be taken for the local cloud, and ended");
    }

    #[test]
    fn a_process_that_ended_is_not_alive_although_nobody_has_waited_for_it() {
        let mut child = start("exit 0");
        let pid = child.id();

        let gone = wait_until(PATIENCE, || Process::with(pid).is_none());

        assert!(gone, "`local down` would wait for a dead process");
        child.wait().unwrap();
    }

    #[test]
    fn a_process_is_asked_to_end_before_it_is_ended() {
        let mut child = start("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        wait_for_line(&mut child);
        let process = Process::with(child.id()).unwrap();

        let gently = process.end(PATIENCE);

        assert!(gently, "the local cloud could not write down what it holds");
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn a_process_that_will_not_end_is_ended_with_all_that_it_started() {
        let mut child = start("trap '' TERM; sleep 1000 & echo ready; while :; do sleep 0.05; done");
        wait_for_line(&mut child);
        let process = Process::with(child.id()).unwrap();
        assert!(2 <= process.family().len(), "the test needs a child");

        let gently = process.end(Duration::from_millis(100));

        assert!(!gently);
        assert_eq!(group(process.pid), BTreeSet::new(), "functions would go on running with nobody to stop them");
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_has_the_number_of_ours_is_left_alone() {
        let mut child = start("sleep 1000");
        let stranger = Process { pid: child.id(), started: "long ago".to_owned() };

        stranger.end(Duration::from_millis(100));

        assert!(child.try_wait().unwrap().is_none(), "somebody else's program would have been ended");
        Process::with(child.id()).unwrap().end(PATIENCE);
        child.wait().unwrap();
    }

    fn wait_for_line(child: &mut Child) {
        use std::io::{BufRead, BufReader};
        BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    }
}
