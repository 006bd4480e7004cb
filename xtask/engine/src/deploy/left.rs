//! Stacks that are no longer, or not yet, what they should be to the environment: told, never touched.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Deploy;

use super::Known;

/// What a person should know about stacks that this deploy does not deploy.
pub(super) fn notes(request: &Deploy, known: &Known) -> Vec<String> {
    let mut notes = strangers(request, known);
    notes.extend(no_role(request, known));
    notes
}

/// Stacks of the environment that the platform no longer has.
fn strangers(request: &Deploy, known: &Known) -> Vec<String> {
    let guards = &request.guards;
    if guards.belongs.is_empty() {
        return Vec::new();
    }
    let mut own: BTreeSet<&str> = request.stacks.iter().map(|spec| spec.name.as_str()).collect();
    own.extend(guards.execution_role.iter().map(|role| role.name.as_str()));
    let belongs = |tags: &BTreeMap<String, String>| guards.belongs.iter().all(|(key, value)| tags.get(key) == Some(value));
    let environment = &request.target.environment;
    let prefix = request.stacks.iter().find_map(|spec| spec.name.strip_suffix(spec.stack.as_str())).unwrap_or_default();
    known
        .states
        .values()
        .filter(|state| belongs(&state.tags) && !own.contains(state.name.as_str()))
        .map(|state| {
            format!(
                "`{}` belongs to `{environment}` and is no longer part of the platform; it stays as it is ({}), and `cargo xtask destroy --env {environment} --stack {}` would delete it",
                state.name,
                state.status,
                state.name.strip_prefix(prefix).unwrap_or(&state.name)
            )
        })
        .collect()
}

/// Without the role, CloudFormation does everything with the rights of whoever deploys.
fn no_role(request: &Deploy, known: &Known) -> Option<String> {
    let role = request.guards.execution_role.as_ref().filter(|_| !request.guards.stand_in)?;
    let there = known.states.get(&role.name).is_some_and(|state| state.outputs.contains_key(&role.output));
    (!there).then(|| {
        format!(
            "there is no `{}`, so CloudFormation works with the rights of whoever deploys; `cargo xtask render --env {} --stack execution-role` shows the stack that limits them",
            role.name, request.target.environment
        )
    })
}
