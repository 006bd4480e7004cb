//! Whole templates: good ones of many services without any finding, and bad ones with just the finding that stands at their top.

#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use cfn_kit::{Finding, check, facts, read};

fn templates(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/check").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(file).unwrap())).collect()
}

fn findings(name: &str, text: &str) -> Vec<Finding> {
    check(&read(text, name).unwrap())
}

#[test]
fn templates_that_deploy_have_no_findings() {
    let good = templates("good");

    for (name, text) in &good {
        let found = findings(name, text);

        assert!(found.is_empty(), "a false alarm teaches people to look away: {found:#?}");
    }
    assert!(good.len() >= 30, "{} templates", good.len());
}

#[test]
fn templates_that_were_deployed_from_this_repository_have_no_findings() {
    let snapshots = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../snapshots");
    let folders = fs::read_dir(snapshots).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    let mut count = 0;
    for file in files {
        let snapshot = fs::read_to_string(&file).unwrap();
        let template = snapshot.splitn(3, "---\n").nth(2).unwrap();

        let found = findings(&file.to_string_lossy(), template);

        assert!(found.is_empty(), "{found:#?}");
        count += 1;
    }
    assert!(count > 0, "there is no snapshot");
}

/// Each says at its top what is found: `# expect: <rule> <path>`, once per finding.
#[test]
fn each_mistake_is_found_where_it_is_and_nothing_else() {
    let bad = templates("bad");
    let mut wrong = Vec::new();

    for (name, text) in &bad {
        let expected: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# expect: ")).collect();
        let mut found: Vec<String> =
            findings(name, text).iter().map(|finding| format!("{} {}", finding.rule, finding.path).trim_end().to_owned()).collect();
        found.sort();

        assert!(!expected.is_empty(), "{name} says not what is expected");
        if found != expected {
            wrong.push(format!("{name}: {found:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(bad.len() >= 40, "{} templates", bad.len());
}

/// Whatever the facts say of a property, something that CloudFormation accepts must be possible.
#[test]
fn no_list_of_values_contradicts_its_own_bounds() {
    for facts in facts::names().filter_map(facts::of) {
        for property in facts.properties.iter().chain(facts.shapes.iter().flat_map(|shape| &shape.properties)) {
            let (least, most) = (property.range.least.as_ref(), property.range.most.as_ref());
            if let (Some(least), Some(most)) = (least, most) {
                assert!(least.parse::<f64>().unwrap() <= most.parse::<f64>().unwrap(), "{} {}", facts.name, property.name);
            }
        }
    }
}
