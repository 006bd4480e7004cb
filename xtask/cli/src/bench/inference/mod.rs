//! `cargo xtask bench inference`: tokens a second of our engine, beside llama.cpp's own server with the same file.
//!
//! The file has the dimensions of TinyLlama and random weights: what it says is nonsense, what it costs is not. Both engines run on
//! as many cores of this machine's CPU, in turn, asked by the same program.

mod server;

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use serde::Deserialize;

use super::child::{answer, cargo, shown};
use super::metadata::in_root;
use super::{Error, Figure, Workspace, make_folder};
use crate::artifacts::Native;
use crate::interrupts::Interrupts;
use server::Server;

/// Texts at once.
const AT_ONCE: [u32; 3] = [1, 4, 8];

/// In turn, and the best of each counts: what else the machine does only ever slows down.
const ROUNDS: u32 = 2;

/// What the program says; see `runtime/inference/examples/speed.rs`.
#[derive(Debug, Default, Deserialize)]
struct Said {
    at_once: Option<u32>,
    tokens_per_second: Option<f64>,
    first_token_seconds: Option<f64>,
    load_seconds: Option<f64>,
    peak_megabytes: Option<f64>,
}

pub(super) fn measure(
    workspace: &Workspace,
    threads: Option<usize>,
    interrupts: &Interrupts,
    tell: &dyn Fn(&str),
) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/inference");
    make_folder(&folder)?;
    let program = program(workspace, tell)?;
    let file = model(&program, &folder, tell)?;
    if 0 < interrupts.count() {
        return Err(Error::Interrupted);
    }
    let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let server = Server::start(workspace, &folder, &file, threads, tell)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        tell(&format!("round {round} of {ROUNDS}: our engine, then llama.cpp's own server by way of our client"));
        ours.extend(run(&program, &["llama", &file.display().to_string(), &threads.to_string()])?);
        theirs.extend(run(&program, &["http", server.url()])?);
    }
    drop(server);
    Ok(figures(&ours, &theirs))
}

/// Our own program, as `cargo xtask deploy` builds what it deploys.
fn program(workspace: &Workspace, tell: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let native = Native::of(workspace, Some(&["inference"]))?;
    tell("building the engine (minutes the first time: llama.cpp is compiled)");
    let mut cargo = cargo();
    in_root(&mut cargo, workspace).env("CARGO_TARGET_DIR", workspace.target()).envs(native.variables(workspace, tell)?);
    cargo.args(["build", "--quiet", "--package", "inference", "--example", "speed"]).args(native.arguments());
    shown(&mut cargo)?;
    Ok(workspace.target().join("debug/examples/speed"))
}

/// The file, written once: 0.6 GB.
fn model(program: &Path, folder: &Path, tell: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let (file, draft) = (folder.join("tinyllama.gguf"), folder.join("draft.gguf"));
    if !file.is_file() {
        tell("writing a model of TinyLlama's dimensions");
        answer(Command::new(program).arg("write").arg(&draft))?;
        fs::rename(&draft, &file).map_err(|source| Error::Write { path: file.clone(), source })?;
    }
    Ok(file)
}

fn run(program: &Path, words: &[&str]) -> Result<Vec<Said>, Error> {
    let text = shown(Command::new(program).args(words).args(AT_ONCE.map(|number| number.to_string())))?;
    let wrong = |error: serde_json::Error| Error::Answer { program: "speed", what: error.to_string() };
    text.lines().map(|line| serde_json::from_str(line).map_err(wrong)).collect()
}

fn figures(ours: &[Said], theirs: &[Said]) -> Vec<Figure> {
    let of = |said: &[Said], number: u32, field: fn(&Said) -> Option<f64>| {
        let slower = |one: &&Said, other: &&Said| one.tokens_per_second.partial_cmp(&other.tokens_per_second).unwrap_or(Ordering::Equal);
        said.iter().filter(|line| line.at_once == Some(number)).max_by(slower).and_then(field)
    };
    let mut figures = Vec::new();
    for number in AT_ONCE {
        let speed = |said| of(said, number, |line| line.tokens_per_second);
        let Some(tokens) = speed(ours) else { continue };
        let mut figure = Figure::new(format!("{number} at once"), tokens, "t/s");
        figure.add("llama_server", speed(theirs));
        figure.add("times_its_speed", speed(theirs).map(|other| tokens / other));
        figure.add("first_token_seconds", of(ours, number, |line| line.first_token_seconds));
        figure.add("llama_server_first", of(theirs, number, |line| line.first_token_seconds));
        figures.push(figure);
    }
    let once = |field: fn(&Said) -> Option<f64>| ours.iter().find_map(field);
    figures.extend(once(|line| line.load_seconds).map(|seconds| Figure::new("load", seconds, "s")));
    figures.extend(once(|line| line.peak_megabytes).map(|peak| Figure::new("peak memory", peak, "MB").note("the file included")));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Vec<Said> {
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn our_speed_stands_beside_the_servers() {
        let ours = said(&[
            r#"{"load_seconds":0.5}"#,
            r#"{"at_once":1,"tokens":32,"tokens_per_second":12.0,"first_token_seconds":0.5}"#,
            r#"{"at_once":8,"tokens":256,"tokens_per_second":30.0,"first_token_seconds":4.0}"#,
            r#"{"peak_megabytes":900.0}"#,
        ]);
        let theirs = said(&[
            r#"{"at_once":8,"tokens_per_second":15.0,"first_token_seconds":8.0}"#,
            r#"{"at_once":8,"tokens_per_second":5.0,"first_token_seconds":9.0}"#,
        ]);

        let lines: Vec<_> = figures(&ours, &theirs).iter().map(Figure::line).collect();

        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("1 at once") && !lines[0].contains("llama server"), "{}", lines[0]);
        assert!(lines[1].contains("times its speed 2 "), "who is quicker would be another: {}", lines[1]);
    }
}
