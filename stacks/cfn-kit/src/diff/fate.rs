//! What becomes of the real resources, and what is gone with them.

use serde_json::Value as Json;

use super::compare::section;
use super::model::{Action, Class, Fate, Replacement, ResourceDiff};
use super::names::is_function;

/// What is lost with a resource of each type, in words; those that say nothing here and are stateful lose "its data".
const LOST: [(&str, &str); 20] = [
    ("AWS::CloudWatch::Dashboard", "its widgets, if they were edited by hand"),
    ("AWS::Cognito::UserPool", "every user in it, with their passwords"),
    ("AWS::DynamoDB::GlobalTable", "every item in it, in every region"),
    ("AWS::DynamoDB::Table", "every item in it"),
    ("AWS::EC2::Volume", "everything on it"),
    ("AWS::ECR::Repository", "its images; CloudFormation refuses while there are any, unless `EmptyOnDelete` is set"),
    ("AWS::EFS::FileSystem", "every file on it"),
    ("AWS::Elasticsearch::Domain", "every index in it"),
    ("AWS::KMS::Key", "everything that it encrypted can never be read again, once its waiting period is over"),
    ("AWS::Kinesis::Stream", "the records that nobody has read yet"),
    ("AWS::Logs::LogGroup", "every log line in it"),
    ("AWS::Neptune::DBCluster", "every database in it"),
    ("AWS::OpenSearchService::Domain", "every index in it"),
    ("AWS::RDS::DBCluster", "every database in it"),
    ("AWS::RDS::DBInstance", "every database on it"),
    ("AWS::S3::Bucket", "its objects; CloudFormation refuses while there are any"),
    ("AWS::SNS::Topic", "the subscriptions that people confirmed"),
    ("AWS::SQS::Queue", "the messages in it"),
    ("AWS::SSM::Parameter", "its value and its history"),
    ("AWS::SecretsManager::Secret", "its value, after its recovery window"),
];

/// Types that leave a snapshot where no policy says otherwise.
const SNAPSHOT_BY_DEFAULT: [&str; 2] = ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"];

/// Whether a resource of this type holds data, as far as the facts say.
pub(super) fn is_stateful(type_name: &str) -> bool {
    crate::facts::of(type_name).is_some_and(|facts| facts.stateful)
}

/// Decides what CloudFormation does with each resource, what becomes of the old one and what is lost.
pub(super) fn decide(old: &Json, new: &Json, resources: &mut [ResourceDiff]) {
    let (olds, news) = (section(old, "Resources"), section(new, "Resources"));
    for resource in resources {
        let former = olds.get(resource.renamed_from.as_ref().unwrap_or(&resource.id));
        let latter = news.get(&resource.id);
        // The template that is deployed says what happens when a resource leaves it; the new one, what happens when it is replaced.
        let (deletion, replaced) = (policy(former, "DeletionPolicy"), policy(latter, "UpdateReplacePolicy"));
        // Without a condition in the new template it exists, whatever was there before.
        let gate = resource.changes.iter().any(|change| change.path == "Condition") && policy(latter, "Condition").is_some();
        let former_type = former.and_then(|it| it.get("Type")).and_then(Json::as_str).unwrap_or(&resource.type_name).to_owned();
        (resource.class, resource.fate) = match (resource.action, resource.replacement) {
            (Action::Added, _) => (Class::Add, None),
            (Action::Removed, _) => {
                let fate = by_deletion(deletion, former, &former_type);
                (if fate == Fate::Retained { Class::Keep } else { Class::Delete }, Some(fate))
            }
            (Action::Renamed, _) => (Class::Replace, Some(by_deletion(deletion, former, &former_type))),
            (Action::Changed, Replacement::Yes) => (Class::Replace, Some(by_policy(replaced, Fate::Deleted))),
            (Action::Changed, _) if gate => (Class::MayDelete, Some(by_deletion(policy(latter, "DeletionPolicy"), latter, &former_type))),
            (Action::Changed, Replacement::Maybe) => (Class::MayReplace, Some(by_policy(replaced, Fate::Deleted))),
            (Action::Changed, Replacement::Unknown) => (Class::Unknown, None),
            (Action::Changed, Replacement::No) => (Class::Update, None),
        };
        if resource.fate == Some(Fate::Deleted) {
            let words = LOST.iter().find(|(name, _)| *name == former_type).map(|(_, words)| (*words).to_owned());
            resource.lost = words.or_else(|| is_stateful(&former_type).then(|| "its data".to_owned()));
        }
        warn(resource, former, latter);
    }
}

fn policy<'a>(resource: Option<&'a Json>, name: &str) -> Option<&'a str> {
    resource?.get(name)?.as_str()
}

fn by_deletion(policy: Option<&str>, body: Option<&Json>, type_name: &str) -> Fate {
    // An instance that belongs to a cluster leaves its data there.
    let in_cluster = body.and_then(|body| body.get("Properties")).is_some_and(|properties| properties.get("DBClusterIdentifier").is_some());
    let snapshot = SNAPSHOT_BY_DEFAULT.contains(&type_name) && !(in_cluster && type_name == "AWS::RDS::DBInstance");
    by_policy(policy, if snapshot { Fate::Snapshot } else { Fate::Deleted })
}

fn by_policy(policy: Option<&str>, default: Fate) -> Fate {
    match policy {
        Some("Retain" | "RetainExceptOnCreate") => Fate::Retained,
        Some("Snapshot") => Fate::Snapshot,
        Some(_) => Fate::Deleted,
        None => default,
    }
}

/// What CloudFormation would not do, or not the way that the template reads.
fn warn(resource: &mut ResourceDiff, former: Option<&Json>, latter: Option<&Json>) {
    let mut warnings = Vec::new();
    if resource.changes.iter().any(|change| change.path == "Type" && resource.action == Action::Changed) {
        warnings.push("CloudFormation refuses to change the type of a resource: give the new one another logical ID".to_owned());
    }
    if let Some(from) = &resource.renamed_from {
        warnings.push(format!(
            "renamed from {from}: CloudFormation makes a new one and then {}",
            match resource.fate {
                Some(Fate::Retained) => "leaves the old one behind, outside the stack",
                Some(Fate::Snapshot) => "deletes the old one after a snapshot",
                Some(Fate::Deleted) | None => "deletes the old one",
            }
        ));
    }
    if resource.class == Class::Replace
        && let Some((property, name)) = fixed_name(&resource.type_name, former, latter)
    {
        warnings.push(format!(
            "the new one is to have the {property} `{name}`, which the old one still has: CloudFormation fails unless the name changes too"
        ));
    }
    if resource.class == Class::MayDelete {
        warnings.push("its condition decides anew whether it exists".to_owned());
    }
    resource.warnings.extend(warnings);
}

/// A physical name that both sides write out alike. The new one is made before the old one goes, so that there would be two.
fn fixed_name(type_name: &str, former: Option<&Json>, latter: Option<&Json>) -> Option<(String, String)> {
    let facts = crate::facts::of(type_name)?;
    let kind = type_name.rsplit("::").next()?;
    let names = [format!("{kind}Name"), "Name".to_owned()];
    let named = facts
        .properties
        .iter()
        .find(|property| property.replaces == crate::facts::Replaces::Yes && names.iter().any(|name| *name == property.name))?;
    let value = |side: Option<&Json>| side?.get("Properties")?.get(named.name.as_ref()).cloned();
    let (old, new) = (value(former)?, value(latter)?);
    let words = match &new {
        Json::String(text) => text.clone(),
        Json::Object(function) if is_function(function) => super::parts::spoken(&new),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => return None,
    };
    (old == new).then(|| (named.name.to_string(), words))
}
