//! Which stacks can be worked on side by side, and which have to wait for others.
//!
//! A stack goes after those whose outputs it takes. It goes before one that is about to drop an output which the stack, as it is
//! deployed now, still takes: otherwise what stands behind that output would be deleted under it. Where both would have to go first,
//! the one that drops takes a step on the way: everything new, and what is dropped kept until nobody takes it.
#![expect(clippy::indexing_slicing, reason = "every index here is a position in the list of stacks, made from that list")]

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Deploy, Failure, Source, StackSpec};
use serde_json::Value;

use crate::cloud::StackState;
use crate::failure;

/// The stacks, by their place in the request, that each stack needs.
pub(super) type Needs = Vec<BTreeSet<usize>>;

/// One step of a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The stack's place in the request.
    pub(super) stack: usize,
    /// The outputs that are dropped only later, where this is a step on the way.
    pub(super) keeps: Option<Vec<String>>,
    /// When: after all steps of lower waves.
    pub(super) wave: usize,
}

/// What each stack needs.
///
/// # Errors
/// When a parameter names a stack, an output or an artifact that the request does not hold, or holds only later: nothing has been sent
/// then.
pub(super) fn needs(request: &Deploy) -> Result<Needs, Failure> {
    let mut needs: Needs = Vec::new();
    for (place, spec) in request.stacks.iter().enumerate() {
        let mut own = BTreeSet::new();
        for (parameter, source) in &spec.parameters {
            let Some(needed) = needed_stack(request, spec, parameter, source)? else { continue };
            let Some(other) = request.stacks[..place].iter().position(|other| other.stack == needed) else {
                return Err(failure::request(
                    format!("parameter `{parameter}` of `{}` needs stack `{needed}`, which does not come before it", spec.name),
                    "stacks are listed in dependency order in `stacks::platform`",
                ));
            };
            if let Source::Output(output) = source {
                gives(&request.stacks[other], &output.output).map_err(|there| no_output(spec, parameter, output, &there))?;
            }
            own.insert(other);
        }
        needs.push(own);
    }
    Ok(needs)
}

/// The failure for an output that its stack does not give.
pub(super) fn no_output(spec: &StackSpec, parameter: &str, output: &protocol::OutputRef, there: &[String]) -> Failure {
    failure::request(
        format!(
            "parameter `{parameter}` of `{}` needs output `{}` of stack `{}`, which gives: {}",
            spec.name,
            output.output,
            output.stack,
            there.join(", ")
        ),
        "an output that others use is made by `Stack::output` in the stack that gives it",
    )
}

fn needed_stack<'a>(request: &'a Deploy, spec: &StackSpec, parameter: &str, source: &'a Source) -> Result<Option<&'a str>, Failure> {
    match source {
        Source::Value { .. } | Source::Digest => Ok(None),
        Source::Output(output) => Ok(Some(&output.stack)),
        Source::Artifact { artifact } => {
            if request.artifacts.iter().any(|known| known.name == *artifact) {
                return Ok(Some(&request.artifact_bucket.stack));
            }
            let known: Vec<_> = request.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
            Err(failure::request(
                format!("parameter `{parameter}` of `{}` needs artifact `{artifact}`; there are: {}", spec.name, known.join(", ")),
                "an artifact has the name of its binary in runtime/",
            ))
        }
    }
}

/// Whether the template has an output; the outputs that it has otherwise. A template that is no JSON is CloudFormation's to judge.
fn gives(spec: &StackSpec, output: &str) -> Result<(), Vec<String>> {
    match outputs(spec) {
        Some(outputs) if !outputs.contains(output) => Err(outputs.into_iter().collect()),
        Some(_) | None => Ok(()),
    }
}

fn outputs(spec: &StackSpec) -> Option<BTreeSet<String>> {
    let template: Value = serde_json::from_str(&spec.template).ok()?;
    Some(template.get("Outputs").and_then(Value::as_object).map(|outputs| outputs.keys().cloned().collect()).unwrap_or_default())
}

/// The steps of a deploy, in order.
pub(super) fn steps(request: &Deploy, needs: &Needs, states: &BTreeMap<String, StackState>) -> Vec<Step> {
    let drops = drops(request, states);
    // The fewest steps first: a stack that takes nothing else of the one that drops simply goes before it.
    let mut first = Order { needs, takers: vec![BTreeSet::new(); needs.len()], interim: BTreeMap::new() };
    for drop in &drops {
        let round = drop.takers.iter().any(|taker| first.reaches(*taker, drop.stack));
        first.takers[drop.stack].extend(&drop.takers);
        if round {
            first.interim.insert(drop.stack, drop.outputs.clone());
        }
    }
    let mut careful = Order { needs, takers: first.takers.clone(), interim: BTreeMap::new() };
    careful.interim.extend(drops.iter().map(|drop| (drop.stack, drop.outputs.clone())));
    // Stacks that take from each other in a ring cannot come from `stacks`; the request's own order is then as good as any.
    let plain = Order { needs, takers: vec![BTreeSet::new(); needs.len()], interim: BTreeMap::new() };
    [first, careful, plain].iter().find_map(Order::steps).unwrap_or_default()
}

/// A stack that drops outputs, and the stacks that take them as they are deployed now.
#[derive(Debug)]
struct Drops {
    stack: usize,
    outputs: Vec<String>,
    takers: BTreeSet<usize>,
}

/// Values say who takes an output: nothing else of a deployed stack tells where a parameter came from. Two that are equal by chance
/// only make the order stricter than it has to be.
fn drops(request: &Deploy, states: &BTreeMap<String, StackState>) -> Vec<Drops> {
    let mut all = Vec::new();
    for (place, spec) in request.stacks.iter().enumerate() {
        let (Some(state), Some(new)) = (states.get(&spec.name), outputs(spec)) else { continue };
        let stays: BTreeSet<&String> = state.outputs.iter().filter(|(name, _)| new.contains(*name)).map(|(_, value)| value).collect();
        let dropped: Vec<(&String, &String)> =
            state.outputs.iter().filter(|(name, value)| !new.contains(*name) && !value.is_empty() && !stays.contains(value)).collect();
        let takes = |other: &StackSpec, value: &String| {
            states.get(&other.name).is_some_and(|live| live.parameters.values().any(|parameter| parameter == value))
        };
        let mut found = Drops { stack: place, outputs: Vec::new(), takers: BTreeSet::new() };
        for (name, value) in dropped {
            let takers = request.stacks.iter().enumerate().filter(|(at, other)| *at != place && takes(other, value));
            let takers: Vec<usize> = takers.map(|(at, _)| at).collect();
            if !takers.is_empty() {
                found.outputs.push(name.clone());
                found.takers.extend(takers);
            }
        }
        if !found.takers.is_empty() {
            all.push(found);
        }
    }
    all
}

#[derive(Debug)]
struct Order<'a> {
    needs: &'a Needs,
    /// For each stack, those that must have let go of it before it drops what they take.
    takers: Vec<BTreeSet<usize>>,
    /// The stacks that take a step on the way.
    interim: BTreeMap<usize, Vec<String>>,
}

/// A step on the way, or the last one, of a stack.
type Node = (usize, bool);

impl Order<'_> {
    /// Whether one stack has to wait for another, directly or not.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut open = vec![from];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                open.extend(self.needs[at].iter().chain(&self.takers[at]));
            }
        }
        false
    }

    /// The steps in waves; none when they wait for each other in a ring.
    fn steps(&self) -> Option<Vec<Step>> {
        let mut levels: BTreeMap<Node, Option<usize>> = BTreeMap::new();
        for stack in 0..self.needs.len() {
            self.level((stack, true), &mut levels)?;
        }
        let mut steps: Vec<Step> = levels
            .into_iter()
            .filter_map(|((stack, last), wave)| {
                let keeps = if last { None } else { self.interim.get(&stack).cloned() };
                Some(Step { stack, keeps, wave: wave? })
            })
            .collect();
        steps.sort_by_key(|step| (step.wave, step.stack));
        Some(steps)
    }

    /// The wave of a step; a step that is asked for while it is being placed is part of a ring.
    fn level(&self, node: Node, levels: &mut BTreeMap<Node, Option<usize>>) -> Option<usize> {
        if let Some(known) = levels.get(&node) {
            return *known;
        }
        levels.insert(node, None);
        let mut wave = 0;
        for before in self.before(node) {
            wave = wave.max(self.level(before, levels)? + 1);
        }
        levels.insert(node, Some(wave));
        Some(wave)
    }

    fn before(&self, (stack, last): Node) -> Vec<Node> {
        // Others take from the step on the way already: it gives all that is new.
        let giver = |stack: usize| (stack, !self.interim.contains_key(&stack));
        let mut before: Vec<Node> = self.needs[stack].iter().map(|needed| giver(*needed)).collect();
        if last {
            before.extend(self.takers[stack].iter().map(|taker| (*taker, true)));
            before.extend(self.interim.contains_key(&stack).then_some((stack, false)));
        }
        before
    }
}
