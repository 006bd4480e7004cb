//! Programs that are measured: how long, how much CPU, how much memory.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::{Error, read};
use crate::interrupts::Interrupts;

/// Where a program of the room `testcloud` looks for the number of the process that it ends with.
const PARENT: &str = "TESTCLOUD_PARENT";

/// How often a program that runs is looked after.
const GLANCE: Duration = Duration::from_millis(50);

/// GNU time, which knows how much memory a program had at most; BSD's prints something else and is not asked.
const GNU_TIME: &str = "/usr/bin/time";

/// The kernel counts CPU for us in hundredths of a second, whatever its own clock does (`USER_HZ` in proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Took {
    pub(super) wall_seconds: f64,
    /// Of the program and of all that it started; nothing where this system does not tell.
    pub(super) cpu_seconds: Option<f64>,
}

/// Runs a program so often in a row, and gives what one run took.
///
/// The programs' stdout is dropped. One that fails ends it, with what it said.
pub(super) fn time(times: u32, command: impl Fn() -> Command) -> Result<Took, Error> {
    let (took, ()) = timed(|| (0..times).try_for_each(|_| answer(&mut command()).map(drop)))?;
    let share = f64::from(times.max(1));
    Ok(Took { wall_seconds: took.wall_seconds / share, cpu_seconds: took.cpu_seconds.map(|cpu| cpu / share) })
}

/// Does something that starts programs and waits for them, and says what they took.
pub(super) fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<(Took, T), Error> {
    let (before, started) = (children(), Instant::now());
    let result = work()?;
    let wall_seconds = started.elapsed().as_secs_f64();
    Ok((Took { wall_seconds, cpu_seconds: before.zip(children()).map(|(before, after)| after - before) }, result))
}

/// Runs a program and gives what it wrote to stdout.
pub(super) fn answer(command: &mut Command) -> Result<String, Error> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| Error::Start { program: program(command), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed { command: words(command), said: said.lines().rev().take(12).map(ToOwned::to_owned).collect() })
}

/// The same of a program that takes minutes: it is ended, and with it whatever it started, as soon as somebody wants that.
///
/// The program learns who started it, so that it can end with us also when we are killed.
pub(super) fn answer_until(command: &mut Command, interrupts: &Interrupts) -> Result<String, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env(PARENT, std::process::id().to_string());
    let fails = |command: &Command| {
        let program = program(command);
        move |source| Error::Start { program, source }
    };
    let mut child = command.spawn().map_err(fails(command))?;
    let said = child.stderr.take().map(read_aside);
    let answered = child.stdout.take().map(read_aside);
    let status = loop {
        match child.try_wait().map_err(fails(command))? {
            Some(status) => break status,
            None if 0 < interrupts.count() => {
                drop(child.kill());
                drop(child.wait());
                return Err(Error::Interrupted);
            }
            None => thread::sleep(GLANCE),
        }
    };
    let text = |aside: Option<JoinHandle<String>>| aside.and_then(|aside| aside.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(text(answered));
    }
    Err(Error::Failed { command: words(command), said: text(said).lines().rev().take(12).map(ToOwned::to_owned).collect() })
}

/// Reads to the end beside us: a full pipe would stop the program.
fn read_aside(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until then is worth having.
        drop(from.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs a program whose stderr is the person's to read, and gives what it wrote to stdout.
pub(super) fn shown(command: &mut Command) -> Result<String, Error> {
    answer_with(command.stderr(Stdio::inherit()))
}

fn answer_with(command: &mut Command) -> Result<String, Error> {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let output =
        started.and_then(std::process::Child::wait_with_output).map_err(|source| Error::Start { program: program(command), source })?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Error::Failed { command: words(command), said: Vec::new() }),
    }
}

/// The same command, so that it notes how much memory it needed. Nothing where GNU time is not installed.
pub(super) fn noting_memory(command: &Command, note: &Path) -> Option<Command> {
    let gnu = Command::new(GNU_TIME).arg("--version").output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU"));
    if !gnu {
        return None;
    }
    let mut timed = Command::new(GNU_TIME);
    timed.args(["-f", "%M", "-o"]).arg(note).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        timed.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    Some(timed)
}

/// The most memory, in MB, that the command or any that it started had at one time.
pub(super) fn noted_megabytes(note: &Path) -> Result<f64, Error> {
    let kilobytes = read(note)?.trim().parse::<f64>();
    kilobytes.map(|kilobytes| kilobytes / 1024.0).map_err(|error| Error::Answer { program: "time", what: error.to_string() })
}

/// The cargo that runs us.
pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

/// CPU seconds of all programs that we have started and that have ended, with all that they started.
fn children() -> Option<f64> {
    cpu_of_children(&fs::read_to_string("/proc/self/stat").ok()?)
}

/// Fields 16 and 17 of `/proc/self/stat`, counted from behind the program's name, which may hold spaces and brackets itself.
fn cpu_of_children(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn words(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_cpu_of_children_is_found_behind_any_name() {
        let stat = "4711 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 11 12 250 50 20 0 1 0 999";

        assert_eq!(cpu_of_children(stat), Some(3.0), "the figures would be those of another column");
        assert_eq!(cpu_of_children("garbage"), None);
    }

    #[test]
    fn a_program_runs_as_often_as_it_was_asked_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runs");

        time(3, || sh(&format!("echo run >> '{}'", file.display()))).unwrap();

        assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 3, "what one run took would be wrong");
    }

    #[test]
    fn a_bench_that_somebody_stops_leaves_nothing_behind() {
        let (folder, interrupts) = (tempfile::tempdir().unwrap(), Interrupts::default());
        let file = folder.path().join("pid");
        let mut command = sh(&format!("echo $$ > '{0}.draft'; mv '{0}.draft' '{0}'; exec sleep 1000", file.display()));

        let stopped = thread::scope(|scope| {
            let bench = scope.spawn(|| answer_until(&mut command, &interrupts));
            while !file.exists() {
                thread::yield_now();
            }
            interrupts.add();
            bench.join().unwrap()
        });

        assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
        let pid = fs::read_to_string(file).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "a program would go on that nobody knows of");
    }

    #[test]
    fn a_long_program_gives_its_answer_and_its_last_words() {
        let interrupts = Interrupts::default();

        let answer = answer_until(&mut sh("echo $TESTCLOUD_PARENT"), &interrupts).unwrap();
        let error = answer_until(&mut sh("echo no such module >&2; exit 1"), &interrupts).unwrap_err();

        assert_eq!(answer.trim(), std::process::id().to_string(), "it would outlive us");
        assert_eq!(error.causes(), ["no such module"]);
    }

    #[test]
    fn a_program_that_fails_is_not_measured() {
        let error = time(1, || sh("echo no such module >&2; exit 1")).unwrap_err();

        assert_eq!(error.causes(), ["no such module"], "a crash at the start would be the fastest of all");
    }
}
