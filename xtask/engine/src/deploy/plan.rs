//! What each stack needs, decided from its state and from the digest of what it should become.

use indexmap::IndexMap;
use protocol::{Deploy, Event, Failure, Intent, Source, StackSpec};
use sha2::{Digest, Sha256};

use super::{Known, reference};
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::phase::Phase;

/// What is going to happen to one stack.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) spec: &'a StackSpec,
    pub(super) intent: Intent,
    pub(super) reason: Option<String>,
    /// The template's parameters with their values.
    pub(super) parameters: IndexMap<String, String>,
    /// The ARN of what a failed first deploy left behind, for [`Intent::Recreate`].
    pub(super) leftover: Option<String>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Decide what a stack needs. Waits first when somebody else's operation is under way.
    pub(super) async fn plan<'s>(&self, request: &Deploy, spec: &'s StackSpec, known: &mut Known) -> Result<Plan<'s>, Failure> {
        let parameters = parameters(request, spec, known)?;
        loop {
            let state = known.states.get(&spec.name);
            let status = state.map(|state| state.status.as_str());
            let (intent, reason) = match status.map_or(Phase::Absent, Phase::of) {
                Phase::Absent => (Intent::Create, None),
                Phase::Settled if is_deployed(spec, &parameters, known) => (Intent::Nothing, None),
                Phase::Settled => (Intent::Update, None),
                Phase::RolledBack => (Intent::Update, Some("its last update was rolled back".to_owned())),
                Phase::NeverBorn => (
                    Intent::Recreate,
                    Some(format!("its first deploy failed; what is left of it ({}) goes first", status.unwrap_or_default())),
                ),
                // It came to this while it was waited for.
                Phase::HalfRolledBack | Phase::HalfUpdated => {
                    let (status, stack) = (status.unwrap_or_default().to_owned(), reference(spec));
                    if self.recover(request, &mut known.states).await?.is_some() {
                        return Err(failure::stack_state(&stack, &status, None, &request.target.environment));
                    }
                    continue;
                }
                Phase::HalfDeleted | Phase::Stuck | Phase::Unknown => {
                    let reason = state.and_then(|state| state.reason.as_deref());
                    let environment = &request.target.environment;
                    return Err(failure::stack_state(&reference(spec), status.unwrap_or_default(), reason, environment));
                }
                Phase::Moving => {
                    self.wait_for_others(request, spec, known).await?;
                    continue;
                }
            };
            let leftover = match intent {
                Intent::Recreate => state.map(|state| state.id.clone()),
                Intent::Nothing | Intent::Create | Intent::Update | Intent::Wait | Intent::Delete | Intent::Import | Intent::Recover => {
                    None
                }
            };
            return Ok(Plan { spec, intent, reason, parameters, leftover });
        }
    }

    /// Watch an operation that this deploy did not begin, then look again.
    async fn wait_for_others(&self, request: &Deploy, spec: &StackSpec, known: &mut Known) -> Result<(), Failure> {
        let Some(state) = known.states.get(&spec.name).cloned() else { return Ok(()) };
        let stack = reference(spec);
        let reason = Some(format!("CloudFormation is at work on it ({})", state.status));
        self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Wait, reason });
        self.attach(&stack, &state.id, &request.target).await?;
        match self.cloud.stack(&spec.name).await.map_err(|error| failure::of(error, &request.target))? {
            Some(state) => known.states.insert(spec.name.clone(), state),
            None => known.states.remove(&spec.name),
        };
        Ok(())
    }
}

/// Whether the stack holds the digest of exactly this.
fn is_deployed(spec: &StackSpec, parameters: &IndexMap<String, String>, known: &Known) -> bool {
    let digest = spec.parameters.iter().find(|(_, source)| **source == Source::Digest).map(|(parameter, _)| parameter);
    let Some(digest) = digest else { return false };
    let live = known.states.get(&spec.name).and_then(|state| state.parameters.get(digest));
    live.is_some() && live == parameters.get(digest)
}

/// The values of the template's parameters.
fn parameters(request: &Deploy, spec: &StackSpec, known: &Known) -> Result<IndexMap<String, String>, Failure> {
    let mut values = IndexMap::new();
    for (parameter, source) in &spec.parameters {
        let value = match source {
            Source::Value { value } => value.clone(),
            Source::Artifact { artifact } => match request.artifacts.iter().find(|known| known.name == *artifact) {
                Some(artifact) => artifact.key(),
                None => continue,
            },
            Source::Output(output) => match known.outputs.get(&output.stack).and_then(|outputs| outputs.get(&output.output)) {
                Some(value) => value.clone(),
                None => {
                    let there = known.outputs.get(&output.stack).map(|outputs| outputs.keys().cloned().collect::<Vec<_>>().join(", "));
                    return Err(failure::request(
                        format!(
                            "parameter `{parameter}` of `{}` needs output `{}` of stack `{}`, which gives: {}",
                            spec.name,
                            output.output,
                            output.stack,
                            there.unwrap_or_default()
                        ),
                        "an output that others use is made by `Stack::output` in the stack that gives it",
                    ));
                }
            },
            Source::Digest => String::new(),
        };
        values.insert(parameter.clone(), value);
    }
    let digest = digest(spec, &values);
    for (parameter, source) in &spec.parameters {
        if *source == Source::Digest {
            values.insert(parameter.clone(), digest.clone());
        }
    }
    Ok(values)
}

/// The SHA-256 of everything that CloudFormation gets, as 64 hexadecimal digits.
fn digest(spec: &StackSpec, parameters: &IndexMap<String, String>) -> String {
    let mut sha = Sha256::new();
    // Each piece with its length before it: no two different lists run together into the same bytes.
    let mut piece = |text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text.as_bytes());
    };
    piece(&spec.template);
    piece(if spec.termination_protection { "protected" } else { "unprotected" });
    for (name, value) in parameters {
        piece(name);
        piece(value);
    }
    for (key, value) in &spec.tags {
        piece(key);
        piece(value);
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
