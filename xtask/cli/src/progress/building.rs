//! `cargo build`, in one line: what it compiles matters to nobody, what it complains about does.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Terminal, tell};

/// Every so many crates, a log gets a line: a first build takes minutes, and silence looks like a hang.
const CRATES_PER_LINE: usize = 25;

/// Cargo's words for what it is doing; other lines are the compiler's.
const STATUS: [&str; 12] = [
    "Adding",
    "Blocking",
    "Building",
    "Checking",
    "Compiling",
    "Dirty",
    "Downloaded",
    "Downloading",
    "Finished",
    "Fresh",
    "Locking",
    "Updating",
];

/// Shows one build. Nothing is shown while there is nothing to compile.
#[derive(Debug)]
pub(crate) struct Building {
    what: String,
    terminal: Terminal,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    compiled: usize,
    bar: Option<ProgressBar>,
}

/// What a line of cargo's is worth.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Compiling(&'a str),
    Waiting,
    Status,
    Message,
}

impl Building {
    /// `what` as in "building …".
    pub(crate) fn new(what: impl Into<String>, terminal: Terminal) -> Self {
        Self { what: what.into(), terminal, state: Mutex::default() }
    }

    /// What every command that talks to a cloud may have to build first.
    pub(crate) fn tools(terminal: Terminal) -> Self {
        Self::new("the deploy engine and the functions", terminal)
    }

    /// Says something else meanwhile.
    pub(crate) fn say(&self, line: &str) {
        self.print(&self.state.lock().unwrap_or_else(PoisonError::into_inner), line);
    }

    /// Takes one line that cargo wrote to its stderr.
    pub(crate) fn line(&self, line: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match kind(line) {
            Line::Compiling(package) => {
                state.compiled += 1;
                self.compiling(&mut state, package);
            }
            Line::Waiting => self.print(&state, "another cargo is building here, waiting for it"),
            Line::Status => {}
            Line::Message => self.print(&state, line),
        }
    }

    /// The build is over.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        if 0 < state.compiled {
            tell(&format!("built {} ({} crates compiled)", self.what, state.compiled));
        }
    }

    fn compiling(&self, state: &mut State, package: &str) {
        if self.terminal.stderr {
            let bar = state.bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner());
                let bar = ProgressBar::new_spinner().with_style(style).with_prefix(format!("building {}", self.what));
                bar.enable_steady_tick(Duration::from_millis(120));
                bar
            });
            bar.set_message(format!("{}: {package}", state.compiled));
        } else if state.compiled == 1 {
            tell(&format!("building {}", self.what));
        } else if state.compiled.is_multiple_of(CRATES_PER_LINE) {
            tell(&format!("building {}: {} crates compiled", self.what, state.compiled));
        }
    }

    fn print(&self, state: &State, line: &str) {
        match &state.bar {
            Some(bar) => bar.suspend(|| tell(line)),
            None => tell(line),
        }
    }
}

fn kind(line: &str) -> Line<'_> {
    // Cargo sets its own words flush right in twelve columns; the compiler's lines may start with spaces too, but not with such a word.
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    if !line.starts_with(' ') || !STATUS.contains(&first) {
        return Line::Message;
    }
    match first {
        "Compiling" => Line::Compiling(words.next().unwrap_or_default()),
        "Blocking" => Line::Waiting,
        _ => Line::Status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_says_is_passed_on_and_what_cargo_does_is_not() {
        let lines = [
            "   Compiling aws-sdk-s3 v1.157.0",
            "    Finished `dev` profile [unoptimized] target(s) in 0.16s",
            "    Blocking waiting for file lock on build directory",
            "error[E0425]: cannot find value `quue` in this scope",
            "  --> stacks/src/jobs.rs:13:5",
            "",
        ];

        let kinds = lines.map(kind);

        assert_eq!(
            kinds,
            [Line::Compiling("aws-sdk-s3"), Line::Status, Line::Waiting, Line::Message, Line::Message, Line::Message],
            "a compile error would be hidden, or buried"
        );
    }
}
