//! The platform's stacks in the words of the engine's protocol.

use std::collections::BTreeMap;

use foundation::environment::Architecture;
use foundation::{ARTIFACT_BUCKET, ARTIFACTS, Finished, Kind, Wire};
use protocol::{OutputRef, Source, StackRef, StackSpec};
use serde_json::Value as Json;

use crate::artifacts::{BOOTSTRAP, Machine, Shipped};
use crate::error::Error;

/// The output that names the bucket for artifacts.
pub(crate) fn artifact_bucket() -> OutputRef {
    OutputRef { stack: ARTIFACTS.to_owned(), output: ARTIFACT_BUCKET.to_owned() }
}

/// The two names of a stack.
pub(crate) fn stack_ref(finished: &Finished) -> StackRef {
    StackRef { stack: finished.stack.to_owned(), name: finished.name.clone() }
}

/// The stacks that a person named, or all of them.
pub(crate) fn chosen(platform: Vec<Finished>, wanted: &[String]) -> Result<Vec<Finished>, Error> {
    let known = || platform.iter().map(|finished| finished.stack.to_owned()).collect();
    if let Some(name) = wanted.iter().find(|name| platform.iter().all(|finished| finished.stack != name.as_str())) {
        return Err(Error::UnknownStack { name: name.clone(), known: known() });
    }
    let is_wanted = |finished: &Finished| wanted.is_empty() || wanted.iter().any(|name| name == finished.stack);
    Ok(platform.into_iter().filter(is_wanted).collect())
}

/// A stack, whole. The template is given apart, because the local cloud does not get all of it.
pub(crate) fn spec(finished: &Finished, template: &Json) -> StackSpec {
    let is_parameter = |name: &str| template.get("Parameters").is_some_and(|parameters| parameters.get(name).is_some());
    StackSpec {
        stack: finished.stack.to_owned(),
        name: finished.name.clone(),
        template: cfn_kit::to_json(template),
        parameters: finished
            .parameters
            .iter()
            .filter(|(name, _)| is_parameter(name))
            .map(|(name, wire)| (name.clone(), source(wire)))
            .collect(),
        capabilities: finished.capabilities().into_iter().map(str::to_owned).collect(),
        tags: finished.tags.clone(),
        sources: sources(finished),
        termination_protection: finished.termination_protection,
    }
}

/// The binaries that the stacks ship, each once.
pub(crate) fn shipped(platform: &[Finished]) -> Vec<Shipped<'static>> {
    let mut all: Vec<_> = platform
        .iter()
        .flat_map(|finished| &finished.shipped)
        .map(|shipped| Shipped { name: shipped.binary, entry: entry(shipped), machine: machine(shipped.architecture) })
        .collect();
    all.sort_by_key(|shipped| shipped.name);
    all.dedup();
    all
}

/// What a binary is called in its zip.
fn entry(shipped: &foundation::Shipped) -> &'static str {
    match shipped.kind {
        Kind::Function => BOOTSTRAP,
        Kind::Program => shipped.binary,
    }
}

/// The line of Rust that made each resource, by logical ID.
fn sources(finished: &Finished) -> BTreeMap<String, String> {
    let resources = |(path, source): (&str, &str)| Some((path.strip_prefix("Resources/")?.to_owned(), source.to_owned()));
    finished.template.sources().iter().filter_map(resources).collect()
}

fn source(wire: &Wire) -> Source {
    match wire {
        Wire::Output { stack, output } => Source::Output(OutputRef { stack: (*stack).to_owned(), output: (*output).to_owned() }),
        Wire::Artifact { binary } => Source::Artifact { artifact: (*binary).to_owned() },
        Wire::Digest => Source::Digest,
    }
}

/// The machine of an architecture.
pub(crate) fn machine(architecture: Architecture) -> Machine {
    match architecture {
        Architecture::X86_64 => Machine::X86_64,
        Architecture::Arm64 => Machine::Arm64,
    }
}
