//! What stands beside the properties of a resource: policies, dependencies and the like.

use serde_json::{Map, Value as Json};

use super::kinds::{kind, shown};
use super::{Report, did_you_mean_or, expressions, list};

/// The keys of a resource. `Connectors` and `IgnoreGlobals` are those of AWS SAM, `Version` that of custom resources.
const KEYS: [&str; 12] = [
    "Condition",
    "Connectors",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "IgnoreGlobals",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
];

/// From the page "UpdatePolicy attribute".
const HAVE_UPDATE_POLICY: [&str; 6] = [
    "AWS::AppStream::Fleet",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::Lambda::Alias",
    "AWS::OpenSearchService::Domain",
];

/// From the page "CreationPolicy attribute".
const HAVE_CREATION_POLICY: [&str; 4] =
    ["AWS::AppStream::Fleet", "AWS::AutoScaling::AutoScalingGroup", "AWS::CloudFormation::WaitCondition", "AWS::EC2::Instance"];

/// From the page "DeletionPolicy attribute".
const HAVE_SNAPSHOTS: [&str; 8] = [
    "AWS::DocDB::DBCluster",
    "AWS::EC2::Volume",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Neptune::DBCluster",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
];

pub(super) fn check(id: &str, entries: &Map<String, Json>, report: &mut Report<'_>) {
    let name = entries.get("Type").and_then(Json::as_str).unwrap_or_default();
    for (key, value) in entries {
        let path = || format!("Resources/{id}/{key}");
        match key.as_str() {
            "DeletionPolicy" => policy(key, value, name, &["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"], &path(), report),
            "UpdateReplacePolicy" => policy(key, value, name, &["Delete", "Retain", "Snapshot"], &path(), report),
            "UpdatePolicy" => only_on(key, name, &HAVE_UPDATE_POLICY, &path(), report),
            "CreationPolicy" => only_on(key, name, &HAVE_CREATION_POLICY, &path(), report),
            "DependsOn" => depends_on(value, &path(), report),
            "Condition" if !value.is_string() => {
                let message = format!("the `Condition` of `{id}` is {}, not the name of a condition", kind(value));
                report.error("shape", &path(), message, "name one of `Conditions`");
            }
            "Metadata" if !value.is_object() && !value.is_null() => {
                report.error("shape", &path(), format!("the `Metadata` of `{id}` is {}, not a mapping", kind(value)), "");
            }
            known if KEYS.contains(&known) || known.starts_with("Fn::") => {}
            unknown => {
                // What stands beside `Properties` by mistake is a property more often than a misspelt key.
                let property =
                    crate::facts::of(name).is_some_and(|facts| facts.property(unknown).is_some()).then_some("move it into `Properties`");
                let hint =
                    property.map_or_else(|| did_you_mean_or(unknown, KEYS, &format!("a resource has {}", list(KEYS))), ToOwned::to_owned);
                report.error("unknown-key", &path(), format!("`{unknown}` is no key of a resource"), hint);
            }
        }
    }
}

fn policy(key: &str, value: &Json, name: &str, values: &[&str], path: &str, report: &mut Report<'_>) {
    // With AWS::LanguageExtensions a policy may be an expression.
    if expressions::function(value).is_some() {
        return;
    }
    let Some(text) = value.as_str().filter(|text| values.contains(text)) else {
        let hint = did_you_mean_or(value.as_str().unwrap_or_default(), values.iter().copied(), &format!("write {}", list(values.to_vec())));
        return report.error("not-in-enum", path, format!("{} is no `{key}`", shown(value)), hint);
    };
    if text == "Snapshot" && name.starts_with("AWS::") && !HAVE_SNAPSHOTS.contains(&name) {
        let message = format!("`{name}` has no snapshots, so that `{key}` cannot be `Snapshot`");
        report.error("not-in-enum", path, message, "write `Retain` or `Delete`");
    }
}

fn only_on(key: &str, name: &str, types: &[&str], path: &str, report: &mut Report<'_>) {
    // The types of AWS SAM hand them on.
    if name.starts_with("AWS::") && !name.starts_with("AWS::Serverless::") && !types.contains(&name) {
        let message = format!("`{key}` does nothing on an `{name}`");
        report.warn("policy-without-effect", path, message, format!("leave it out; it works on {}", list(types.to_vec())));
    }
}

fn depends_on(value: &Json, path: &str, report: &mut Report<'_>) {
    let wrong = match value {
        Json::String(_) => None,
        Json::Array(items) => items.iter().find(|item| !item.is_string() && expressions::function(item).is_none()),
        Json::Object(_) if expressions::function(value).is_some_and(|(name, _)| name == "Fn::Transform") => None,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Some(value),
    };
    let function = value.as_array().into_iter().flatten().find(|item| expressions::function(item).is_some());
    if let Some(wrong) = wrong.or(function) {
        let message = format!("`DependsOn` takes the IDs of resources, and this is {}", kind(wrong));
        report.error("shape", path, message, "write the IDs as they are, without `!Ref`");
    }
}
