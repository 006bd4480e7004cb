//! How long a template of 490 resources takes: built, rendered, read, checked, compared.
//!
//! `cargo xtask bench kit` runs this and tells the figures against the bars. What is looked up once per process, the facts of the
//! resource types, cannot be measured in a loop: this program starts itself anew for that.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "platform/mod.rs"]
mod platform;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;
use std::{env, fmt, fs, thread};

use cfn_kit::rules::{self, Context};
use cfn_kit::{Document, Finding, Json, Template, facts, to_json, to_yaml};
use divan::Bencher;

/// The brand of the template.
enum Large {}

/// Something to measure: its name, and what makes it ready to be done again and again.
struct Work(&'static str, fn() -> Box<dyn FnMut()>);

impl fmt::Display for Work {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// All of it. What is made is also dropped within the time.
const WORK: &[Work] = &[
    Work("build", || again(large)),
    Work("value", || with(large(), Template::to_json)),
    Work("json", || with(large().to_json(), to_json)),
    Work("yaml", || with(large().to_json(), to_yaml)),
    Work("read_json", || with(to_json(&large().to_json()), |text| cfn_kit::read(text, "large.json"))),
    Work("read_yaml", || with(to_yaml(&large().to_json()), |text| cfn_kit::read(text, "large.yaml"))),
    Work("check", || with(large().document(), cfn_kit::check)),
    Work("lint", || with((large().document(), context()), |(document, context)| rules::lint(document, context))),
    Work("render_check_lint", || with(large(), render_check_lint)),
    Work("diff_all", || with((large().to_json(), rewritten()), |(old, new)| cfn_kit::diff(old, new))),
    Work("diff", || with((large().to_json(), changed()), |(old, new)| cfn_kit::diff(old, new))),
    Work("everything", || again(|| render_check_lint(&large()))),
];

/// How often each is done to find out how much CPU it takes.
const RUNS: u32 = 40;

/// Says to this program that it was started by itself, and what to measure.
const FRESH: &str = "CFN_KIT_BENCH_FRESH";

/// How often it starts itself.
const STARTS: usize = 21;

fn main() {
    match env::var(FRESH).as_deref() {
        Ok("facts") => fresh_facts(),
        Ok(_) => told(|| drop(black_box(render_check_lint(&large())))),
        Err(_) => {
            divan::main();
            // Whoever names one benchmark wants that one alone, for a profiler perhaps.
            if env::args().skip(1).all(|word| word.starts_with("--")) {
                WORK.iter().for_each(cpu_of);
                ["facts", "everything"].into_iter().for_each(in_fresh_processes);
            }
        }
    }
}

#[divan::bench(args = WORK)]
fn kit(bencher: Bencher<'_, '_>, work: &Work) {
    bencher.bench_local((work.1)());
}

fn again<T>(make: impl Fn() -> T + 'static) -> Box<dyn FnMut()> {
    Box::new(move || drop(black_box(make())))
}

fn with<A: 'static, T>(input: A, work: impl Fn(&A) -> T + 'static) -> Box<dyn FnMut()> {
    Box::new(move || drop(black_box(work(black_box(&input)))))
}

fn large() -> Template<Large> {
    platform::large()
}

fn render_check_lint(template: &Template<Large>) -> (String, Vec<Finding>) {
    let document: Document = template.document();
    let mut findings = cfn_kit::check(&document);
    findings.extend(rules::lint(&document, &context()));
    (to_yaml(&document.template), findings)
}

/// As for production in one region, so that no rule holds back.
fn context() -> Context {
    Context { production: true, region: Some("eu-central-1".to_owned()), ..Context::default() }
}

/// The same template with twelve changes: values, one that replaces a queue, one resource more and one fewer.
fn changed() -> Json {
    let mut new = large().to_json();
    for (id, property, value) in [
        ("P0JobsQueue", "VisibilityTimeout", Json::from(1_000)),
        ("P0Vpc", "CidrBlock", "10.99.0.0/16".into()),
        ("P1JobsDlq", "QueueName", "other.fifo".into()),
        ("P1SubmitFunction", "MemorySize", 1_024.into()),
        ("P2StatusFunction", "Timeout", 30.into()),
        ("P2HttpApi", "ProtocolType", "WEBSOCKET".into()),
        ("P3OldestMessageAlarm", "Threshold", 42.into()),
        ("P4UserPool", "UserPoolName", "others".into()),
        ("P5Key", "EnableKeyRotation", false.into()),
        ("P6Worker", "InstanceType", "g6.xlarge".into()),
    ] {
        new["Resources"][id]["Properties"][property] = value;
    }
    new["Resources"]["Another"] = new["Resources"]["P0ApiLogGroup"].clone();
    if let Some(resources) = new["Resources"].as_object_mut() {
        resources.shift_remove("P6Dashboard");
    }
    new
}

/// The same template with another text and another number everywhere, so that nearly everything is replaced.
fn rewritten() -> Json {
    let mut new = large().to_json();
    let resources = new["Resources"].as_object_mut().into_iter().flatten();
    for (_, resource) in resources {
        for (_, value) in resource["Properties"].as_object_mut().into_iter().flatten() {
            let other = match &*value {
                Json::String(text) => Json::from(format!("{text}x")),
                Json::Number(number) => Json::from(number.as_f64().unwrap_or_default() + 1.0),
                same @ (Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) => same.clone(),
            };
            *value = other;
        }
    }
    new
}

/// The facts of every type in the template, looked up for the first time in this process.
fn fresh_facts() {
    let template = large().to_json();
    let types: BTreeSet<&str> =
        template["Resources"].as_object().into_iter().flatten().filter_map(|(_, resource)| resource["Type"].as_str()).collect();
    told(|| {
        for name in &types {
            black_box(facts::of(name));
        }
    });
}

/// Does something once, and says how many microseconds that took by the clock and of CPU.
fn told(work: impl FnOnce()) {
    let (cpu, started) = (cpu_microseconds(), Instant::now());
    work();
    let wall = started.elapsed().as_secs_f64() * 1e6;
    println!("{wall} {}", cpu.zip(cpu_microseconds()).map_or(wall, |(before, after)| after - before));
}

/// One line about the CPU that a piece of work takes, which other programs on the machine change less than the time by the clock.
fn cpu_of(work: &Work) {
    let mut run = (work.1)();
    run();
    let Some(before) = cpu_microseconds() else { return };
    (0..RUNS).for_each(|_| run());
    if let Some(after) = cpu_microseconds() {
        println!("cpu {work}: {:.1} µs, {RUNS} runs", (after - before) / f64::from(RUNS));
    }
}

/// The CPU that this thread has had so far, where the system tells.
fn cpu_microseconds() -> Option<f64> {
    // The kernel brings the number up to date when a thread yields, else only at its next tick.
    thread::yield_now();
    let nanoseconds: f64 = fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e3)
}

/// Two lines about something that each process does but once.
fn in_fresh_processes(what: &str) {
    let start = || {
        let output = Command::new(env::current_exe().ok()?).env(FRESH, what).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (wall, cpu) = text.trim().split_once(' ')?;
        Some((wall.parse::<f64>().ok()?, cpu.parse::<f64>().ok()?))
    };
    let (mut wall, mut cpu): (Vec<f64>, Vec<f64>) = (0..STARTS).filter_map(|_| start()).unzip();
    wall.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    let middle = wall.len() / 2;
    if let (Some(fastest), Some(median), Some(slowest), Some(cpu)) = (wall.first(), wall.get(middle), wall.last(), cpu.get(middle)) {
        println!("fresh {what}: fastest {fastest:.1} µs, median {median:.1} µs, slowest {slowest:.1} µs, {} processes", wall.len());
        println!("cpu fresh {what}: {cpu:.1} µs, median");
    }
}
