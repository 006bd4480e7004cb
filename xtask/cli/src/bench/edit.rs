//! `cargo xtask bench edit`: one line of a stack changes, and somebody waits for the new template.
//!
//! The change is made in a copy of the sources, so that the working tree stays as it is, whatever happens meanwhile.

use std::fs;
use std::path::Path;

use super::child::{cargo, shown, timed};
use super::copy::mirror;
use super::{Error, Figure, Workspace, read, stats, write};
use crate::interrupts::Interrupts;

/// The file that is changed, and the stack that it is.
const FILE: &str = "stacks/src/jobs.rs";
const STACK: &str = "jobs";

/// The seconds that somebody may wait for the template of a changed line.
const BAR: f64 = 3.0;

pub(super) fn measure(workspace: &Workspace, rounds: u32, interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/edit");
    let copy = folder.join("sources");
    let original = read(&workspace.root().join(FILE))?;
    mirror(workspace, &copy)?;
    let environment = environment(workspace)?;
    tell("building a copy of the sources once (a minute or two the first time)");
    render(&copy, &folder.join("target"), &environment)?;

    let mut times = Vec::new();
    for round in 1..=rounds {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        let word = format!("(edit {round} of {})", std::process::id());
        let changed = edited(&original, &word).ok_or_else(|| Error::NoLine { path: FILE.into() })?;
        write(&copy.join(FILE), changed)?;
        let (took, template) = timed(|| render(&copy, &folder.join("target"), &environment))?;
        if !template.contains(&word) {
            return Err(Error::NotRendered { word });
        }
        tell(&format!("round {round}: {:.2} s", took.wall_seconds));
        times.push(took);
    }
    let wall: Vec<f64> = times.iter().map(|took| took.wall_seconds).collect();
    let cpu: Option<Vec<f64>> = times.iter().map(|took| took.cpu_seconds).collect();
    let note = format!("median of {rounds} by the clock; cargo run -p xtask -- render, dev profile");
    let mut figure = Figure::new("edit to template", stats::median(&wall).unwrap_or_default(), "s").at_most(BAR).note(note);
    figure.add("fastest_s", wall.iter().copied().reduce(f64::min));
    figure.add("cpu_s", cpu.and_then(|cpu| stats::median(&cpu)));
    Ok(vec![figure])
}

/// The source with a word more in the description of its stack, which the template begins with.
fn edited(source: &str, word: &str) -> Option<String> {
    let call = source.find("Stack::new(")?;
    let end = call + source[call..].find(';')?;
    // The last text among the arguments.
    let quote = call + source[call..end].rfind('"')?;
    source[call..quote].contains('"').then(|| format!("{} {word}{}", &source[..quote], &source[quote..]))
}

fn render(copy: &Path, target: &Path, environment: &str) -> Result<String, Error> {
    let mut cargo = cargo();
    cargo.current_dir(copy).env("CARGO_TARGET_DIR", target).args(["run", "--quiet", "--package", "xtask", "--", "render"]);
    shown(cargo.args(["--env", environment, "--stack", STACK]))
}

/// An environment that every stack is in: the first by name.
fn environment(workspace: &Workspace) -> Result<String, Error> {
    let folder = workspace.root().join("environments");
    let entries = fs::read_dir(&folder).map_err(|source| Error::Read { path: folder.clone(), source })?;
    let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names = files.filter_map(|file| file.strip_suffix(".yaml").map(ToOwned::to_owned));
    names.min().ok_or_else(|| Error::Answer { program: "environments/", what: "there is none".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_one_that_the_template_shows() {
        let source = "fn jobs() {\n    let mut stack = Stack::new(env, \"jobs\", \"Jobs wait\");\n    stack.add(\"Key\");\n}\n";

        let changed = edited(source, "(edit 1)").unwrap();

        assert_eq!(changed.lines().zip(source.lines()).filter(|(one, other)| one != other).count(), 1, "more than one line: {changed}");
        assert!(changed.contains("\"Jobs wait (edit 1)\");"), "{changed}");
        assert_eq!(edited("fn nothing() {}", "x"), None);
    }
}
