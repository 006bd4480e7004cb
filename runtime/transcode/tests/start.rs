//! The program as Lambda starts it.
#![cfg(test)]

use std::process::{Command, Output};

use contract::images::TranscodeConfig;
use serde_json::Value;

fn start(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_transcode"));
    command.env_clear().envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn a_function_without_configuration_does_not_start_and_says_everything_that_is_missing() {
    let output = start(&[]);

    assert_eq!(output.status.code(), Some(1), "the first picture would find out, and the last deploy be called a success");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = line["error"].as_str().unwrap();
    for (variable, _) in TranscodeConfig::new(String::new(), String::new()).variables() {
        assert!(error.contains(variable), "`{variable}` would be found missing only after the next deploy: {error}");
    }
}

#[test]
fn a_function_that_writes_into_its_own_source_does_not_start() {
    let variables = TranscodeConfig::new("photos".to_owned(), "photos".to_owned()).variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let output = start(&variables);

    assert_eq!(output.status.code(), Some(1), "every proxy would be an input again");
    assert!(String::from_utf8(output.stdout).unwrap().contains("another bucket than the source"));
}
