//! Resources and conditions that wait for each other.

use std::collections::{HashMap, HashSet, VecDeque};

use indexmap::IndexMap;

use super::Report;
use super::names::Names;
use crate::walk::{Section, Target, Use};

/// Who refers to whom, and where.
type Graph<'a> = IndexMap<&'a str, IndexMap<&'a str, &'a Use>>;

pub(super) fn check(uses: &[Use], names: &Names<'_>, report: &mut Report<'_>) {
    let mut resources = graph(uses, Section::Resources);
    // What a type of AWS SAM refers to may be meant for one of the resources that it stands for.
    resources.retain(|id, _| !names.type_of(id).is_some_and(|name| name.starts_with("AWS::Serverless::")));
    report_cycles(resources, "Resources", "are made only after each other, so none can be first", report);
    report_cycles(graph(uses, Section::Conditions), "Conditions", "are decided by each other", report);
}

fn graph(uses: &[Use], section: Section) -> Graph<'_> {
    let mut graph = Graph::new();
    for one in uses.iter().filter(|one| one.section == section) {
        let target = match (&one.target, section) {
            (Target::Name(id) | Target::Attribute(id, _) | Target::Dependency(id), Section::Resources)
            | (Target::Condition(id), Section::Conditions) => id,
            _ => continue,
        };
        graph.entry(&one.owner).or_default().entry(target).or_insert(one);
    }
    graph
}

/// Removes what can be made, and then what waited for that alone: what is left lies on cycles or waits for one.
fn only_stuck(graph: &mut Graph<'_>) {
    let mut waiting: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut open = vec![0_usize; graph.len()];
    for (index, targets) in graph.values().enumerate() {
        for target in targets.keys().filter(|target| graph.contains_key(**target)) {
            waiting.entry(target).or_default().push(index);
            open[index] += 1;
        }
    }
    let mut free: Vec<usize> = (0..open.len()).filter(|index| open[*index] == 0).collect();
    let mut made: HashSet<&str> = HashSet::new();
    while let Some(index) = free.pop() {
        let Some((id, _)) = graph.get_index(index) else { continue };
        made.insert(id);
        for next in waiting.get(id).into_iter().flatten() {
            open[*next] -= 1;
            if open[*next] == 0 {
                free.push(*next);
            }
        }
    }
    graph.retain(|id, _| !made.contains(id));
    let stuck: HashSet<&str> = graph.keys().copied().collect();
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
    let places = cycle.iter().zip(next).filter_map(|(from, to)| Some(format!("`{}`", graph.get(from)?.get(to)?.path)));
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
