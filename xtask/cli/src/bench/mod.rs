//! How long things take, measured the same way each time: the kit, an edit, a compile, and other tools with the same resources; and
//! whether two builds give the same bytes, which takes too long for a test.
//!
//! Nothing else of this is a test: figures depend on the machine and on what else it does. Whatever is made for measuring lies in cargo's
//! target folder; the working tree is read, never written.

mod child;
mod compile;
mod copy;
mod deploys;
mod difference;
mod edit;
mod error;
mod front_door;
mod ground;
mod inference;
mod jobs;
mod kills;
mod kit;
mod metadata;
mod peers;
mod proxy;
mod reproducible;
mod small_function;
mod stats;
mod transcode;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;

use crate::cli::Context;
use crate::interrupts::Interrupts;
use crate::workspace::Workspace;

pub(crate) use error::Error;

/// What to measure.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum What {
    /// Build, render, read, check, lint and compare a template of 490 resources
    Kit,
    /// Change one line of a stack, until the new template is there
    Edit {
        /// How many lines to change, one after the other
        #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Compile the kit, everything below it being there: CPU, memory, and how much Rust is generated
    Compile {
        /// Also with every service that AWS has
        #[arg(long)]
        all: bool,
    },
    /// Render the same resources with this kit, AWS CDK and troposphere
    Peers {
        /// How often each program runs, in turn
        #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Build the functions for AWS twice from nothing, in different folders: no byte may differ
    Reproducible,
    /// Deploy the same stacks to the local cloud with this engine, the AWS CLI, SAM and AWS CDK: calls, CPU and time
    Deploys {
        /// How often each program deploys into an empty account, again, and with one property changed, in turn
        #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Make texts with our engine and with llama.cpp's own server, from one file of TinyLlama's dimensions: tokens a second
    Inference {
        /// Threads of each engine; as many as there are cores, unless this says otherwise. On a machine with other work to do, threads
        /// wait for each other most of the time, and fewer are quicker
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        threads: Option<u32>,
    },
    /// Start the front door as Lambda does, beside handlers of the same job in Node and Python: until ready, and per request
    FrontDoor {
        /// How often each program runs, in turn
        #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Kill deploys to the local cloud at random moments: the next deploy has to end well, with nothing left or made twice
    Kills {
        /// How many deploys to kill
        #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        times: u32,
        /// What the moments are drawn from; the same number draws the same ones
        #[arg(long, value_name = "NUMBER")]
        seed: Option<u64>,
    },
    /// Send jobs through workers that are killed, frozen and told to end: nothing may be lost, done twice or come out of order
    Jobs {
        /// How many jobs
        #[arg(long, default_value_t = 10_000, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        jobs: u32,
        /// What the faults are drawn from; the same number draws the same ones
        #[arg(long, value_name = "NUMBER")]
        seed: Option<u64>,
    },
    /// Make proxies of large pictures of every kind with our pipeline and with sharp: CPU, memory, quality, files a second
    Transcode {
        /// How often each program runs on each picture, in turn
        #[arg(long, default_value_t = 5, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
        /// Only pictures whose name holds this, such as `100mb` or `png`
        #[arg(long, value_name = "WORD")]
        only: Option<String>,
    },
    /// Send pictures of 100 MB, and ten of which one is broken, through the deployed function in an address space of 256 MiB
    SmallFunction,
}

/// What was measured: one line for a person, one object for a program.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// What it may be at most, where that was ever said.
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<f64>,
    /// How it was measured, or what else belongs to it.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    /// Other numbers of the same run.
    #[serde(flatten)]
    more: IndexMap<&'static str, f64>,
    /// What was counted, by name; for programs only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<String, u64>,
}

impl Figure {
    fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, bar: None, note: String::new(), more: IndexMap::new(), counts: BTreeMap::new() }
    }

    fn add(&mut self, name: &'static str, value: Option<f64>) {
        self.more.extend(value.map(|value| (name, value)));
    }

    fn at_most(self, bar: f64) -> Self {
        Self { bar: Some(bar), ..self }
    }

    fn counts(self, counts: BTreeMap<String, u64>) -> Self {
        Self { counts, ..self }
    }

    fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Whether it is what it should be; nothing, where nobody said what that is.
    pub(crate) fn holds(&self) -> Option<bool> {
        self.bar.map(|bar| self.value <= bar)
    }

    /// The figure for a person.
    pub(crate) fn line(&self) -> String {
        let bar = match (self.bar, self.holds()) {
            (Some(bar), Some(true)) => format!("  (at most {bar} {})", self.unit),
            (Some(bar), Some(false)) => format!("  ABOVE {bar} {}", self.unit),
            _ => String::new(),
        };
        let more = self.more.iter().map(|(name, value)| format!("  {} {}", name.replace('_', " "), stats::short(*value)));
        let more: String = more.collect();
        let note = if self.note.is_empty() { String::new() } else { format!("  {}", self.note) };
        format!("{:<38}{:>10} {:<4}{bar}{more}{note}", self.name, stats::short(self.value), self.unit).trim_end().to_owned()
    }
}

/// Measures. `shipped` are the packages that the platform ships.
pub(crate) fn run(what: What, ctx: &Context, shipped: &[&str], interrupts: &Interrupts, tell: &dyn Fn(&str)) -> Result<Vec<Figure>, Error> {
    let workspace = &ctx.workspace()?;
    match what {
        What::Kit => kit::measure(workspace, tell),
        What::Edit { rounds } => edit::measure(workspace, rounds, interrupts, tell),
        What::Compile { all } => compile::measure(workspace, all, tell),
        What::Peers { rounds } => peers::measure(workspace, rounds, interrupts, tell),
        What::Reproducible => reproducible::measure(workspace, shipped, ctx.terminal, interrupts, tell),
        What::Deploys { rounds } => deploys::measure(ctx, rounds, interrupts, tell),
        What::Inference { threads } => inference::measure(workspace, threads.map(|threads| threads as usize), interrupts, tell),
        What::FrontDoor { rounds } => front_door::measure(workspace, rounds, interrupts, tell),
        What::Kills { times, seed } => kills::measure(ctx, times, seed, interrupts, tell),
        What::Jobs { jobs, seed } => jobs::measure(workspace, jobs, seed, interrupts, tell),
        What::SmallFunction => small_function::measure(ctx, interrupts, tell),
        What::Transcode { rounds, only } => transcode::measure(workspace, rounds, only.as_deref(), interrupts, tell),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Error> {
    fs::write(path, content).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn make_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_it_is_what_it_should_be() {
        let good = Figure::new("diff", 9.75, "ms").at_most(10.0);
        let bad = Figure::new("facts", 1.2, "ms").at_most(1.0).note("in a fresh process");

        assert_eq!((good.holds(), bad.holds(), Figure::new("build", 99.0, "ms").holds()), (Some(true), Some(false), None));
        assert!(good.line().ends_with("9.75 ms    (at most 10 ms)"), "{}", good.line());
        assert!(bad.line().ends_with("1.2 ms    ABOVE 1 ms  in a fresh process"), "a slow kit would look well: {}", bad.line());
    }
}
