//! `cargo xtask import`: what exists already comes under the stack that describes it.

use std::io::Write;

use foundation::Finished;
use indexmap::IndexMap;
use protocol::{Adopted, Import, Outcome as EngineOutcome, Request};

use crate::ask::Yes;
use crate::cli::Context;
use crate::error::Error;
use crate::interrupts::Interrupts;
use crate::local::omissions::without_refused;
use crate::outcome::Outcome;
use crate::platform;
use crate::progress::Reporter;
use crate::session::{Session, is_local};
use crate::watcher::Watcher;

/// Take resources that were made elsewhere into a stack, as they are
///
/// The stack must describe them already. CloudFormation then knows them under their logical IDs: nothing is made, changed or deleted, and
/// the next deploy brings what the template says otherwise. What a resource is named by in AWS depends on its type: a table by its name, a
/// queue by its URL, a topic by its ARN; with more than one part, `Id=Part=value,Part=value`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask import --env qa --stack jobs --resource JobsTable=jobs-2024
  cargo xtask import --env qa --stack jobs --resource JobQueue=https://sqs.eu-central-1.amazonaws.com/222222222222/jobs.fifo")]
pub(crate) struct Args {
    /// Environment of the stack, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Stack that takes the resources in
    #[arg(long)]
    stack: String,
    /// Logical ID, and what the resource is called in AWS; can be given several times
    #[arg(long = "resource", value_name = "ID=NAME", required = true)]
    resources: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Write one JSON object per event on stdout, for other programs
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut reporter = Reporter::new(args.json, ctx.terminal);
    import(args, ctx, &mut reporter, out).or_else(|error| reporter.failed(error, out))
}

fn import(args: &Args, ctx: &Context, reporter: &mut Reporter, out: &mut dyn Write) -> Result<Outcome, Error> {
    let environment = crate::environments::read(&ctx.workspace()?, &args.env)?;
    let local = is_local(&environment);
    let ask = !local && !args.yes;
    ctx.terminal.can_answer(ask, &environment.name)?;
    let all = (ctx.platform.stacks)(&environment);
    let others = all.iter().map(platform::stack_ref).collect();
    let chosen = platform::chosen(all, std::slice::from_ref(&args.stack))?;
    let finished = chosen.first().ok_or_else(|| Error::UnknownStack { name: args.stack.clone(), known: Vec::new() })?;
    let resources = args.resources.iter().map(|text| adopted(finished, text)).collect::<Result<_, _>>()?;

    let session = Session::open(ctx, &args.env)?;
    let template = finished.template.to_json();
    let template = if local { without_refused(&template) } else { template };
    let stack = platform::spec(finished, &template);
    let request = Request::Import(Box::new(Import { target: session.target(), stack, others, resources, ask }));
    let interrupts = Interrupts::catch()?;
    let mut watcher = Watcher::new(reporter, out, &interrupts, Yes::Word);
    let end = session.converse(&request, &interrupts, &mut watcher)?;
    watcher.end()?;
    Ok(match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Changed | EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
    })
}

/// Reads `JobsTable=jobs-2024`, or `Rule=Name=nightly,EventBusName=jobs` for a type that is named by two properties.
fn adopted(finished: &Finished, text: &str) -> Result<Adopted, Error> {
    let wrong = |why: String| Error::Resource { text: text.to_owned(), why };
    let (id, name) = text.split_once('=').ok_or_else(|| wrong("there is no `=` in it".to_owned()))?;
    let template = finished.template.to_json();
    let Some(resource_type) = template["Resources"][id]["Type"].as_str() else {
        let known: Vec<_> = template["Resources"].as_object().into_iter().flatten().map(|(id, _)| id.as_str()).collect();
        return Err(wrong(format!("stack `{}` has {}", finished.stack, known.join(", "))));
    };
    let facts = cfn_kit::facts::of(resource_type).ok_or_else(|| wrong(format!("`{resource_type}` is in no table of facts")))?;
    let parts: Vec<&str> = facts.identifier.iter().map(AsRef::as_ref).collect();
    let identifier: IndexMap<String, String> = match parts.as_slice() {
        [] => return Err(wrong(format!("CloudFormation cannot take in an {resource_type}"))),
        [one] => [((*one).to_owned(), name.to_owned())].into(),
        several => {
            let given: IndexMap<_, _> = name.split(',').filter_map(|part| part.split_once('=')).collect();
            let value = |part: &&str| Some(((*part).to_owned(), (*given.get(part)?).to_owned()));
            let form: Vec<_> = several.iter().map(|part| format!("{part}=…")).collect();
            let all: Option<IndexMap<_, _>> = several.iter().map(value).collect();
            all.ok_or_else(|| wrong(format!("an {resource_type} is named by {}: `{id}={}`", several.join(" and "), form.join(","))))?
        }
    };
    Ok(Adopted { logical_id: id.to_owned(), resource_type: resource_type.to_owned(), identifier })
}
