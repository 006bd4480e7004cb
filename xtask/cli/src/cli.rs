//! The command line: words in, one command run, an exit code out.

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use foundation::Platform;

use crate::commands::{
    bench, build, check, codegen, completions, deploy, destroy, diff, dlq, drift, gc, graph, hardening, image, import, jobs, local, logs,
    outputs, preflight, publish, queues, releases, render, rollback, schema, send, smoke, status, test, token, unlock, verify,
};
use crate::error::Error;
use crate::outcome::Outcome;
use crate::progress::{Paint, Terminal, failure_lines, tell};
use crate::workspace::Workspace;

/// The exit codes, below every help text.
const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  failed
  2  the command line is wrong, or names something that does not exist
  3  there are differences, or something was refused that has to be said yes to
  4  declined, nothing changed
  5  the deploy failed, and AWS rolled it back";

/// Render, check, deploy and look after the platform
///
/// Templates are written in Rust (stacks/), what differs between environments stands in environments/, and `deploy` brings an
/// environment to what is written: on AWS, or on the local cloud, which needs neither an account nor Docker.
///
/// Answers go to stdout and everything else to stderr, so an answer can always be piped. Colour is left out where nobody sees it, and
/// with NO_COLOR set.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = EXIT_CODES,
    disable_help_subcommand = true,
    infer_subcommands = false,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(render::Args),
    Check(check::Args),
    Diff(diff::Args),
    Graph(graph::Args),
    Preflight(preflight::Args),
    Deploy(deploy::Args),
    Destroy(destroy::Args),
    Verify(verify::Args),
    Drift(drift::Args),
    Status(status::Args),
    Outputs(outputs::Args),
    Logs(logs::Args),
    Queues(queues::Args),
    Send(send::Args),
    Jobs(jobs::Args),
    Dlq(dlq::Args),
    Smoke(smoke::Args),
    Token(token::Args),
    Hardening(hardening::Args),
    Local(local::Args),
    Build(build::Args),
    Image(image::Args),
    Import(import::Args),
    Publish(publish::Args),
    Codegen(codegen::Args),
    Schema(schema::Args),
    Test(test::Args),
    Bench(bench::Args),
    Completions(completions::Args),
    Releases(releases::Args),
    Rollback(rollback::Args),
    Unlock(unlock::Args),
    Gc(gc::Args),
}

/// What every command may know about where it runs.
#[derive(Debug)]
pub(crate) struct Context {
    folder: PathBuf,
    pub(crate) terminal: Terminal,
    /// What is deployed.
    pub(crate) platform: Platform,
}

impl Context {
    /// The repository around the current folder.
    pub(crate) fn workspace(&self) -> Result<Workspace, Error> {
        Workspace::find(&self.folder)
    }
}

/// Runs the command that the command line asks for, on a platform.
///
/// Clap itself ends the process for `--help` (with 0) and for words that it does not understand (with 2).
#[must_use]
pub fn main(platform: Platform) -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::stdout().lock();

    let ended = context(platform).and_then(|ctx| {
        let outcome = run(&cli.command, &ctx, &mut out)?;
        out.flush().map_err(Error::Output)?;
        Ok(outcome)
    });
    match ended {
        Ok(outcome) => outcome.into(),
        // Whoever read our answer has seen enough of it.
        Err(error) if error.is_broken_pipe() => Outcome::Done.into(),
        Err(error) => {
            failure_lines(&error.failure(), Paint::for_stderr()).iter().for_each(|line| tell(line));
            error.outcome().into()
        }
    }
}

/// The whole command line, for completions and for tests of the help texts.
pub(crate) fn command_line() -> clap::Command {
    Cli::command()
}

fn context(platform: Platform) -> Result<Context, Error> {
    let folder = env::current_dir().map_err(|source| Error::Read { path: PathBuf::from("."), source })?;
    Ok(Context { folder, terminal: Terminal::detect(), platform })
}

fn run(command: &Command, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    match command {
        Command::Render(args) => render::run(args, ctx, out),
        Command::Check(args) => check::run(args, ctx, out),
        Command::Diff(args) => diff::run(args, ctx, out),
        Command::Graph(args) => graph::run(args, ctx, out),
        Command::Preflight(args) => preflight::run(args, ctx, out),
        Command::Deploy(args) => deploy::run(args, ctx, out),
        Command::Destroy(args) => destroy::run(args, ctx, out),
        Command::Verify(args) => verify::run(args, ctx, out),
        Command::Drift(args) => drift::run(args, ctx, out),
        Command::Status(args) => status::run(args, ctx, out),
        Command::Outputs(args) => outputs::run(args, ctx, out),
        Command::Logs(args) => logs::run(args, ctx, out),
        Command::Queues(args) => queues::run(args, ctx, out),
        Command::Send(args) => send::run(args, ctx, out),
        Command::Jobs(args) => jobs::run(args, ctx, out),
        Command::Dlq(args) => dlq::run(args, ctx, out),
        Command::Smoke(args) => smoke::run(args, ctx, out),
        Command::Token(args) => token::run(args, ctx, out),
        Command::Hardening(args) => hardening::run(args, ctx),
        Command::Local(args) => local::run(args, ctx, out),
        Command::Build(args) => build::run(args, ctx, out),
        Command::Image(args) => image::run(args, ctx, out),
        Command::Import(args) => import::run(args, ctx, out),
        Command::Publish(args) => publish::run(args, ctx, out),
        Command::Codegen(args) => codegen::run(args, ctx),
        Command::Schema(args) => schema::run(args, ctx, out),
        Command::Test(args) => test::run(args, ctx),
        Command::Bench(args) => bench::run(args, ctx, out),
        Command::Completions(args) => completions::run(args, out),
        Command::Releases(args) => releases::run(args, ctx, out),
        Command::Rollback(args) => rollback::run(args, ctx, out),
        Command::Unlock(args) => unlock::run(args, ctx, out),
        Command::Gc(args) => gc::run(args, ctx, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        let line = command_line();

        line.debug_assert();
    }

    /// The words of a command line; what stands between single quotes is one word.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for letter in line.chars() {
            match letter {
                '\'' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                _ => words.iter_mut().last().unwrap().push(letter),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_command_of_a_runbook_can_be_typed_as_it_stands() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks");
        let mut tried = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for from in text.match_indices("cargo xtask ").map(|(at, _)| at) {
                let line = text[from..].lines().next().unwrap();
                // In a sentence it ends with its mark, in a block where the remark begins.
                let command = line.split(['`', '#', '|']).next().unwrap().trim();
                let parsed = Cli::try_parse_from(words(command).into_iter().skip(1));
                assert!(parsed.is_ok(), "{}: `{command}` is refused at three in the morning: {}", path.display(), parsed.unwrap_err());
                tried += 1;
            }
        }
        assert!(tried > 20, "the runbooks were not found");
    }
}
