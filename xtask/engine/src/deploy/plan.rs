//! What a deploy is going to do, as a value: made from the request and from one look at the stacks.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use protocol::{
    Deploy, Failure, Intent, OutputRef, PLAN_VERSION, Plan, PlannedParameter, PlannedValue, Seen, Source, StackPlan, StackSpec,
};

use super::decide::{decide, digest, kept_digest, sha256};
use super::interim::interim;
use super::waves::{self, Needs, Step};
use super::{Known, left, reference};
use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Make the plan of a deploy. Nothing is written; a template is read only when its stack takes a step on the way.
    pub(super) async fn make_plan(&self, request: &Deploy, needs: &Needs, known: &Known) -> Result<Plan, Failure> {
        let mut stacks: Vec<StackPlan> = Vec::new();
        // The short names of the stacks whose outputs may be others later.
        let mut changing = BTreeSet::new();
        for step in waves::steps(request, needs, &known.states) {
            let Some(spec) = request.stacks.get(step.stack) else { continue };
            let kept = match &step.keeps {
                Some(outputs) => Some(self.on_the_way(request, spec, outputs, known).await?),
                None => None,
            };
            let again = stacks.iter().any(|before| before.stack.name == spec.name);
            let planned = plan_step(request, kept.as_ref().unwrap_or(spec), &step, &changing, known)?;
            let reason = match &step.keeps {
                Some(outputs) => Some(format!("keeps {} until nobody takes it any more", outputs.join(", "))),
                None if again => Some("drops what was kept".to_owned()),
                None => planned.reason,
            };
            if planned.intent != Intent::Nothing {
                changing.insert(spec.stack.as_str());
            }
            stacks.push(StackPlan { reason, interim: kept.map(Box::new), ..planned });
        }
        let mut plan = Plan {
            version: PLAN_VERSION,
            digest: String::new(),
            deploy: request.clone(),
            role: role(request, known),
            stacks,
            notes: left::notes(request, known),
        };
        plan.digest = plan_digest(&plan);
        Ok(plan)
    }

    /// The stack as it is deployed on the way, with outputs that others still take.
    async fn on_the_way(&self, request: &Deploy, spec: &StackSpec, outputs: &[String], known: &Known) -> Result<StackSpec, Failure> {
        let live = self.cloud.template(&spec.name).await.map_err(|error| failure::of(error, &request.target))?;
        let live = live.and_then(|body| serde_json::from_str(&body).ok());
        match (live, known.states.get(&spec.name)) {
            (Some(live), Some(state)) => interim(spec, &live, state, outputs),
            _ => Err(failure::request(
                format!("`{}` drops {}, which others still take, and its deployed template cannot be read", spec.name, outputs.join(", ")),
                "deploy twice: first with the stacks that take it changed, then with the rest",
            )),
        }
    }
}

/// The SHA-256 of everything in a plan but the digest itself, and whether somebody is asked.
pub(super) fn plan_digest(plan: &Plan) -> String {
    let mut bare = plan.clone();
    bare.digest = String::new();
    bare.deploy.ask = false;
    // A plan is texts and numbers, which can always be written.
    sha256(serde_json::to_string(&bare).unwrap_or_default().as_bytes())
}

/// The role that CloudFormation takes on, where its stack exists.
pub(super) fn role(request: &Deploy, known: &Known) -> Option<String> {
    let wanted = request.guards.execution_role.as_ref()?;
    known.states.get(&wanted.name)?.outputs.get(&wanted.output).cloned()
}

/// What was seen of a stack.
pub(super) fn seen(state: &StackState, digest: Option<&str>) -> Seen {
    Seen { id: state.id.clone(), status: state.status.clone(), changed_at: state.changed_at.clone(), digest: digest.map(str::to_owned) }
}

fn plan_step(request: &Deploy, spec: &StackSpec, step: &Step, changing: &BTreeSet<&str>, known: &Known) -> Result<StackPlan, Failure> {
    let mut parameters = IndexMap::new();
    // The values as they would be if what changes before gave what it gives now.
    let mut values = Some(IndexMap::new());
    let mut later = BTreeSet::new();
    let state = known.states.get(&spec.name);
    for (parameter, source) in &spec.parameters {
        let value = match source {
            Source::Digest => None,
            Source::Value { value } => Some(PlannedValue::Now { value: value.clone() }),
            Source::Artifact { artifact } => {
                request.artifacts.iter().find(|known| known.name == *artifact).map(|artifact| PlannedValue::Now { value: artifact.key() })
            }
            Source::Output(output) => {
                let present = present(request, output, known);
                match present {
                    Some(value) if !changing.contains(output.stack.as_str()) => Some(PlannedValue::Now { value }),
                    present => {
                        later.insert(output.stack.clone());
                        Some(PlannedValue::Then { output: output.clone(), present })
                    }
                }
            }
        };
        let text = match &value {
            None => Some(String::new()),
            Some(PlannedValue::Now { value }) => Some(value.clone()),
            Some(PlannedValue::Then { present, .. }) => present.clone(),
        };
        values = values.zip(text).map(|(mut values, text)| {
            values.insert(parameter.clone(), text);
            values
        });
        if let Some(value) = value {
            let was = state.and_then(|state| state.parameters.get(parameter).cloned());
            parameters.insert(parameter.clone(), PlannedParameter { value, was });
        }
    }
    let expected = values.map(|values| digest(spec, &values));
    let decision = decide(spec, expected.as_deref(), known, &request.target.environment)?;
    let protection = state.filter(|state| state.protected != spec.termination_protection);
    let reason = if let (Intent::Nothing, Some(_)) = (decision.intent, protection) {
        Some(format!("but for its termination protection, which goes {}", if spec.termination_protection { "on" } else { "off" }))
    } else if decision.intent == Intent::Nothing && !later.is_empty() {
        let stacks: Vec<_> = later.iter().map(|stack| format!("`{stack}`")).collect();
        Some(format!("unless {} gives other values then", stacks.join(" or ")))
    } else {
        decision.reason
    };
    Ok(StackPlan {
        stack: reference(spec),
        wave: step.wave,
        intent: decision.intent,
        reason,
        parameters,
        template_digest: sha256(spec.template.as_bytes()),
        deploy_digest: expected.filter(|_| later.is_empty()),
        seen: state.map(|state| seen(state, kept_digest(spec, known))),
        interim: None,
    })
}

/// What an output gives now.
fn present(request: &Deploy, output: &OutputRef, known: &Known) -> Option<String> {
    let spec = request.stacks.iter().find(|spec| spec.stack == output.stack)?;
    known.states.get(&spec.name)?.outputs.get(&output.output).cloned()
}

/// The values of the template's parameters, once the stacks before are as they should be.
pub(super) fn values(request: &Deploy, spec: &StackSpec, known: &Known) -> Result<IndexMap<String, String>, Failure> {
    let mut values = IndexMap::new();
    for (parameter, source) in &spec.parameters {
        let value = match source {
            Source::Value { value } => value.clone(),
            Source::Artifact { artifact } => match request.artifacts.iter().find(|known| known.name == *artifact) {
                Some(artifact) => artifact.key(),
                None => continue,
            },
            Source::Output(output) => {
                let there = known.outputs.get(&output.stack);
                match there.and_then(|outputs| outputs.get(&output.output)) {
                    Some(value) => value.clone(),
                    None => {
                        let there: Vec<_> = there.into_iter().flat_map(|outputs| outputs.keys().cloned()).collect();
                        return Err(waves::no_output(spec, parameter, output, &there));
                    }
                }
            }
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
