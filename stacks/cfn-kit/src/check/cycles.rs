//! Resources and conditions that wait for each other.

use std::collections::{HashMap, HashSet, VecDeque};

use foldhash::fast::RandomState;
use indexmap::IndexMap;

use super::Report;
use super::names::Names;
use crate::walk::{Section, Target, Use};

/// Who waits for whom, as numbers: enough to see whether anything waits for itself.
pub(super) struct Waiting<'a> {
    resources: Numbered<'a>,
    conditions: Numbered<'a>,
}

impl<'a> Waiting<'a> {
    pub(super) fn of(names: &Names<'a>) -> Self {
        // What a type of AWS SAM refers to may be meant for one of the resources that it stands for.
        let known = names.resources.ids().filter(|id| !is_serverless(id, names));
        Self { resources: Numbered::of(known), conditions: Numbered::of(names.conditions.ids()) }
    }

    pub(super) fn add(&mut self, one: &Use<'a>) {
        if let Some(target) = waits_for(one) {
            let numbered = if one.section == Section::Resources { &mut self.resources } else { &mut self.conditions };
            numbered.add(one.owner, target);
        }
    }

    pub(super) fn check(&self, names: &Names<'_>, report: &mut Report<'_>) {
        if self.resources.stuck().is_empty() && self.conditions.stuck().is_empty() {
            return;
        }
        // Only now are the places needed, and they take long to write out.
        let document = report.document;
        let uses = crate::walk::uses(&document.template);
        let mut resources = graph(&uses, Section::Resources);
        resources.retain(|id, _| !is_serverless(id, names));
        report_cycles(resources, "Resources", "are made only after each other, so none can be first", report);
        report_cycles(graph(&uses, Section::Conditions), "Conditions", "are decided by each other", report);
    }
}

fn is_serverless(id: &str, names: &Names<'_>) -> bool {
    names.type_of(id).is_some_and(|name| name.starts_with("AWS::Serverless::"))
}

/// What must be there before the owner of this use.
fn waits_for<'a>(one: &Use<'a>) -> Option<&'a str> {
    match (&one.target, one.section) {
        (Target::Name(id) | Target::Attribute(id, _) | Target::Dependency(id), Section::Resources)
        | (Target::Condition(id), Section::Conditions) => Some(id),
        _ => None,
    }
}

/// IDs by number, and for each number those that wait for it.
struct Numbered<'a> {
    numbers: HashMap<&'a str, usize, RandomState>,
    waiting: Vec<Vec<usize>>,
}

impl<'a> Numbered<'a> {
    fn of(ids: impl Iterator<Item = &'a str>) -> Self {
        let numbers: HashMap<_, _, _> = ids.enumerate().map(|(number, id)| (id, number)).collect();
        let waiting = vec![Vec::new(); numbers.len()];
        Self { numbers, waiting }
    }

    fn add(&mut self, owner: &str, target: &str) {
        let number = |id: &str| self.numbers.get(id).copied();
        if let (Some(owner), Some(target)) = (number(owner), number(target)) {
            self.waiting[target].push(owner);
        }
    }

    /// The IDs of what cannot be made: what lies on a cycle or waits for one.
    fn stuck(&self) -> HashSet<&'a str> {
        let mut open = vec![0_usize; self.waiting.len()];
        self.waiting.iter().flatten().for_each(|owner| open[*owner] += 1);
        let mut free: Vec<usize> = (0..open.len()).filter(|number| open[*number] == 0).collect();
        while let Some(number) = free.pop() {
            for owner in &self.waiting[number] {
                open[*owner] -= 1;
                if open[*owner] == 0 {
                    free.push(*owner);
                }
            }
        }
        self.numbers.iter().filter(|(_, number)| open[**number] > 0).map(|(id, _)| *id).collect()
    }
}

/// Who refers to whom, and where.
type Graph<'a> = IndexMap<&'a str, IndexMap<&'a str, &'a str>>;

fn graph<'a>(uses: &'a [(Use<'a>, String)], section: Section) -> Graph<'a> {
    let mut graph = Graph::new();
    for (one, path) in uses.iter().filter(|(one, _)| one.section == section) {
        if let Some(target) = waits_for(one) {
            graph.entry(one.owner).or_default().entry(target).or_insert(path);
        }
    }
    graph
}

/// Removes what can be made: what is left lies on cycles or waits for one.
fn only_stuck(graph: &mut Graph<'_>) {
    let mut numbered = Numbered::of(graph.keys().copied());
    for (owner, targets) in &*graph {
        targets.keys().for_each(|target| numbered.add(owner, target));
    }
    let stuck = numbered.stuck();
    graph.retain(|id, _| stuck.contains(id));
    for targets in graph.values_mut() {
        targets.retain(|target, _| stuck.contains(target));
    }
}

fn report_cycles(mut graph: Graph<'_>, section: &str, consequence: &str, report: &mut Report<'_>) {
    only_stuck(&mut graph);
    let mut reported: HashSet<&str> = HashSet::new();
    for &start in graph.keys() {
        if reported.contains(start) {
            continue;
        }
        let Some(cycle) = shortest_cycle(&graph, start) else { continue };
        reported.extend(&cycle);
        let round = cycle.iter().chain(cycle.first()).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" → ");
        let message = match cycle.len() {
            1 => format!("`{start}` refers to itself"),
            _ => format!("{round} {consequence}"),
        };
        report.error("cycle", &format!("{section}/{start}"), message, hint(&graph, &cycle));
    }
}

/// The places that one of must change, so that the cycle opens.
fn hint(graph: &Graph<'_>, cycle: &[&str]) -> String {
    let next = cycle.iter().skip(1).chain(cycle.first());
    let places = cycle.iter().zip(next).filter_map(|(from, to)| Some(format!("`{}`", graph.get(from)?.get(to)?)));
    format!("take one of these references out: {}", places.collect::<Vec<_>>().join(", "))
}

/// The shortest way from a node back to itself.
fn shortest_cycle<'a>(graph: &Graph<'a>, start: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: HashMap<&str, &str> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &target in graph.get(node)?.keys() {
            if target == start {
                let mut cycle = vec![node];
                while let Some(&before) = came_from.get(cycle[cycle.len() - 1]) {
                    cycle.push(before);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if !came_from.contains_key(target) {
                came_from.insert(target, node);
                queue.push_back(target);
            }
        }
    }
    None
}
