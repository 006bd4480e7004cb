//! Every rule, on a template that breaks it and on one that does not.
//!
//! `rules/bad/<rule>.yaml`, also `<rule>-2.yaml`, breaks the rule of its name and no other; `rules/good/<rule>.yaml` is as near to it as
//! possible and breaks none. Comments at the top say more: `# production`, `# region: eu-central-1`, `# machine Function: arm64`,
//! `# user-rate: 5`, `# at: Resources/Queue/Properties/RedrivePolicy/maxReceiveCount`, and, where a mistake cannot be made alone,
//! `# also: other-rule`.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cfn_kit::rules::{Context, lint, rules};

fn templates(folder: &str) -> Vec<(String, String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = |path: PathBuf| {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let rule = stem.trim_end_matches(|character: char| character.is_ascii_digit()).trim_end_matches('-');
        (if rule.len() < stem.len() { rule.to_owned() } else { stem.to_owned() }, fs::read_to_string(&path).unwrap(), path)
    };
    files.into_iter().map(named).collect()
}

fn notes<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter_map(|line| line.strip_prefix("# ")).filter_map(move |line| line.strip_prefix(name))
}

fn context(text: &str) -> Context {
    let machine = |note: &str| note.split_once(": ").map(|(id, machine)| (id.to_owned(), machine.to_owned()));
    Context {
        production: notes(text, "production").next().is_some(),
        region: notes(text, "region: ").next().map(ToOwned::to_owned),
        machines: notes(text, "machine ").filter_map(machine).collect::<BTreeMap<_, _>>(),
        user_rate_per_second: notes(text, "user-rate: ").next().map(|rate| rate.trim().parse().unwrap()),
    }
}

#[test]
fn a_bad_template_breaks_its_rule_and_no_other() {
    for (rule, text, path) in templates("bad") {
        let document = cfn_kit::read(&text, &path.display().to_string()).unwrap();

        let findings = lint(&document, &context(&text));

        let mut expected: BTreeSet<&str> = notes(&text, "also: ").collect();
        expected.insert(&rule);
        let found: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(found, expected, "{}: {findings:#?}", path.display());
        for place in notes(&text, "at: ") {
            let there = findings.iter().any(|finding| finding.rule == rule && finding.path == place);
            assert!(there, "{}: nobody would look at {place}: {findings:#?}", path.display());
        }
        for finding in findings {
            assert!(finding.source.is_some() && !finding.hint.is_empty() && !finding.why.is_empty(), "nobody could act on {finding:?}");
        }
    }
}

#[test]
fn a_good_template_breaks_no_rule() {
    for (_, text, path) in templates("good") {
        let document = cfn_kit::read(&text, &path.display().to_string()).unwrap();

        let findings = lint(&document, &context(&text));

        assert!(findings.is_empty(), "a false alarm in {}: {findings:#?}", path.display());
    }
}

#[test]
fn every_rule_has_a_template_that_breaks_it_and_one_that_does_not() {
    let bad: BTreeSet<String> = templates("bad").into_iter().map(|(rule, ..)| rule).collect();
    let good: BTreeSet<String> = templates("good").into_iter().map(|(rule, ..)| rule).collect();

    let names: Vec<&str> = rules().map(|rule| rule.id).collect();

    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/README.md")).unwrap();
    assert!(names.is_sorted(), "the list of rules is read by people");
    for name in names {
        assert!(readme.contains(&format!("| `{name}` |")), "nobody would look up `{name}`");
        assert!(bad.contains(name), "nothing shows that `{name}` finds anything");
        assert!(good.contains(name), "nothing shows that `{name}` leaves good templates alone");
    }
}
