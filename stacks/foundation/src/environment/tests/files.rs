//! The files that are committed.

use super::*;
use std::path::{Path, PathBuf};
use std::{fs, io};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../environments")
}

fn committed() -> Vec<Environment> {
    let files = fs::read_dir(folder()).unwrap().collect::<Result<Vec<_>, io::Error>>().unwrap();
    let mut paths: Vec<_> =
        files.into_iter().map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=schema.json\n"), "editors would not complete {name}");
        Environment::read(name, &format!("environments/{name}.yaml"), &text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_committed_environment_is_right() {
    let names: Vec<_> = committed().into_iter().map(|environment| environment.name).collect();

    assert_eq!(names, ["local", "prod", "qa", "staging"]);
}

#[test]
fn no_two_environments_share_an_account() {
    let environments = committed();

    for (index, environment) in environments.iter().enumerate() {
        let twin = environments[..index].iter().find(|other| other.account == environment.account);
        assert_eq!(twin.map(|twin| &twin.name), None, "{} could be changed by a deploy of another environment", environment.name);
    }
}

#[test]
fn only_local_goes_elsewhere_than_aws() {
    for environment in committed() {
        let expected = (environment.name == "local").then_some(Endpoint::LocalCloud);
        assert_eq!(environment.endpoint_url, expected, "a deploy of {} would not reach what it names", environment.name);
    }
}

#[test]
fn prod_keeps_its_data_and_its_stacks() {
    let prod = committed().into_iter().find(|environment| environment.name == "prod").unwrap();

    assert_eq!(
        prod.protection,
        Protection { termination: true, data: DataProtection::Keep },
        "one wrong command could delete customers' pictures"
    );
    assert_eq!(prod.deploy.after.as_ref().map(EnvironmentName::as_str), Some("qa"), "what nobody has accepted could reach customers");
    assert!(!prod.alerts.emails.is_empty(), "nobody would learn of a dead letter");
}

#[test]
fn the_schema_beside_the_files_is_that_of_the_types() {
    let file = fs::read_to_string(folder().join("schema.json")).unwrap_or_default();

    assert!(file == schema(), "editors would complete settings that do not exist: run `cargo xtask schema`");
}
