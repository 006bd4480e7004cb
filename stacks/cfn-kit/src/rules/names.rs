//! Names that somebody chose.

use serde_json::Value as Json;

use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::facts::{self, Facts, Property, Replaces, Type};
use crate::finding::Severity;
use crate::walk::placeholders;

/// A name that is in the way.
pub(super) const FIXED_NAME: Rule = Rule {
    id: "fixed-name",
    severity: Severity::Warning,
    title: "CloudFormation chooses the names of what it may have to replace",
    why: "to replace a resource CloudFormation makes the new one first, and two of one name \
          cannot be: the deploy fails, until somebody renames by hand",
    check: fixed_name,
};

fn fixed_name(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        // Most resources have nothing that could be a name, and need no look at the facts.
        let mut candidates =
            resource.properties.keys().filter(|name| ["Name", "Identifier", "Id"].iter().any(|end| name.ends_with(end))).peekable();
        if candidates.peek().is_none() {
            continue;
        }
        let Some(facts) = facts::of(resource.kind).filter(|facts| !has_versions(facts)) else { continue };
        let Some(property) = candidates.filter_map(|name| facts.property(name)).find(|property| is_name(facts, property)) else { continue };
        let Some(name) = resource.get(&property.name).and_then(|name| fixed(view, name)) else { continue };
        // Under another parent the same name is free.
        let is_identity = |path: &str| path.starts_with(property.name.as_ref()) || facts.identifier.iter().any(|part| part == path);
        let others: Vec<&str> = facts.replacing(Replaces::Yes).filter(|path| !is_identity(path)).collect();
        // What nothing but its name replaces can keep it.
        let Some(other) = others.iter().find(|path| is_set(resource, path)).or(others.first()) else { continue };
        broken.at(
            &resource.path(&property.name),
            format!("`{}` is called `{name}`, and a change of its `{}` replaces it", resource.id, other.replace("/*", "")),
            format!("leave `{}` out and hand on the name by `Ref`, or write down here who relies on the name", property.name),
        );
    }
}

/// Whether several of one name can be: each is a version of it.
fn has_versions(facts: &Facts) -> bool {
    facts.name == "AWS::Batch::JobDefinition"
        || ["Version", "SemanticVersion"].iter().any(|name| facts.property(name).is_some_and(|one| one.replaces == Replaces::Yes))
}

fn is_set(resource: Res<'_>, path: &str) -> bool {
    path.split('/').next().is_some_and(|first| resource.properties.contains_key(first))
}

/// Types whose resources are known by an ARN or a URL, and cannot share a name all the same.
const NAMED: &[&str] = &[
    "AWS::Batch::ComputeEnvironment",
    "AWS::Batch::JobQueue",
    "AWS::ECS::Service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::Activity",
    "AWS::StepFunctions::StateMachine",
];

/// Whether a property is the name that CloudFormation would choose if it were left out, and that no other resource may have.
fn is_name(facts: &Facts, property: &Property) -> bool {
    let name = property.name.as_ref();
    let kind = facts.name.rsplit("::").next().unwrap_or_default();
    let is_called = name == "Name" || name.strip_prefix(kind).is_some_and(|rest| matches!(rest, "Name" | "Identifier" | "Id"));
    let identifies = facts.identifier.iter().any(|part| part == name) || facts.reference.as_deref() == Some(name);
    let is_free = !property.required && property.replaces == Replaces::Yes && property.kind == Type::String;
    is_free && (identifies && (is_called || name.ends_with("Name")) || is_called && NAMED.contains(&facts.name.as_ref()))
}

/// A name that is the same at the next deploy, as people read it; none where a resource's own name or ID is part of it.
fn fixed(view: &View<'_>, name: &Json) -> Option<String> {
    match (name, function(name)) {
        (Json::String(text), _) => Some(text.clone()),
        (_, Some(("Fn::Sub", Json::String(text)))) => {
            let is_given = |name: &str| !name.contains('.') && view.resource(name).is_none();
            placeholders(text).all(is_given).then(|| text.clone())
        }
        _ => None,
    }
}
