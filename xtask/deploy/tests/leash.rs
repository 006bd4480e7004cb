//! A worker that outlives the agent is one that nobody knows of.
#![cfg(all(test, target_os = "linux"))]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ENGINE: &str = env!("CARGO_BIN_EXE_deploy");

/// Waits until something is so, and says whether it came to be.
fn becomes(holds: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !holds() {
        if Duration::from_secs(20) < started.elapsed() {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Whether a process is there and has not ended.
fn is_there(pid: &str) -> bool {
    fs::read_to_string(Path::new("/proc").join(pid).join("stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().unwrap_or_default().starts_with('Z'))
}

#[test]
fn a_worker_ends_with_an_agent_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("worker");
    // The agent, as far as a worker knows: it starts one and waits.
    let script = r#""$1" leashed $$ /bin/sh -c 'echo $$ > "$0.draft"; mv "$0.draft" "$0"; exec sleep 1000' "$2" & wait"#;
    let mut agent = Command::new("sh").args(["-c", script, "sh", ENGINE]).arg(&file).stdin(Stdio::null()).spawn().unwrap();
    let started = becomes(|| file.exists());
    let worker = fs::read_to_string(&file).unwrap_or_default();

    let before = is_there(worker.trim());
    agent.kill().unwrap();
    agent.wait().unwrap();

    assert!(started && before, "no worker would ever run here");
    assert!(becomes(|| !is_there(worker.trim())), "it would take jobs until somebody found it: {worker}");
}

#[test]
fn a_worker_whose_agent_is_gone_already_is_not_started() {
    let output = Command::new(ENGINE).args(["leashed", "1", "/bin/echo", "started"]).stdin(Stdio::null()).output().unwrap();

    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "it would outlive the agent");
}
