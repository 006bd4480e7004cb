//! Every resource against the facts about its type.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use super::names::{Decided, Names};
use super::properties::{Walk, takes_others};
use super::{Options, Report, attributes, did_you_mean, expressions};
use crate::facts;
use crate::path::Path;

/// Services and types that CloudFormation has, but not in the region that the facts were taken from.
const ELSEWHERE: [&str; 14] = [
    "AMZN::SDC::",
    "AWS::AuditManager::",
    "AWS::DeviceFarm::",
    "AWS::DynamoDB::Backup",
    "AWS::GameLiftStreams::",
    "AWS::GammaDilithium::",
    "AWS::IoTEvents::",
    "AWS::IoTManagedIntegrations::",
    "AWS::NetworkManager::",
    "AWS::NimbleStudio::",
    "AWS::OpsWorks::",
    "AWS::OpsWorksCM::",
    "AWS::RoboMaker::",
    "AWS::Serverless::",
];

pub(super) fn check(names: &Names<'_>, options: &Options, report: &mut Report<'_>) {
    let rewritten = names.is_rewritten();
    for (id, resource) in names.resources.iter().filter(|(id, _)| !id.starts_with("Fn::")) {
        let Some(entries) = resource.as_object() else { continue };
        attributes::check(id, entries, report);
        // The shape of what is no text is reported elsewhere.
        let Some(name) = entries.get("Type").and_then(Json::as_str) else { continue };
        if rewritten || !is_known(id, name, names, report) {
            continue;
        }
        let Some(facts) = names.facts_of(id) else { continue };
        if let Some(region) = options.region.as_ref().filter(|region| facts.absent_in.iter().any(|absent| absent == *region)) {
            let message = format!("`{region}` has no `{name}`");
            report.error("absent-in-region", &format!("Resources/{id}/Type"), message, "deploy this resource in another region");
        }
        properties(id, entries, facts, names, report);
    }
}

fn properties<'a>(id: &'a str, entries: &'a Map<String, Json>, facts: &'static facts::Facts, names: &Names<'a>, report: &mut Report<'_>) {
    static NOTHING: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);
    let properties = match entries.get("Properties") {
        None => &NOTHING,
        Some(Json::Object(properties)) => properties,
        // Not a mapping: reported elsewhere.
        Some(_) => return,
    };
    if expressions::only(properties).is_some_and(|(name, _)| name.starts_with("Fn::")) {
        return;
    }
    let decided = entries.get("Condition").and_then(Json::as_str).and_then(|condition| Decided::default().and(names, condition, true));
    let path = Path::of(["Resources", id, "Properties"]);
    Walk { report, names, facts, path, decided: decided.unwrap_or_default(), branches: Vec::new(), takes_others: takes_others(facts) }
        .resource(properties);
}

/// Whether something is known of this type; says so where CloudFormation has no such type.
fn is_known(id: &str, name: &str, names: &Names<'_>, report: &mut Report<'_>) -> bool {
    if name == "AWS::CloudFormation::CustomResource" || name.starts_with("Custom::") {
        return name.starts_with("AWS::");
    }
    if names.facts_of(id).is_some() {
        return true;
    }
    let path = format!("Resources/{id}/Type");
    if name.starts_with("AWS::Serverless::") && !names.has_transform("AWS::Serverless") {
        let message = format!("`{name}` is a type of AWS SAM, and this template does not use it");
        report.error("unknown-type", &path, message, "add `Transform: AWS::Serverless-2016-10-31` to the template");
        return false;
    }
    let parts = name.split("::").filter(|part| !part.is_empty()).count();
    // Types and modules of others are registered in each account.
    let of_others = parts >= 3 && !name.starts_with("AWS::") || name.ends_with("::MODULE");
    if !of_others && !ELSEWHERE.iter().any(|known| name.starts_with(known)) {
        let hint = match did_you_mean(name, facts::names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "look the type up in CloudFormation's reference; a resource of your own is a `Custom::…`".to_owned(),
        };
        report.error("unknown-type", &path, format!("`{name}` is no resource type of CloudFormation"), hint);
    }
    false
}
