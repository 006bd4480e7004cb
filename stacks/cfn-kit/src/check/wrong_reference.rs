//! References that give another kind of name than the property wants: a queue's URL where its ARN belongs.
//!
//! Only what is certain is said. Many properties take a name as well as an ARN without that being written anywhere, so
//! that an attribute which the facts do not list is no mistake by itself.

use super::pattern;
use super::properties::{Spot, Walk};
use crate::facts::{self, Facts, Type};
use crate::finding::Severity;

/// What kind of name an attribute gives, by how AWS calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Arn,
    Url,
    /// A name or an ID: surely neither an ARN nor a URL.
    Plain,
    /// `Id` alone is an ARN for some types.
    Unsure,
}

fn name_of(attribute: &str) -> Name {
    let last = attribute.rsplit('.').next().unwrap_or(attribute);
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    if ends(&["Arn", "ARN", "Arns", "ARNs"]) {
        Name::Arn
    } else if ends(&["Url", "URL"]) {
        Name::Url
    } else if ends(&["Name"]) || last.len() > 2 && ends(&["Id"]) {
        Name::Plain
    } else {
        Name::Unsure
    }
}

/// Properties whose name asks for an ARN while the service takes a short name as well.
const ALSO_NAMES: [(&str, &str); 6] = [
    ("AWS::Batch::JobDefinition", "ExecutionRoleArn"),
    ("AWS::Batch::JobDefinition", "JobRoleArn"),
    ("AWS::ECS::CapacityProvider", "AutoScalingGroupArn"),
    ("AWS::ECS::Service", "RoleArn"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
    ("AWS::ECS::TaskDefinition", "TaskRoleArn"),
];

/// An ARN as any service would write it; a pattern that refuses all of these takes none.
const SOME_ARNS: [&str; 4] = [
    "arn:aws:iam::123456789012:role/name",
    "arn:aws:sqs:eu-central-1:123456789012:name",
    "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:s3:::name",
];

pub(super) fn check(id: &str, attribute: Option<&str>, spot: Spot, walk: &mut Walk<'_, '_, '_>) {
    if *spot.kind != Type::String {
        return;
    }
    let Some(target) = walk.names.facts_of(id) else { return };
    // What `Ref` gives has a name as well: `QueueUrl` for a queue.
    let Some(gives) = attribute.or(target.reference.as_deref()) else { return };
    let property = spot.property;
    let accepted = |name: &str| property.refers.iter().any(|refers| refers.resource == target.name && refers.attribute == name);
    if accepted(gives) || ALSO_NAMES.contains(&(walk.facts.name.as_ref(), property.name.as_ref())) {
        return;
    }
    let of_target: Vec<&str> =
        property.refers.iter().filter(|refers| refers.resource == target.name).map(|refers| refers.attribute.as_ref()).collect();
    let wants = |name: Name| !of_target.is_empty() && of_target.iter().all(|attribute| name_of(attribute) == name);
    let all_arns = !property.refers.is_empty() && property.refers.iter().all(|refers| name_of(&refers.attribute) == Name::Arn);
    let called_arn = name_of(&property.name) == Name::Arn;
    let given = name_of(gives);
    let (wanted, certain) = match given {
        Name::Url => ("an ARN", called_arn || wants(Name::Arn) || all_arns && !property.or_text),
        Name::Plain => ("an ARN", called_arn && !takes_names(property) || wants(Name::Arn) && wants_only_arns(property)),
        Name::Arn if wants(Name::Url) => ("a URL", true),
        Name::Arn => ("a name or an ID", wants(Name::Plain) && takes_no_arn(property, walk.facts)),
        Name::Unsure => return,
    };
    // Without an attribute that would be right, there is nothing to advise, and more doubt.
    let right = of_target.first().copied().or_else(|| arn_of(target).filter(|_| wanted == "an ARN"));
    let Some(right) = right.filter(|_| certain) else { return };

    let written = attribute.map_or_else(|| format!("`Ref` of `{id}`"), |attribute| format!("`{id}.{attribute}`"));
    let what = match given {
        Name::Arn => "an ARN",
        Name::Url => "a URL",
        Name::Plain | Name::Unsure => "a name or an ID",
    };
    let message = format!("`{}` wants {wanted}, and {written} is {what} (`{gives}`)", property.name);
    let hint = match target.reference.as_deref() {
        Some(reference) if reference == right => format!("write `!Ref {id}`"),
        _ => format!("write `!GetAtt {id}.{right}`"),
    };
    let why = "CloudFormation takes any text here, and the service refuses it in the middle of the deploy";
    walk.report(Severity::Error, "wrong-reference", message, why, hint);
}

/// Whether the facts list something for this property that is no ARN.
fn takes_names(property: &facts::Property) -> bool {
    property.refers.iter().any(|refers| name_of(&refers.attribute) == Name::Plain)
}

/// Whether the property's pattern begins as every ARN does.
fn wants_only_arns(property: &'static facts::Property) -> bool {
    property.pattern.as_deref().is_some_and(|pattern| {
        ["a-name", "0123456789ab", "1234abcd-12ab-34cd-56ef-1234567890ab"].iter().all(|text| pattern::matches(pattern, text) == Some(false))
    })
}

/// Whether an ARN is surely wrong: by the property's own pattern, or because its service knows its resources by names alone.
fn takes_no_arn(property: &'static facts::Property, owner: &Facts) -> bool {
    let refused =
        property.pattern.as_deref().is_some_and(|pattern| SOME_ARNS.iter().all(|arn| pattern::matches(pattern, arn) == Some(false)));
    let service = owner.name.split("::").nth(1).unwrap_or_default();
    let by_id = property.name.trim_end_matches('s').ends_with("Id") && !property.name.contains("Key");
    let own = property.refers.iter().all(|refers| refers.resource.split("::").nth(1) == Some(service));
    let known = match service {
        "IAM" => true,
        "EC2" | "Cognito" | "ApiGateway" | "ApiGatewayV2" => by_id,
        _ => false,
    };
    refused || known && own
}

/// The attribute that is the ARN of such a resource.
fn arn_of(target: &Facts) -> Option<&str> {
    let arns = || target.attributes.iter().map(|attribute| attribute.name.as_ref()).filter(|name| !name.contains('.'));
    let short = target.name.rsplit("::").next().unwrap_or_default();
    arns().find(|name| *name == "Arn").or_else(|| arns().find(|name| name.strip_suffix("Arn") == Some(short)))
}
