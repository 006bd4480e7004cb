//! `cargo xtask deploy`: an environment becomes what is written.

use std::io::Write;
use std::thread;

use foundation::Finished;
use foundation::environment::Environment;
use protocol::{Artifact, Deploy, Event, Intended, Outcome as EngineOutcome, Request, StackSpec};

use super::check;
use crate::artifacts::{self, Built, Profile};
use crate::ask::Yes;
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::local::omissions::{omissions, without_refused};
use crate::local::{self, Up};
use crate::outcome::Outcome;
use crate::progress::{Building, Reporter};
use crate::session::{Session, TOOL, is_local};
use crate::watcher::Watcher;
use crate::workspace::Workspace;
use crate::{environments, git, omissions as told, platform, smoke, tools, try_next};

/// Bring an environment to what is written: build, show what would change, ask, do it
///
/// Builds the functions, checks the templates, and makes one change set per stack that differs. Nothing is executed before it was
/// shown and somebody said yes; `--yes` says so beforehand, for pipelines. A local environment never asks: its cloud is started when it
/// is not running, and at the end a real picture and a real job are sent through.
///
/// Ctrl-C stops between two steps and tells how things stand; what CloudFormation is doing it finishes by itself, and the next deploy
/// picks it up. A second Ctrl-C cancels the updates under way and watches them being rolled back, a third one ends at once. Ends with 4 when somebody said no, and with 5 when a stack failed and AWS brought it back to what it was.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask deploy --env local
  cargo xtask deploy --env staging
  cargo xtask deploy --env prod --yes --json > events.jsonl")]
pub(crate) struct Args {
    /// Environment to deploy, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Do not ask: everything that would change may change
    #[arg(long, short)]
    yes: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
    /// Give up a resource that a stuck rollback cannot bring back, so that the rollback can go on (repeatable)
    #[arg(long, value_name = "LOGICAL_ID")]
    skip: Vec<String>,
    /// Do not send a picture and a job through a local environment at the end
    #[arg(long)]
    no_smoke: bool,
}

/// SIGHUP, SIGINT and SIGTERM: somebody wants it to end.
const ENDED: [i32; 3] = [1, 2, 15];

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    deploy(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn deploy(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &args.env)?;
    let local = is_local(&environment);
    let ask = !local && !args.yes;
    ctx.terminal.can_answer(ask, &environment.name)?;
    let platform = (ctx.platform.stacks)(&environment);
    check::must_pass(&environment, &platform)?;

    let interrupts = Interrupts::catch()?;
    let ready = prepare(ctx, &workspace, &environment, &platform, &interrupts).map_err(|error| {
        // The signal reaches cargo as well, which may die of it before this process has heard of it.
        let stopped = matches!(&error, Error::Artifacts(artifacts::Error::Stopped { signal, .. }) if ENDED.contains(signal));
        if stopped || 0 < interrupts.count() { Error::Interrupted } else { error }
    })?;
    if 0 < interrupts.count() {
        return Err(Error::Interrupted);
    }

    let (stacks, left_out) = specs(&platform, local);
    left_out.iter().for_each(|line| reporter.note(line));

    let artifact_bucket = platform::artifact_bucket();
    let session = Session::new(environment, platform, ready.local.as_deref(), tools::engine_among(&ready.binaries)?);
    let release = Intended { commit: git::head(&workspace), tool: TOOL.to_owned(), ..Intended::default() };
    let request = Request::Deploy(Deploy {
        target: session.target(),
        stacks,
        artifacts: ready.artifacts,
        artifact_bucket,
        ask,
        skip: args.skip.clone(),
        release,
    });
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Word);
    let end = session.converse(&request, &interrupts, &mut watcher)?;

    let outcome = match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
        EngineOutcome::Changed if 0 < interrupts.count() => {
            watcher.reporter.note("interrupted when everything was deployed already; the smoke test is left out");
            Outcome::Done
        }
        EngineOutcome::Changed if local && !args.no_smoke => {
            try_it(&session, &ready.binaries, &mut watcher)?;
            Outcome::Done
        }
        EngineOutcome::Changed => {
            watcher.reporter.note(&format!("to send a picture and a job through it: `cargo xtask smoke --env {}`", args.env));
            Outcome::Done
        }
    };
    watcher.end()?;
    Ok(outcome)
}

/// The stacks as the engine gets them, and in words what the local cloud will not do of them.
fn specs(platform: &[Finished], local: bool) -> (Vec<StackSpec>, Vec<String>) {
    let templates = platform.iter().map(|finished| (finished, finished.template.to_json()));
    if !local {
        return (templates.map(|(finished, template)| platform::spec(finished, &template)).collect(), Vec::new());
    }
    let mut stacks = Vec::new();
    let mut omitted = Vec::new();
    for (finished, template) in templates {
        stacks.push(platform::spec(finished, &without_refused(&template)));
        omitted.push((finished.stack, omissions(&template)));
    }
    (stacks, told::lines(&omitted))
}

/// Everything that has to be there before the engine is asked.
struct Ready {
    binaries: Built,
    artifacts: Vec<Artifact>,
    /// Where the local cloud is, when that is meant.
    local: Option<String>,
}

fn prepare(
    ctx: &Context,
    workspace: &Workspace,
    environment: &Environment,
    platform: &[Finished],
    interrupts: &Interrupts,
) -> Result<Ready, Error> {
    let building = Building::tools(ctx.terminal);
    if !is_local(environment) {
        let binaries = tools::for_this_machine(workspace, platform, &building)?;
        // Credentials that are missing, or another account's, are found now and not after minutes of building.
        let early = Session::new(environment.clone(), (ctx.platform.stacks)(environment), None, tools::engine_among(&binaries)?);
        early.converse(&Request::Status(early.stacks()), interrupts, &mut |_: &Event| Ok(()))?;
        let functions = tools::for_aws(ctx, workspace, platform)?;
        let artifacts = tools::pack(workspace, platform, &functions, Profile::Lambda)?;
        return Ok(Ready { binaries, artifacts, local: None });
    }

    // On a fresh machine both take their time, and neither needs the other.
    let (binaries, cloud) = thread::scope(|scope| {
        let cloud = scope.spawn(|| local::up(workspace, environment.account.as_str(), Up::default(), &|line| building.say(line)));
        let binaries = tools::for_this_machine(workspace, platform, &building);
        (binaries, cloud.join())
    });
    let cloud = cloud.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let binaries = binaries?;
    let artifacts = tools::pack(workspace, platform, &binaries, Profile::Dev)?;
    Ok(Ready { binaries, artifacts, local: Some(cloud.endpoint) })
}

/// What a person does next: see that it works, then play with it.
fn try_it(session: &Session, binaries: &Built, watcher: &mut Watcher<'_>) -> Result<(), Error> {
    let Watcher { reporter, out, outputs, .. } = watcher;
    smoke::run(&tools::smoke_among(binaries)?, session, outputs, &mut |event| {
        reporter.foreign("smoke", event, smoke::text(event).as_deref(), out)
    })?;
    if !reporter.is_for_programs() {
        reporter.note(&try_next::text(&session.environment.name, &session.surroundings, outputs)?);
    }
    Ok(())
}
