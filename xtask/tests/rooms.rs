//! The arrows of ARCHITECTURE.md, kept by a test: which room may see which, and who may link the AWS SDK.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value as Json;

/// Room → the rooms that it may use. A room that is missing here has not been thought about.
const ARROWS: &[(&str, &[&str])] = &[
    ("bedrock-stand-in", &["unify"]),
    ("caller", &["contract", "telemetry"]),
    ("cfn-facts", &[]),
    ("cfn-kit", &["cfn-facts"]),
    ("cli", &["cfn-facts", "cfn-kit", "contract", "foundation", "protocol"]),
    ("contract", &[]),
    ("deploy", &["engine", "protocol", "unify"]),
    ("engine", &["contract", "protocol"]),
    ("foundation", &["cfn-kit", "contract"]),
    ("front-door", &["caller", "contract", "telemetry", "unify"]),
    ("gpu-worker", &["contract", "inference", "sqs-worker", "telemetry", "unify"]),
    ("imagegen", &["contract", "lambda-events", "telemetry", "unify"]),
    ("inference", &["contract"]),
    ("lambda-events", &[]),
    ("picture", &["contract"]),
    ("protocol", &[]),
    ("reconciler", &["contract", "lambda-events", "telemetry", "unify"]),
    ("smoke", &["contract", "inference", "picture", "unify"]),
    ("sqs-worker", &["contract", "telemetry"]),
    ("stacks", &["cfn-kit", "contract", "foundation"]),
    ("telemetry", &["contract"]),
    ("testcloud", &["contract"]),
    ("transcode", &["contract", "lambda-events", "picture", "telemetry", "unify"]),
    ("unify", &[]),
    ("upload", &["caller", "contract", "picture", "telemetry", "unify"]),
    ("xtask", &["cli", "stacks"]),
];

/// Rooms in the edit loop: a build of any of them takes seconds, because none of this comes with it.
const LIGHT: &[&str] = &["cfn-facts", "cfn-kit", "cli", "contract", "foundation", "picture", "protocol", "stacks", "xtask"];
const HEAVY: &[&str] = &["aws-", "tokio", "hyper", "lambda_runtime"];

/// Rooms that hold no words of the command line.
const NO_CLAP: &[&str] = &["cfn-facts", "cfn-kit", "contract", "deploy", "engine", "foundation", "picture", "protocol", "stacks"];

/// The programs that link the SDK, as a deploy builds them.
const LINKS_THE_SDK: &[&str] = &["deploy", "front-door", "gpu-worker", "imagegen", "reconciler", "smoke", "transcode", "upload"];

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo).args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Packages by id, and what each links: tests and build scripts apart.
struct Graph {
    names: BTreeMap<String, String>,
    rooms: BTreeMap<String, String>,
    links: BTreeMap<String, Vec<String>>,
}

fn text(value: &Json) -> String {
    value.as_str().unwrap().to_owned()
}

fn graph() -> Graph {
    let metadata: Json = serde_json::from_str(&cargo(&["metadata", "--format-version", "1"])).unwrap();
    let names: BTreeMap<_, _> =
        metadata["packages"].as_array().unwrap().iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let members = metadata["workspace_members"].as_array().unwrap();
    let rooms = members.iter().map(|id| (names[&text(id)].clone(), text(id))).collect();
    let normal = |dependency: &&Json| dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null());
    let linked = |node: &Json| node["deps"].as_array().unwrap().iter().filter(normal).map(|dependency| text(&dependency["pkg"])).collect();
    let links = metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (text(&node["id"]), linked(node))).collect();
    Graph { names, rooms, links }
}

impl Graph {
    /// Everything that a room links, directly or not.
    fn linked(&self, room: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![&self.rooms[room]];
        while let Some(id) = open.pop() {
            open.extend(self.links[id].iter().filter(|id| seen.insert(id.as_str())));
        }
        seen.into_iter().map(|id| self.names[id].as_str()).collect()
    }
}

#[test]
fn a_room_uses_only_the_rooms_that_it_may() {
    let graph = graph();
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();

    for (room, id) in &graph.rooms {
        let allowed = arrows.get(room.as_str()).unwrap_or_else(|| panic!("`{room}` has no place in the house yet"));
        for used in graph.links[id].iter().map(|id| &graph.names[id]).filter(|name| graph.rooms.contains_key(*name)) {
            assert!(allowed.contains(&used.as_str()), "`{room}` may not know `{used}`");
        }
    }
}

#[test]
fn the_edit_loop_links_no_sdk() {
    let graph = graph();

    for room in LIGHT {
        let heavy: Vec<_> = graph.linked(room).into_iter().filter(|name| HEAVY.iter().any(|word| name.starts_with(word))).collect();
        assert!(heavy.is_empty(), "every change of a stack would wait for these, because `{room}` links them: {heavy:?}");
    }
}

#[test]
fn only_xtask_knows_the_command_line() {
    let graph = graph();

    for room in NO_CLAP {
        assert!(!graph.linked(room).contains("clap"), "`{room}` would speak to a terminal that may not be there");
    }
}

/// Every package with its features, as cargo chooses them for a selection.
fn features(selection: &[&str]) -> BTreeSet<String> {
    let options = ["tree", "--prefix", "none", "--format", "{p} {f}", "--edges"];
    let lines = cargo(&[&options, selection].concat());
    lines.lines().map(|line| line.trim_end_matches(" (*)").trim_end().to_owned()).collect()
}

#[test]
fn the_engine_alone_is_compiled_as_in_a_deploy() {
    let packages: Vec<&str> = LINKS_THE_SDK.iter().flat_map(|room| ["--package", room]).collect();

    let alone = features(&["normal,build", "--package", "deploy"]);
    let deployed = features(&[&["normal,build"], &packages[..]].concat());

    let twice: Vec<_> = alone.difference(&deployed).collect();
    assert!(
        twice.is_empty(),
        "`rollback` compiles these again after a deploy: ask for the functions' features of them in xtask/unify: {twice:?}"
    );
}

#[test]
fn a_deploy_and_the_tests_compile_the_sdk_the_same_way() {
    let packages: Vec<&str> = LINKS_THE_SDK.iter().flat_map(|room| ["--package", room]).collect();

    let deployed = features(&[&["normal"], &packages[..]].concat());
    let tested = features(&["normal,dev", "--workspace"]);

    let twice: Vec<_> = deployed.difference(&tested).collect();
    assert!(twice.is_empty(), "the SDK is compiled twice, for minutes: ask for the tests' features of these in xtask/unify: {twice:?}");
}
