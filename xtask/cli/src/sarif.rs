//! Findings as SARIF 2.1.0, which GitHub and editors show beside the line that they are about.

use std::collections::BTreeMap;

use cfn_kit::rules::{Rule, rules};
use cfn_kit::{Finding, Severity};
use serde_json::{Value as Json, json};

/// Where SARIF's own schema lies.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run with these findings, each with the name of the template that it is about.
pub(crate) fn log(findings: &[(String, Finding)]) -> Json {
    let known: BTreeMap<&str, &Rule> = rules().map(|rule| (rule.id, rule)).collect();
    // Every rule that is named has to be described, also a check that is none of the rules.
    let mut described: BTreeMap<&str, Json> = known.iter().map(|(id, rule)| (*id, description(rule))).collect();
    for (_, finding) in findings {
        described.entry(&finding.rule).or_insert_with(|| json!({ "id": finding.rule, "shortDescription": { "text": finding.rule } }));
    }
    let driver = json!({
        "name": "cloudwright",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": described.into_values().collect::<Vec<_>>(),
    });
    let results: Vec<Json> = findings.iter().map(|(template, finding)| result(template, finding)).collect();
    json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [{ "tool": { "driver": driver }, "results": results }] })
}

fn description(rule: &Rule) -> Json {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn result(template: &str, finding: &Finding) -> Json {
    let mut text = finding.message.clone();
    for more in [&finding.why, &finding.hint] {
        if !more.is_empty() {
            text.push_str(&format!("\n{more}"));
        }
    }
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": format!("{template}/{}", finding.path) }] });
    if let Some((file, line)) = finding.source.as_deref().and_then(place) {
        location["physicalLocation"] = json!({ "artifactLocation": { "uri": file }, "region": { "startLine": line } });
    }
    json!({ "ruleId": finding.rule, "level": level(finding.severity), "message": { "text": text }, "locations": [location] })
}

/// `stacks/src/jobs.rs:31` as a relative URI and a line.
fn place(source: &str) -> Option<(String, u32)> {
    let (file, line) = source.rsplit_once(':')?;
    Some((file.replace('\\', "/").replace(' ', "%20"), line.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_names_a_rule_that_is_described_and_a_line_that_can_be_shown() {
        let finding = Finding {
            rule: "unknown-reference".to_owned(),
            severity: Severity::Error,
            resource: Some("Jobs".to_owned()),
            path: "Resources/Jobs".to_owned(),
            message: "it leads nowhere".to_owned(),
            why: String::new(),
            hint: "correct it".to_owned(),
            source: Some("stacks/src/jobs.rs:31".to_owned()),
        };

        let log = log(&[("prod/jobs".to_owned(), finding)]);

        let run = &log["runs"][0];
        let described: Vec<&str> =
            run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert!(
            described.contains(&"unknown-reference") && described.is_sorted(),
            "GitHub refuses a result without its rule: {described:?}"
        );
        let result = &run["results"][0];
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 31, "nobody would see where");
        assert_eq!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "prod/jobs/Resources/Jobs");
        assert_eq!(result["message"]["text"], "it leads nowhere\ncorrect it");
    }
}
