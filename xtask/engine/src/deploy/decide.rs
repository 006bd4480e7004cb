//! What a stack needs, from its state and from the digest of what it should become.

use indexmap::IndexMap;
use protocol::{Failure, Intent, Source, StackRef, StackSpec};
use sha2::{Digest, Sha256};

use super::{Known, reference};
use crate::cloud::StackState;
use crate::failure;
use crate::phase::Phase;

/// What is going to happen to a stack, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) intent: Intent,
    pub(crate) reason: Option<String>,
}

/// Decide what a stack needs. Without the values of all its parameters (`digest` is none then), one that is at rest needs an update.
pub(super) fn decide(spec: &StackSpec, digest: Option<&str>, known: &Known, environment: &str) -> Result<Decision, Failure> {
    let state = known.states.get(&spec.name);
    by_state(&reference(spec), state, is_deployed(spec, digest, known), environment)
}

/// The same by the stack's state alone; `same` says whether it already is what it should become. Failing, the hint says what a person
/// has to do first. `status` tells people what comes next by this as well, so that it cannot promise what a deploy does not do.
pub(crate) fn by_state(stack: &StackRef, state: Option<&StackState>, same: bool, environment: &str) -> Result<Decision, Failure> {
    let status = state.map(|state| state.status.as_str());
    let because = |intent, reason: String| Decision { intent, reason: Some(reason) };
    Ok(match status.map_or(Phase::Absent, Phase::of) {
        Phase::Absent => Decision { intent: Intent::Create, reason: None },
        Phase::Settled if same => Decision { intent: Intent::Nothing, reason: None },
        Phase::Settled => Decision { intent: Intent::Update, reason: None },
        Phase::RolledBack => because(Intent::Update, "its last update was rolled back".to_owned()),
        Phase::NeverBorn => {
            because(Intent::Recreate, format!("its first deploy failed; what is left of it ({}) goes first", status.unwrap_or_default()))
        }
        Phase::HalfRolledBack | Phase::HalfUpdated => because(
            Intent::Recover,
            format!(
                "an earlier deploy left it half way ({}): that is brought to rest first, then it is updated",
                status.unwrap_or_default()
            ),
        ),
        Phase::HalfDeleted | Phase::Stuck | Phase::Unknown => {
            let reason = state.and_then(|state| state.reason.as_deref());
            return Err(failure::stack_state(stack, status.unwrap_or_default(), reason, environment));
        }
        Phase::Moving => because(Intent::Wait, format!("CloudFormation is at work on it ({})", status.unwrap_or_default())),
    })
}

/// Whether the stack holds the digest of exactly this.
fn is_deployed(spec: &StackSpec, digest: Option<&str>, known: &Known) -> bool {
    let live = kept_digest(spec, known);
    live.is_some() && live == digest
}

/// The digest that the stack keeps of what was deployed.
pub(super) fn kept_digest<'a>(spec: &StackSpec, known: &'a Known) -> Option<&'a str> {
    let parameter = digest_parameter(spec)?;
    known.states.get(&spec.name)?.parameters.get(parameter).map(String::as_str)
}

/// The parameter in which the stack keeps the digest.
pub(super) fn digest_parameter(spec: &StackSpec) -> Option<&str> {
    spec.parameters.iter().find(|(_, source)| **source == Source::Digest).map(|(parameter, _)| parameter.as_str())
}

/// The SHA-256 of everything that CloudFormation gets, as 64 hexadecimal digits. `parameters` has an empty text for the digest itself.
/// Termination protection is no part of it: the stack itself tells whether it is on.
pub(super) fn digest(spec: &StackSpec, parameters: &IndexMap<String, String>) -> String {
    let mut sha = Sha256::new();
    // Each piece with its length before it: no two different lists run together into the same bytes.
    let mut piece = |text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text.as_bytes());
    };
    piece(&spec.template);
    for (name, value) in parameters {
        piece(name);
        piece(value);
    }
    for (key, value) in &spec.tags {
        piece(key);
        piece(value);
    }
    hexadecimal(&sha.finalize())
}

/// The SHA-256 of a text, as 64 hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
