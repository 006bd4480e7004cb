//! The arrows of ARCHITECTURE.md, kept by a test: which room may see which, and who may link the AWS SDK.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Room → the rooms that it may use. A room that is missing here has not been thought about.
const ARROWS: &[(&str, &[&str])] = &[
    ("cfn-facts", &[]),
    ("cfn-kit", &["cfn-facts"]),
    ("contract", &[]),
    ("deploy", &["protocol"]),
    ("picture", &["contract"]),
    ("protocol", &[]),
    ("smoke", &["contract", "picture"]),
    ("stacks", &["cfn-kit", "contract"]),
    ("transcode", &["contract", "picture"]),
    ("xtask", &["cfn-facts", "cfn-kit", "contract", "protocol", "stacks"]),
];

/// Rooms in the edit loop: a build of any of them takes seconds, because none of this comes with it.
const LIGHT: &[&str] = &["cfn-facts", "cfn-kit", "contract", "picture", "protocol", "stacks", "xtask"];
const HEAVY: &[&str] = &["aws-", "tokio", "hyper", "lambda_runtime"];

/// Rooms that hold no words of the command line.
const NO_CLAP: &[&str] = &["cfn-facts", "cfn-kit", "contract", "deploy", "picture", "protocol", "stacks"];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).exec().unwrap()
}

/// Everything that a room links, directly or not; tests and build scripts apart.
fn linked(metadata: &Metadata, room: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == room).unwrap();
    let mut seen = BTreeSet::new();
    let mut open = vec![&start.id];
    while let Some(id) = open.pop() {
        for dependency in &nodes[id].deps {
            let linked = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if linked && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn a_room_uses_only_the_rooms_that_it_may() {
    let metadata = metadata();
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let rooms: BTreeSet<String> = metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();

    for package in metadata.workspace_packages() {
        let allowed = arrows.get(package.name.as_str()).unwrap_or_else(|| panic!("`{}` has no place in the house yet", package.name));
        let uses = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        for used in uses.filter(|dependency| rooms.contains(&dependency.name)) {
            assert!(allowed.contains(&used.name.as_str()), "`{}` may not know `{}`", package.name, used.name);
        }
    }
}

#[test]
fn the_edit_loop_links_no_sdk() {
    let metadata = metadata();

    for room in LIGHT {
        let heavy: Vec<_> = linked(&metadata, room).into_iter().filter(|name| HEAVY.iter().any(|word| name.starts_with(word))).collect();
        assert!(heavy.is_empty(), "every change of a stack would wait for these, because `{room}` links them: {heavy:?}");
    }
}

#[test]
fn only_xtask_knows_the_command_line() {
    let metadata = metadata();

    for room in NO_CLAP {
        assert!(!linked(&metadata, room).contains("clap"), "`{room}` would speak to a terminal that may not be there");
    }
}
