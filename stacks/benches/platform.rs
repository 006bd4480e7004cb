//! How long every template of every environment takes, from the environment to its texts.
//!
//! `cargo xtask bench kit` runs this and tells the figures against the bars.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use foundation::environment::Environment;

/// How often all is done to find out how much CPU it takes.
const RUNS: u32 = 100;

fn main() {
    divan::main();
    let environments = environments();
    let before = on_cpu();
    for _ in 0..RUNS {
        black_box(render(&environments));
    }
    if let (Some(before), Some(after)) = (before, on_cpu()) {
        println!("cpu platform: {:.1} µs, {RUNS} runs", (after - before) / 1_000.0 / f64::from(RUNS));
    }
}

#[divan::bench]
fn platform(bencher: divan::Bencher<'_, '_>) {
    let environments = environments();
    bencher.bench_local(|| render(&environments));
}

/// All templates as texts; environments are read before, since a render reads them once and a deploy only one of them.
fn render(environments: &[Environment]) -> Vec<(String, String)> {
    let stacks = environments.iter().flat_map(stacks::platform);
    let texts = stacks.map(|stack| {
        let template = stack.template.to_json();
        (cfn_kit::to_json(&template), cfn_kit::to_yaml(&template))
    });
    texts.collect()
}

fn environments() -> Vec<Environment> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let read = |path: PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        Environment::read(&name, &path.display().to_string(), &fs::read_to_string(&path).ok()?).ok()
    };
    files.filter_map(read).collect()
}

/// The nanoseconds of CPU that this thread has had so far, where the system tells.
fn on_cpu() -> Option<f64> {
    // The kernel brings the number up to date when a thread yields, else only at its next tick.
    thread::yield_now();
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}
