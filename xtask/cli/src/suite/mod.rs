//! `cargo xtask test`: one step after the other, each with the output of its own tools, and at the end a table.
//!
//! A step that fails does not stop the others: whoever waits for a pipeline wants to know everything at once. What a step needs
//! beyond Rust is installed into cargo's target folder.

mod options;
mod report;
mod steps;
mod tool;
mod workflows;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use clap::ValueEnum;

pub(crate) use self::options::Options;
use self::options::Step;
use self::report::{Done, End};
use crate::error::causes;
use crate::interrupts::Interrupts;
use crate::workspace::Workspace;

/// Why the steps cannot be taken. A step that fails is none: that stands in the table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("this program cannot find itself")]
    Myself(#[source] io::Error),

    #[error("the answer cannot be written")]
    Output(#[source] io::Error),
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Myself(_) => "start it as `cargo xtask test`".to_owned(),
            Self::Output(_) => "check where standard output goes".to_owned(),
        }
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        causes(self)
    }
}

/// What every step may know.
struct Setting<'a> {
    workspace: &'a Workspace,
    /// The words that start this program, to be followed by another command.
    myself: Vec<OsString>,
    say: &'a dyn Fn(&str),
}

/// Takes the steps; true when none failed.
///
/// The tools' output, the table and the closing line go to stdout, the rest goes to `say`. After a Ctrl-C the step at hand clears up,
/// and the others are left out.
pub(crate) fn run(workspace: &Workspace, options: &Options, interrupts: &Interrupts, say: &dyn Fn(&str)) -> Result<bool, Error> {
    if options.list {
        let steps = Step::value_variants().iter().map(|step| format!("{:<11}{}", step.name(), step.proves()));
        print(&steps.collect::<Vec<_>>())?;
        return Ok(true);
    }
    // Found now: while we run, cargo may put another program in our place.
    let setting = Setting { workspace, myself: vec![env::current_exe().map_err(Error::Myself)?.into()], say };
    let mut done = Vec::new();
    for step in Step::value_variants().iter().copied() {
        let started = Instant::now();
        let end = if !options.wants(step) {
            End::Skipped("not asked for".to_owned())
        } else if 0 < interrupts.count() {
            End::Skipped("interrupted".to_owned())
        } else {
            say(&format!("== {}: {}", step.name(), step.proves()));
            steps::take(step, &setting)
        };
        let took = if matches!(end, End::Skipped(_)) { Duration::ZERO } else { started.elapsed() };
        done.push(Done { step, end, took });
    }
    print(&report::lines(&done))?;
    Ok(report::failures(&done) == 0 && interrupts.count() == 0)
}

fn print(lines: &[String]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush()).map_err(Error::Output)
}
