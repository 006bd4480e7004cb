//! The suite, run against a front door that is right and against some that are not, and what the documentation says that people get.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::door::{FRESH, Fault, TOKEN, open};
use super::*;
use crate::workspace::Workspace;

fn ours() -> Workspace {
    Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn suite(fault: Fault) -> Result<(), String> {
    let workspace = ours();
    let (token, fresh_token) = (TOKEN.to_owned(), FRESH.to_owned());
    let variables = Variables { base_url: open(fault), token, fresh_token, preflights: true, uploads: true };
    run(workspace.root(), workspace.target(), &variables, &|_| {}).map_err(|error| error.to_string())
}

#[test]
fn a_front_door_that_is_right_passes_and_every_other_fails() {
    assert_eq!(suite(Fault::Nothing), Ok(()));
    for fault in [Fault::LetsEverybodyIn, Fault::NeverTired, Fault::EveryOrigin, Fault::TakesAnything] {
        let said = suite(fault);
        assert!(said.is_err_and(|said| said.contains("otherwise than it should")), "{fault:?} would be deployed");
    }
}

#[test]
fn every_curl_line_of_the_documentation_is_answered_as_it_says() {
    let workspace = ours();
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("fox.jpg"), b"\xff\xd8\xff\xe0").unwrap();
    for (page, fewest) in [("jwt_auth.md", 8), ("generate.md", 7), ("images.md", 10)] {
        let text = fs::read_to_string(workspace.root().join("docs/api").join(page)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let mut tried = 0;

        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("curl ")) {
            // A front door for each line: a window that one has used up is not the next one's.
            let url = open(Fault::Nothing);
            let mut shell = Command::new("sh");
            shell.args(["-c", line]).env("API_URL", &url).env("TOKEN", TOKEN).env("NO_PROXY", "127.0.0.1").current_dir(here.path());
            let said = String::from_utf8(shell.output().unwrap().stdout).unwrap();
            let expected: Vec<&str> = lines[at + 1..].iter().copied().take_while(|line| !line.starts_with("```")).collect();
            assert!(!expected.is_empty(), "line {} of {page} says no answer", at + 1);
            for line in expected {
                let is_said = said.lines().any(|found| found.trim_end().eq_ignore_ascii_case(line));
                assert!(is_said, "line {} of {page}: `{line}` is not in\n{said}", at + 1);
            }
            tried += 1;
        }

        assert!(fewest <= tried, "only {tried} lines were found: the test does not read {page} any more");
    }
}

#[test]
fn every_folder_of_the_collection_is_run() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(COLLECTION)).unwrap();
    let collection: serde_json::Value = serde_json::from_str(&text).unwrap();

    let folders: Vec<_> = collection["item"].as_array().unwrap().iter().map(|folder| folder["name"].as_str().unwrap()).collect();

    assert_eq!(folders, FOLDERS.map(|(folder, _)| folder), "a folder that nobody names would never be run");
}
