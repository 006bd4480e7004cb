//! Every template of every environment, whole, as a review reads it.
//!
//! `cargo insta review` shows what a change does; `cargo xtask diff --against main` says what it means.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use foundation::Finished;
use foundation::environment::Environment;
use insta::Settings;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn environments() -> Vec<Environment> {
    let mut files: Vec<_> = fs::read_dir(root().join("environments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let read = |file: &PathBuf| {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(file).unwrap();
        Environment::read(name, &format!("environments/{name}.yaml"), &text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    };
    files.iter().map(read).collect()
}

#[test]
fn every_template_is_as_reviewed() {
    let environments = environments();

    for environment in &environments {
        let mut settings = Settings::new();
        settings.set_snapshot_path(&environment.name);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);

        for stack in stacks::platform(environment) {
            settings.bind(|| insta::assert_snapshot!(stack.stack, stack.yaml()));
        }
    }
}

/// What an administrator makes for an environment, by folder: it is no stack of the platform.
fn administered(environment: &Environment) -> Vec<Finished> {
    let platform = stacks::platform(environment);
    [Some(stacks::execution_role(environment, &platform)), stacks::account(environment, &platform)].into_iter().flatten().collect()
}

#[test]
fn what_an_administrator_makes_is_as_reviewed() {
    for environment in &environments() {
        for stack in administered(environment) {
            let mut settings = Settings::new();
            settings.set_snapshot_path(stack.stack);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);

            settings.bind(|| insta::assert_snapshot!(environment.name.as_str(), stack.yaml()));

            let findings = cfn_kit::check(&stack.document());
            assert!(findings.is_empty(), "CloudFormation would refuse {}: {findings:#?}", stack.name);
            for (id, policy) in stack.template.to_json()["Resources"].as_object().unwrap() {
                let bytes = policy["Properties"]["PolicyDocument"].to_string().len();
                assert!(bytes <= 6_144, "IAM takes 6,144 characters in one policy, {id} of {} has {bytes}", stack.name);
            }
        }
    }
}

#[test]
fn every_snapshot_belongs_to_a_stack() {
    let folder = root().join("snapshots");
    let expected: BTreeSet<PathBuf> = environments()
        .iter()
        .flat_map(|environment| {
            let folder = PathBuf::from(&environment.name);
            stacks::platform(environment).into_iter().map(move |stack| folder.join(format!("{}.snap", stack.stack)))
        })
        .chain(environments().iter().flat_map(|environment| {
            let file = format!("{}.snap", environment.name);
            administered(environment).into_iter().map(move |stack| Path::new(stack.stack).join(&file))
        }))
        .collect();

    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(&entry).unwrap().map(|file| file.unwrap().path()) {
            // What waits for a review (`.snap.new`) is neither an orphan nor reviewed.
            if file.extension().is_some_and(|extension| extension == "snap") {
                found.insert(file.strip_prefix(&folder).unwrap().to_path_buf());
            }
        }
    }

    let orphans: Vec<_> = found.difference(&expected).collect();
    assert!(orphans.is_empty(), "nobody renders these any more, delete them: {orphans:?}");
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "nobody has reviewed these, run `cargo insta review`: {missing:?}");
}
