//! Names that mean something: which lists have no order, which texts are JSON, what identifies an item.
//!
//! CloudFormation's schemas say of many lists that they have no order, and the facts carry that. These are lists of which the schemas
//! are silent although the service reads them as a set. A list that is missing here costs a line too many; one too many would hide a
//! change, so only names that mean a set in every service are here.

use serde_json::{Map, Value as Json};

/// Properties whose list is a set wherever they stand. Sorted.
const SETS: [&str; 54] = [
    "AlarmActions",
    "AllowHeaders",
    "AllowMethods",
    "AllowOrigins",
    "AllowedHeaders",
    "AllowedMethods",
    "AllowedOAuthFlows",
    "AllowedOAuthScopes",
    "AllowedOrigins",
    "Architectures",
    "AttributeDefinitions",
    "AvailabilityZones",
    "CallbackURLs",
    "CompatibleArchitectures",
    "CompatibleRuntimes",
    "DependsOn",
    "Dimensions",
    "Environment",
    "ExplicitAuthFlows",
    "ExposeHeaders",
    "ExposedHeaders",
    "FunctionResponseTypes",
    "GlobalSecondaryIndexes",
    "GroupIds",
    "Groups",
    "InsufficientDataActions",
    "LocalSecondaryIndexes",
    "LogoutURLs",
    "ManagedPolicyArns",
    "NonKeyAttributes",
    "NotificationARNs",
    "OKActions",
    "Policies",
    "Queues",
    "RequiresCompatibilities",
    "Roles",
    "Secrets",
    "SecurityGroupEgress",
    "SecurityGroupIds",
    "SecurityGroupIngress",
    "SecurityGroups",
    "SubnetIDs",
    "SubnetIds",
    "Subnets",
    "SupportedIdentityProviders",
    "TagList",
    "Tags",
    "TargetGroupARNs",
    "Topics",
    "Users",
    "VPCSecurityGroups",
    "VPCZoneIdentifier",
    "VpcSecurityGroupIds",
    "VpcSubnetIds",
];

/// Whether the list under this name has no order.
pub(super) fn is_set(name: &str) -> bool {
    SETS.binary_search(&name).is_ok()
}

/// Properties that the facts call text and that hold JSON. Sorted.
const JSON_TEXTS: [&str; 17] = [
    "ApiSchema",
    "ContainerDefinitions",
    "DashboardBody",
    "Definition",
    "DefinitionBody",
    "DefinitionString",
    "DeliveryPolicy",
    "EventPattern",
    "FilterPolicy",
    "Policy",
    "PolicyDocument",
    "PolicyText",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "RepositoryPolicyText",
    "ResourcePolicy",
    "SchemaDefinition",
];

/// Whether the text under this name is read as JSON by the service, so that spaces in it mean nothing.
pub(super) fn is_json_text(name: &str) -> bool {
    JSON_TEXTS.binary_search(&name).is_ok()
}

/// What identifies an item of a list, best first.
const IDENTITIES: [&str; 22] = [
    "Sid",
    "Id",
    "ID",
    "LogicalId",
    "Key",
    "Name",
    "PolicyName",
    "IndexName",
    "AttributeName",
    "ContainerName",
    "VariableName",
    "ParameterName",
    "ParameterKey",
    "DeviceName",
    "DomainName",
    "RuleName",
    "TargetId",
    "OptionName",
    "MetricName",
    "Priority",
    "name",
    "id",
];

/// The value that identifies an item, where it has a plain one.
pub(super) fn identity(item: &Map<String, Json>) -> Option<(&'static str, String)> {
    IDENTITIES.iter().find_map(|key| match item.get(*key)? {
        Json::String(text) => Some((*key, text.clone())),
        Json::Number(number) => Some((*key, number.to_string())),
        // `Ref` of a name is as good as the name.
        Json::Object(function) if is_function(function) => Some((*key, Json::Object(function.clone()).to_string())),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    })
}

/// Whether an object is a call of a function.
pub(super) fn is_function(object: &Map<String, Json>) -> bool {
    function(object).is_some()
}

/// The function that an object calls, with its argument.
pub(super) fn function(object: &Map<String, Json>) -> Option<(&str, &Json)> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}

/// A path with one step more; what would end a step is escaped as in a JSON pointer.
pub(super) fn join(path: &str, key: &str) -> String {
    let mut joined = String::with_capacity(path.len() + key.len() + 1);
    joined.push_str(path);
    if !path.is_empty() {
        joined.push('/');
    }
    push_escaped(&mut joined, key);
    joined
}

fn push_escaped(path: &mut String, key: &str) {
    if key.is_empty() {
        // A path that ends in nothing is the path before it.
        path.push_str("~2");
    }
    for letter in key.chars() {
        match letter {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            letter => path.push(letter),
        }
    }
}

/// The key that a step of a path names.
pub(super) fn unescaped(step: &str) -> String {
    if step == "~2" { String::new() } else { step.replace("~1", "/").replace("~0", "~") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_so_that_every_name_is_found() {
        assert!(SETS.is_sorted() && JSON_TEXTS.is_sorted(), "a name out of order is never found");
    }

    #[test]
    fn a_step_comes_back_as_the_key_it_was() {
        for key in ["a", "a/b", "~1", "~2", "~/", "~01", ""] {
            assert_eq!(unescaped(&join("", key)), key);
        }
    }
}
