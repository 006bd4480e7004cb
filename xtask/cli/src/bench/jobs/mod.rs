//! `cargo xtask bench jobs`: thousands of jobs through workers that are killed, frozen and told to end.
//!
//! A program of the room `gpu-worker` does it, because this one links no SDK: it starts a local cloud of its own, and its workers are
//! processes of the real worker with an engine that answers at once.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::child::{answer_until, cargo, shown};
use super::{Error, Figure, Workspace};
use crate::interrupts::Interrupts;
use crate::python::{Lookup, Purpose, Venv};

/// What the program is built from, and what it starts.
const PROGRAMS: [&str; 2] = ["bench_jobs", "scripted"];

/// What the program says.
#[derive(Debug, Deserialize)]
struct Answer {
    undisturbed: Run,
    disturbed: Run,
    quiet: Verdict,
    verdict: Verdict,
}

#[derive(Debug, Deserialize)]
struct Run {
    jobs: f64,
    seconds: f64,
    workers: f64,
    slots: f64,
    worker_cpu_seconds: f64,
    kills: f64,
    freezes: f64,
    endings: f64,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    lost: u64,
    twice: u64,
    out_of_order: u64,
    begun_again: f64,
    median_ms: f64,
    p99_ms: f64,
    examples: Vec<String>,
}

pub(super) fn measure(
    workspace: &Workspace,
    jobs: u32,
    seed: Option<u64>,
    interrupts: &Interrupts,
    tell: &dyn Fn(&str),
) -> Result<Vec<Figure>, Error> {
    Venv::ensure(&Purpose::LOCAL_CLOUD, workspace.target(), &Lookup::from_environment(), tell)?;
    let seed = seed.unwrap_or_else(|| u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos()));
    tell(&format!("seed {seed}: `cargo xtask bench jobs --jobs {jobs} --seed {seed}` draws the same faults"));
    let mut build = cargo();
    build.args(["build", "--package", "gpu-worker"]).args(PROGRAMS.iter().flat_map(|name| ["--example", name]));
    shown(build.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target()))?;
    let [program, _] = PROGRAMS;
    let mut bench = std::process::Command::new(workspace.target().join("debug/examples").join(program));
    let text = answer_until(bench.args([jobs.to_string(), seed.to_string()]).current_dir(workspace.root()), interrupts)?;
    let answer: Answer = serde_json::from_str(&text).map_err(|error| Error::Answer { program, what: format!("{error}: {text}") })?;
    answer.quiet.examples.iter().chain(&answer.verdict.examples).for_each(|mistake| tell(&format!("MISTAKE: {mistake}")));
    Ok(figures(&answer))
}

fn figures(answer: &Answer) -> Vec<Figure> {
    let Answer { undisturbed, disturbed, quiet, verdict } = answer;
    let none = |name: &str, count: fn(&Verdict) -> u64| Figure::new(name, (count(quiet) + count(verdict)) as f64, "").at_most(0.0);
    let mut lost = none("jobs lost", |verdict| verdict.lost);
    lost.add("jobs", Some(undisturbed.jobs + disturbed.jobs));
    lost.add("kills", Some(disturbed.kills));
    lost.add("freezes", Some(disturbed.freezes));
    lost.add("endings", Some(disturbed.endings));
    lost.add("begun_again", Some(verdict.begun_again));
    let rate = |name: &str, run: &Run| {
        let mut rate = Figure::new(name, run.jobs / run.seconds.max(f64::MIN_POSITIVE), "/s");
        rate.add("jobs", Some(run.jobs));
        rate.add("seconds", Some(run.seconds));
        rate.note(format!("{} workers with {} slots each", run.workers, run.slots))
    };
    let mut overhead = Figure::new("overhead per job: claim to end, median", quiet.median_ms, "ms");
    overhead.add("p99_ms", Some(quiet.p99_ms));
    overhead.add("worker_cpu_ms", Some(undisturbed.worker_cpu_seconds * 1_000.0 / undisturbed.jobs.max(1.0)));
    vec![
        lost,
        none("jobs done twice", |verdict| verdict.twice),
        none("jobs out of order", |verdict| verdict.out_of_order),
        rate("jobs per second, undisturbed", undisturbed),
        rate("jobs per second, with faults", disturbed),
        overhead.note("undisturbed, debug build, the local cloud included"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lost: u64, twice: u64) -> Answer {
        let run =
            || Run { jobs: 100.0, seconds: 4.0, workers: 3.0, slots: 8.0, worker_cpu_seconds: 1.0, kills: 5.0, freezes: 2.0, endings: 1.0 };
        let verdict =
            |lost, twice| Verdict { lost, twice, out_of_order: 0, begun_again: 9.0, median_ms: 6.0, p99_ms: 20.0, examples: Vec::new() };
        Answer { undisturbed: run(), disturbed: run(), quiet: verdict(0, 0), verdict: verdict(lost, twice) }
    }

    #[test]
    fn one_lost_job_of_thousands_fails_the_bench() {
        let holds = |answer: &Answer| figures(answer).iter().map(Figure::holds).collect::<Vec<_>>();

        assert_eq!(holds(&answer(0, 0))[..3], [Some(true), Some(true), Some(true)]);
        assert_eq!(holds(&answer(1, 0))[..3], [Some(false), Some(true), Some(true)], "a lost job would pass as a figure");
        assert_eq!(holds(&answer(0, 1))[..3], [Some(true), Some(false), Some(true)], "a job done twice would pass as a figure");
    }

    #[test]
    fn jobs_per_second_are_those_of_each_run() {
        let figures = figures(&answer(0, 0));

        assert!(figures[3].line().contains("25 /s"), "{}", figures[3].line());
        assert!(figures[5].line().contains("worker cpu ms 10"), "{}", figures[5].line());
    }
}
