//! The schema and the reader: one truth, not two.

use super::super::check::fits_json;
use super::super::schema::{SCHEMA, expected, has_form};
use super::*;
use contract::images::{Colour, TranscodeConfig};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Every setting with its path and what the schema says of it.
fn settings() -> Vec<(String, Json)> {
    fn walk(schema: &Json, path: &str, out: &mut Vec<(String, Json)>) {
        for (key, property) in schema["properties"].as_object().unwrap() {
            let path = format!("{path}/{key}");
            out.push((path.clone(), property.clone()));
            if property["type"] == "object" {
                walk(property, &path, out);
            }
        }
    }
    let mut out = Vec::new();
    walk(&SCHEMA, "", &mut out);
    out
}

/// A right file as JSON, which is YAML as well, with one value put in.
fn with(path: &str, value: Json) -> String {
    let mut file = serde_json::to_value(read(RIGHT).unwrap()).unwrap();
    *file.pointer_mut(path).unwrap_or_else(|| panic!("{path} is not in the right file")) = value;
    file.to_string()
}

/// What was said about one setting by itself; rules over several settings are another matter.
fn said_of(path: &str, file: &str) -> Option<String> {
    let path = path.trim_start_matches('/').replace('/', ".");
    let mistakes = read(file).err()?.mistakes;
    mistakes
        .into_iter()
        .find(|mistake| mistake.path == path && mistake.message.contains(" must be a whole number"))
        .map(|mistake| mistake.message)
}

#[test]
fn every_bound_holds_at_its_edges() {
    let mut bounds = 0;
    for (path, schema) in settings().into_iter().filter(|(_, schema)| schema["type"] == "integer" && schema["enum"].is_null()) {
        let (least, most) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().expect("every number has an upper bound"));

        for right in [least, most] {
            assert_eq!(said_of(&path, &with(&path, right.into())), None, "{path} would not take {right}, which its schema allows");
            assert!(serde_json::from_str::<Environment>(&with(&path, right.into())).is_ok(), "the type of {path} cannot hold {right}");
        }
        for wrong in [least - 1, most + 1] {
            let said = said_of(&path, &with(&path, wrong.into())).unwrap_or_else(|| panic!("{path} would take {wrong}"));
            assert!(said.ends_with(&format!("is `{wrong}`, but must be a whole number from {least} to {most}")), "{said}");
        }
        bounds += 1;
    }
    assert!(bounds >= 20, "only {bounds} numbers were tried: the schema has lost its bounds");
}

#[test]
fn logs_are_kept_for_as_long_as_cloudwatch_logs_allows_and_no_other_time() {
    for days in LOG_RETENTION_DAYS.into_iter().flat_map(|days| [days - 1, days, days + 1]) {
        let taken = read(&with("/log_retention_days", days.into())).is_ok();

        assert_eq!(taken, LOG_RETENTION_DAYS.contains(&days), "AWS would refuse a log group of {days} days in mid-deploy");
    }
}

#[test]
fn lists_hold_at_least_and_at_most_what_they_say() {
    let boxes = |count: u32| with("/images/boxes", (0..count).map(|index| 2048 - index).collect());

    let right: Vec<_> = (0..=9).filter(|count| read(&boxes(*count)).is_ok()).collect();

    assert_eq!(right, (1..=8).collect::<Vec<_>>());
    assert!(read(&with("/alerts/emails", json!([]))).is_ok());
    for (edge, expected) in [(15, false), (16, true), (16_384, true), (16_385, false)] {
        assert_eq!(read(&with("/images/boxes", json!([edge]))).is_ok(), expected, "a box of {edge}");
    }
}

#[test]
fn every_word_is_taken_and_no_other() {
    for (path, words) in [
        ("/protection/data", vec!["keep", "delete"]),
        ("/jobs/encryption", vec!["sqs", "kms"]),
        ("/github/provider", vec!["create", "existing"]),
        ("/images/architecture", vec!["x86_64", "arm64"]),
    ] {
        for word in words {
            let environment = read(&with(path, word.into())).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let back = serde_json::to_value(environment).unwrap();
            assert_eq!(back.pointer(path).unwrap(), word, "a word would mean something else than it says");
        }
        assert!(read(&with(path, "other".into())).is_err());
    }
}

#[test]
fn no_keyword_of_the_schema_is_for_editors_only() {
    const ENFORCED: [&str; 15] = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "uniqueItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "enum",
        "oneOf",
        "const",
        "pattern",
        "patternErrorMessage",
    ];
    const WORDS_ALONE: [&str; 5] = ["$schema", "title", "description", "default", "examples"];
    fn walk(schema: &Json, path: &str) {
        for (keyword, value) in schema.as_object().unwrap() {
            assert!(
                ENFORCED.contains(&keyword.as_str()) || WORDS_ALONE.contains(&keyword.as_str()),
                "`{keyword}` at {path}: editors would refuse what a deploy takes"
            );
            match (keyword.as_str(), value) {
                ("properties", Json::Object(properties)) => {
                    properties.iter().for_each(|(key, property)| walk(property, &format!("{path}/{key}")))
                }
                ("oneOf", Json::Array(words)) => words.iter().for_each(|word| walk(word, path)),
                ("items", item) => walk(item, path),
                ("pattern", Json::String(pattern)) => drop(regex_lite::Regex::new(pattern).unwrap()),
                _ => {}
            }
        }
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "a misspelt key in {path} would be lost");
        }
    }
    walk(&SCHEMA, "");
}

#[test]
fn every_setting_says_what_it_is_for_and_what_it_must_be() {
    for (path, schema) in settings() {
        assert!(schema["description"].as_str().is_some_and(|text| text.len() > 10), "an editor could say nothing about {path}");
        assert_ne!(expected(&schema), "something else", "a message about {path} could not say what would be right");
    }
}

#[test]
fn every_default_is_a_value_that_could_be_written() {
    for (path, schema) in settings() {
        if let Some(default) = schema.get("default") {
            assert!(fits_json(default, &schema), "leaving {path} out would give {default}, which it must not be");
        }
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = r#"{account: "111111111111", region: eu-central-1, log_retention_days: 1, alerts: {emails: []},
        protection: {termination: false, data: delete},
        jobs: {visibility_timeout_seconds: 30, alarms: {depth: 1, oldest_message_minutes: 1}},
        images: {memory_mb: 1536, timeout_seconds: 1, concurrency: 2, alarms: {oldest_message_minutes: 1, rejected_per_hour: 1}}}"#;

    let environment = read(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));

    assert_eq!(environment.endpoint_url, None, "a deploy would not go to AWS");
    assert_eq!(environment.github, None, "jobs of some repository could deploy without anybody having said so");
    assert_eq!(environment.deploy, Deploys::default());
    assert_eq!(environment.images.incoming_days, None, "originals would be deleted without anybody having said so");
    assert_eq!((environment.jobs.tries, environment.jobs.dead_letter_retention_days), (3, 14));
    assert_eq!((environment.images.tries, environment.images.jpeg_quality), (5, 80));
    assert_eq!(environment.images.limits(), contract::images::Limits::default(), "the transcoder's own limits are the defaults");
    assert_eq!(environment.artifacts, Artifacts { old_version_days: 30, incomplete_upload_days: 7 });
}

#[test]
fn what_an_environment_allows_the_transcoder_takes() {
    let settings = settings();
    let item = &settings.iter().find(|(path, _)| path == "/images/boxes").unwrap().1["items"];
    for edge in ["minimum", "maximum"] {
        let mut environment = serde_json::to_value(read(RIGHT).unwrap()).unwrap();
        for (path, schema) in settings.iter().filter(|(path, schema)| path.starts_with("/images/") && schema["type"] == "integer") {
            *environment.pointer_mut(path).unwrap() = schema[edge].clone();
        }
        environment["images"]["boxes"] = json!([item[edge]]);
        let images = serde_json::from_value::<Environment>(environment).unwrap().images;

        let config = TranscodeConfig { proxies: images.proxies(), limits: images.limits(), ..TranscodeConfig::new("in", "out") };

        assert_eq!(config.problems(), [], "the function would refuse to start with the {edge} of every setting");
    }
}

proptest! {
    #[test]
    fn a_text_that_has_its_form_can_be_read(text in prop_oneof!["#?[0-9a-fA-Fg]{5,7}", any::<String>()]) {
        let pattern = SCHEMA["properties"]["images"]["properties"]["background"]["pattern"].as_str().unwrap();

        prop_assert_eq!(has_form(&text, pattern), text.parse::<Colour>().is_ok());
    }
}

#[test]
fn accounts_regions_addresses_and_endpoints_have_their_form() {
    fn right<T: std::str::FromStr>(texts: &[&str]) -> Vec<bool> {
        texts.iter().map(|text| text.parse::<T>().is_ok()).collect()
    }

    assert_eq!(
        right::<AccountId>(&["012345678901", "12345678901", "1234567890123", "12345678901x", " 12345678901"]),
        [true, false, false, false, false]
    );
    assert_eq!(
        right::<Region>(&[
            "eu-central-1",
            "us-gov-west-1",
            "eusc-de-east-1",
            "mx-central-1",
            "eu-central",
            "EU-central-1",
            "eu_central_1",
            "eu-central-1a"
        ]),
        [true, true, true, true, false, false, false, false]
    );
    assert_eq!(
        right::<EmailAddress>(&["a@b.cd", "a.b+c@d.example.com", "a@b", "a b@c.de", "a@b@c.de", "@b.cd", "a@.cd"]),
        [true, true, false, false, false, false, false]
    );
    assert_eq!(
        right::<WebAddress>(&[
            "https://wiki.example.com/runbooks",
            "http://wiki/",
            "wiki.example.com",
            "https://",
            "https://a b",
            "local-cloud"
        ]),
        [true, true, false, false, false, false]
    );
    assert_eq!(
        right::<Endpoint>(&[
            "local-cloud",
            "http://127.0.0.1:4566",
            "https://aws.example.com/path",
            "http://",
            "ftp://x",
            "local cloud",
            "http:///x"
        ]),
        [true, true, true, false, false, false, false]
    );
    assert_eq!(
        right::<Repository>(&[
            "owner/name",
            "owner@1234/name.rs@5678",
            "Own-er_x/na_me",
            "owner/*",
            "owner/name?",
            "*/name",
            "owner",
            "owner/name/more",
            "owner@1234/name",
            "owner/name:environment",
            "https://github.com/owner/name"
        ]),
        [true, true, true, false, false, false, false, false, false, false, false],
        "a trust policy would let in more than one repository, or none"
    );
    assert_eq!(
        right::<DeploymentEnvironment>(&["staging", "prod-eu.1", "*", "a:b", "two words", ""]),
        [true, true, false, false, false, false]
    );
    assert_eq!(right::<EnvironmentName>(&["qa", "eu-2", "QA", "2nd", "a-name-that-is-too-long"]), [true, true, false, false, false]);
    assert_eq!(
        right::<AlarmName>(&["jobs.OldestJobAlarm", "jobs", "Jobs.Oldest", "jobs.oldest", "a.b.C"]),
        [true, false, false, false, false]
    );
    let alarm: AlarmName = "jobs.OldestJobAlarm".parse().unwrap();
    assert_eq!((alarm.stack(), alarm.logical_id()), ("jobs", "OldestJobAlarm"));
    assert_eq!("local-cloud".parse(), Ok(Endpoint::LocalCloud));
    assert_eq!("x".parse::<Region>().unwrap_err().to_string(), "`x` must be an AWS region, such as `eu-central-1`");
}
