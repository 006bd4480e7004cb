//! `cargo xtask deploy`: an environment becomes what is written.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use foundation::Finished;
use foundation::environment::Environment;
use protocol::{Artifact, Deploy, Event, Intended, Outcome as EngineOutcome, Request, StackSpec, Verify};

use super::{check, line};
use crate::artifacts::{self, Built, Profile};
use crate::ask::Yes;
use crate::cli::Context;
use crate::error::Error;
use crate::guards::{self, Allowed, Review};
use crate::interrupts::Interrupts;
use crate::local::omissions::{omissions, without_refused};
use crate::local::{self, Up};
use crate::outcome::Outcome;
use crate::progress::{Building, Paint, Reporter};
use crate::reading::{self, Tally};
use crate::session::{Session, TOOL, is_local, running};
use crate::watcher::Watcher;
use crate::workspace::Workspace;
use crate::{environments, git, omissions as told, plans, platform, smoke, tools, try_next};

/// Bring an environment to what is written: build, show what would change, ask, do it
///
/// Builds the functions, checks the templates, and makes one change set per stack that differs. Nothing is executed before it was
/// shown and somebody said yes; `--yes` says so beforehand, for pipelines. A local environment never asks: its cloud is started when it
/// is not running, and at the end a real picture and a real job are sent through.
///
/// Only what a commit holds is deployed elsewhere, and where the environment's file names another (`deploy.after`), only what was
/// released there. Changes that lose or open something are refused until `--accept` names exactly them. With `--plan-out`, nothing is
/// written but a file; `--plan` carries it out later, as it is or not at all.
///
/// What was changed is then read back from the services themselves (`verify`).
///
/// Ctrl-C stops between two steps and tells how things stand; what CloudFormation is doing it finishes by itself, and the next deploy
/// picks it up. A second Ctrl-C cancels the updates under way and watches them being rolled back, a third one ends at once. Ends with 3
/// when something was refused or is not as declared, with 4 when somebody said no, and with 5 when a stack failed and AWS brought it back
/// to what it was.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask deploy --env local
  cargo xtask deploy --env staging
  cargo xtask deploy --env prod --plan-out prod.plan
  cargo xtask deploy --plan prod.plan --yes --accept 3f9c01ab47
  cargo xtask deploy --env prod --yes --json > events.jsonl")]
#[group(skip)]
pub(crate) struct Args {
    /// Environment to deploy, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT", required_unless_present = "plan")]
    env: Option<String>,
    /// Do not ask: everything that would change may change
    #[arg(long, short)]
    yes: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
    /// Give up a resource that a stuck rollback cannot bring back, so that the rollback can go on (repeatable)
    #[arg(long, value_name = "LOGICAL_ID")]
    skip: Vec<String>,
    /// Let a resource stay behind that AWS cannot delete after it was replaced or dropped; the release record names it (repeatable)
    #[arg(long, value_name = "LOGICAL_ID")]
    orphan: Vec<String>,
    /// Do not read back from the services what was deployed
    #[arg(long)]
    no_verify: bool,
    /// Do not send a picture and a job through a local environment at the end
    #[arg(long)]
    no_smoke: bool,
    /// Change nothing: show what would be done, and write it to a file
    #[arg(long, value_name = "FILE")]
    plan_out: Option<PathBuf>,
    /// Carry out what `--plan-out` wrote, unless something has changed since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["env", "plan_out", "allow_dirty", "unreleased"])]
    plan: Option<PathBuf>,
    /// Accept the changes that this token stands for, and no others
    #[arg(long, value_name = "TOKEN")]
    accept: Option<String>,
    /// Allow a change of what a template says must never change
    #[arg(long, value_name = "LOGICAL_ID.PROPERTY")]
    allow_change: Vec<String>,
    /// Deploy what no commit holds
    #[arg(long)]
    allow_dirty: bool,
    /// Deploy a commit that was not released where it had to be before
    #[arg(long)]
    unreleased: bool,
}

/// SIGHUP, SIGINT and SIGTERM: somebody wants it to end.
const ENDED: [i32; 3] = [1, 2, 15];

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    let ended = match &args.plan {
        Some(file) => carry_out(args, file, ctx, &mut reporter, out),
        None => deploy(args, ctx, &mut reporter, out),
    };
    ended.or_else(|error| reporter.failed(error, out))
}

fn deploy(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let workspace = ctx.workspace()?;
    // Clap asks for it, unless there is a plan.
    let environment = environments::read(&workspace, args.env.as_deref().unwrap_or_default())?;
    let local = is_local(&environment);
    let ask = !local && !args.yes && args.plan_out.is_none();
    ctx.terminal.can_answer(ask, &environment.name)?;
    let platform = (ctx.platform.stacks)(&environment);
    check::must_pass(&environment, &platform)?;
    let guards = guards::of_engine(ctx, &environment, &platform)?;
    guards::may_be_deployed(ctx, &workspace, &environment, Allowed { dirty: args.allow_dirty, unreleased: args.unreleased })?;

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

    let review = Review::new(&environment.name, &stacks, args.accept.as_deref(), &args.allow_change);
    let artifact_bucket = platform::artifact_bucket();
    let session = Session::new(environment, platform, ready.local.as_deref(), tools::engine_among(&ready.binaries)?);
    let release = Intended { commit: git::head(&workspace), tool: TOOL.to_owned(), ..Intended::default() };
    let (target, skip, orphans) = (session.target(), args.skip.clone(), args.orphan.clone());
    let specs = stacks.clone();
    let deploy = Deploy { target, stacks, artifacts: ready.artifacts, artifact_bucket, ask, skip, orphans, release, guards };
    if let Some(file) = &args.plan_out {
        return only_plan(&session, deploy, review, file, &interrupts, reporter, out);
    }
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Word).with(review);
    let end = session.converse(&Request::Deploy(deploy), &interrupts, &mut watcher)?;

    let outcome = match end.outcome {
        EngineOutcome::Declined => {
            watcher.refusal()?;
            Outcome::Declined
        }
        EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
        EngineOutcome::Changed if 0 < interrupts.count() => {
            watcher.reporter.note("interrupted when everything was deployed already; the smoke test is left out");
            Outcome::Done
        }
        EngineOutcome::Changed if local && !args.no_smoke => {
            read_back(args, &session, &specs, &mut watcher)?;
            try_it(&session, &ready.binaries, &mut watcher)?;
            Outcome::Done
        }
        EngineOutcome::Changed => {
            read_back(args, &session, &specs, &mut watcher)?;
            watcher.reporter.note(&smoke_later(&session));
            Outcome::Done
        }
    };
    watcher.end()?;
    Ok(outcome)
}

/// Shows what a deploy would do, and keeps it in a file.
fn only_plan(
    session: &Session,
    deploy: Deploy,
    mut review: Review,
    file: &Path,
    interrupts: &Interrupts,
    reporter: &mut Reporter,
    out: &mut dyn Write,
) -> Result<Outcome, Error> {
    let mut plan = None;
    session.converse(&Request::Plan(deploy), interrupts, &mut |event: &Event| {
        review.hear(event)?;
        if let Event::Planned(planned) = event {
            plans::write(planned, file)?;
            plan = Some(planned.clone());
        }
        // The templates are for the review alone.
        if matches!(event, Event::Template { .. }) { Ok(()) } else { reporter.event(event, out) }
    })?;
    let plan = plan.ok_or(Error::NoPlan)?;
    if !reporter.is_for_programs() {
        plans::lines(&plan, Paint::for_stdout()).iter().try_for_each(|text| line(out, text))?;
    }
    if let Some(refusal) = review.refused() {
        let failure = refusal.failure();
        reporter.note(&failure.message);
        failure.causes.iter().for_each(|cause| reporter.note(&format!("  {cause}")));
    }
    let accept = review.token().map(|token| format!(" --accept {token}")).unwrap_or_default();
    reporter.note(&format!("nothing was changed; to do exactly this: `cargo xtask deploy --plan {}{accept}`", file.display()));
    Ok(Outcome::Done)
}

/// Carries out what was planned before: nothing is built but the engine.
fn carry_out(args: &Args, file: &Path, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut plan = plans::read(file)?;
    let workspace = ctx.workspace()?;
    let environment = environments::read(&workspace, &plan.deploy.target.environment)?;
    let local = is_local(&environment);
    plan.deploy.ask = !local && !args.yes;
    ctx.terminal.can_answer(plan.deploy.ask, &environment.name)?;

    let interrupts = Interrupts::catch()?;
    let review = Review::new(&environment.name, &plan.deploy.stacks, args.accept.as_deref(), &args.allow_change);
    let endpoint = if local { Some(running(&workspace, &environment)?) } else { None };
    let engine = tools::engine_alone(ctx, &workspace)?;
    let session = Session::new(environment, Vec::new(), endpoint.as_deref(), engine);
    let specs = plan.deploy.stacks.clone();
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Word).with(review);
    let end = session.converse(&Request::Execute(Box::new(plan)), &interrupts, &mut watcher)?;
    let outcome = match end.outcome {
        EngineOutcome::Declined => {
            watcher.refusal()?;
            Outcome::Declined
        }
        EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
        EngineOutcome::Changed => {
            read_back(args, &session, &specs, &mut watcher)?;
            watcher.reporter.note(&smoke_later(&session));
            Outcome::Done
        }
    };
    watcher.end()?;
    Ok(outcome)
}

/// Reads back from the services what was changed: CloudFormation's word alone is not believed.
fn read_back(args: &Args, session: &Session, specs: &[StackSpec], watcher: &mut Watcher<'_>) -> Result<(), Error> {
    if args.no_verify {
        return Ok(());
    }
    let changed = watcher.changed.clone();
    let local = is_local(&session.environment);
    let (stacks, beside): (Vec<_>, Vec<_>) =
        reading::of_specs(specs.iter(), local).into_iter().partition(|declared| changed.contains(&declared.stack.stack));
    if stacks.is_empty() {
        return Ok(());
    }
    let Watcher { reporter, out, .. } = watcher;
    let mut tally = Tally::default();
    let ended = session.read(&Request::Verify(Verify { target: session.target(), stacks, beside }), |event| {
        let Some(verified) = reading::verified(event) else { return Ok(()) };
        tally.count(verified);
        reporter.event(event, out)
    });
    reporter.note(&format!("read back from the services: {}", tally.line()));
    ended.map(|_| ())
}

fn smoke_later(session: &Session) -> String {
    format!("to send a picture and a job through it: `cargo xtask smoke --env {}`", session.environment.name)
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
    // An engine that plays a part in a test has no such mode.
    if env::var_os(tools::ENGINE_VARIABLE).is_none() {
        local::compute(workspace, &tools::engine_among(&binaries)?, environment.region.as_str(), &|line| building.say(line))?;
        local::image_models(workspace, &tools::stand_in_among(&binaries)?, &|line| building.say(line))?;
    }
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
