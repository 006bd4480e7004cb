//! `cargo xtask destroy`: an environment goes.

use std::io::Write;

use foundation::environment::Environment;
use protocol::{Destroy, Outcome as EngineOutcome, Request, StackRef};

use crate::ask::Yes;
use crate::cli::Context;
use crate::environments;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::Reporter;
use crate::session::{Session, is_local};
use crate::watcher::Watcher;

/// Delete all stacks of an environment, and say what stays and why
///
/// Stacks that use others go first. What is kept on purpose (data with `protection.data: keep`) stays and is listed, and so is what cannot
/// be deleted, with AWS's reason; stacks that do not depend on it go all the same. Without `--yes` the environment's name has to be typed.
/// A protected environment (`protection.termination: true`) is refused unless its protection is lifted by name, and its name has to be
/// typed then even with `--yes`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask destroy --env local
  cargo xtask destroy --env qa --purge
  cargo xtask destroy --env qa --stack jobs --retain Uploads
  cargo xtask destroy --env prod --lift-protection prod")]
pub(crate) struct Args {
    /// Environment to delete, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Empty the buckets that are deleted: all objects in them are lost, all versions of them
    #[arg(long)]
    purge: bool,
    /// Delete only this stack; it may have left the platform, as `old` for `cloudwright-<environment>-old`
    #[arg(long, value_name = "STACK")]
    stack: Option<String>,
    /// Leave a resource behind that kept a deletion from succeeding; nothing manages it then (repeatable)
    #[arg(long, value_name = "LOGICAL_ID", requires = "stack")]
    retain: Vec<String>,
    /// Lift the termination protection of this environment: its name once more
    #[arg(long, value_name = "ENVIRONMENT")]
    lift_protection: Option<String>,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    destroy(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn destroy(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let environment = environments::read(&ctx.workspace()?, &args.env)?;
    let lift_protection = lifted(args, &environment)?;
    // What a person protected is not deleted by a flag alone.
    let ask = lift_protection || (!is_local(&environment) && !args.yes);
    ctx.terminal
        .can_answer(ask, &environment.name)
        .map_err(|error| if lift_protection { Error::NobodyToType { environment: environment.name.clone() } } else { error })?;

    let session = Session::open(ctx, &args.env)?;
    let interrupts = Interrupts::catch()?;
    let needs = |finished: &foundation::Finished| finished.needs().into_iter().map(str::to_owned).collect();
    let (stacks, others) = chosen(args, session.stack_refs());
    let request = Request::Destroy(Destroy {
        target: session.target(),
        stacks,
        needs: session.platform.iter().map(|finished| (finished.stack.to_owned(), needs(finished))).collect(),
        purge: args.purge,
        ask,
        retain: args.retain.clone(),
        lift_protection,
        others,
    });
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Typed(&args.env));
    let end = session.converse(&request, &interrupts, &mut watcher)?;
    watcher.end()?;
    Ok(match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Changed | EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
    })
}

/// Whether protection is to be lifted. A protected environment is left alone otherwise.
fn lifted(args: &Args, environment: &Environment) -> Result<bool, Error> {
    match &args.lift_protection {
        Some(name) if *name == environment.name => Ok(true),
        Some(name) => Err(Error::OtherProtection { environment: environment.name.clone(), named: name.clone() }),
        None if environment.protection.termination => Err(Error::Protected { environment: environment.name.clone() }),
        None => Ok(false),
    }
}

/// The stacks that go, and those that do not.
fn chosen(args: &Args, platform: Vec<StackRef>) -> (Vec<StackRef>, Vec<StackRef>) {
    let Some(wanted) = &args.stack else { return (platform, Vec::new()) };
    let is_wanted = |stack: &StackRef| stack.stack == *wanted || stack.name == *wanted;
    let (stacks, others): (Vec<_>, Vec<_>) = platform.into_iter().partition(is_wanted);
    if !stacks.is_empty() {
        return (stacks, others);
    }
    // It has left the platform. Only names of this environment are made here: nobody else's stack goes by a slip of the fingers.
    let prefix = format!("cloudwright-{}-", args.env);
    let stack = wanted.strip_prefix(&prefix).unwrap_or(wanted);
    (vec![StackRef { stack: stack.to_owned(), name: format!("{prefix}{stack}") }], others)
}
