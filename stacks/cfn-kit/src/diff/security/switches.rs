//! Settings that open something to everybody.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::super::compare::type_of;
use super::super::names::{function, join};
use super::super::parts::spoken;
use super::{Area, Bodies, Direction, SecurityChange};

/// Properties that open something, wherever they stand in a resource, and the values that do.
const OPENING: [(&str, &[&str]); 12] = [
    ("AccessControl", &["PublicRead", "PublicReadWrite"]),
    ("AllowUnauthenticatedIdentities", &["true"]),
    ("AssignPublicIp", &["ENABLED"]),
    ("AssociatePublicIpAddress", &["true"]),
    ("AuthType", &["NONE"]),
    ("AuthorizationType", &["NONE"]),
    ("DirectInternetAccess", &["Enabled"]),
    ("EndpointPublicAccess", &["true"]),
    ("HttpEndpoint", &["enabled"]),
    ("MapPublicIpOnLaunch", &["true"]),
    ("PubliclyAccessible", &["true"]),
    ("Scheme", &["internet-facing"]),
];

/// What keeps a bucket from being public.
const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

pub(super) fn changes(ids: &[&str], before: &Bodies, after: &Bodies) -> Vec<SecurityChange> {
    let mut found = Vec::new();
    for id in ids {
        let open = |bodies: &Bodies| bodies.get(*id).map(open).unwrap_or_default();
        let (old, new) = (open(before), open(after));
        let differing = |these: &BTreeMap<String, String>, those: &BTreeMap<String, String>| -> Vec<(String, String)> {
            these
                .iter()
                .filter(|(path, value)| those.get(*path) != Some(value))
                .map(|(path, value)| (path.clone(), value.clone()))
                .collect()
        };
        let told = |(path, value): (String, String), direction| SecurityChange {
            area: Area::Network,
            direction,
            resource: (*id).to_owned(),
            effect: "public access".to_owned(),
            who: vec!["everybody".to_owned()],
            what: vec![format!("{path}: {value}")],
            on: vec![(*id).to_owned()],
            when: None,
            wildcard: true,
        };
        found.extend(differing(&new, &old).into_iter().map(|one| told(one, Direction::Broadened)));
        let closed = differing(&old, &new).into_iter().filter(|(path, _)| !new.contains_key(path));
        found.extend(closed.map(|one| told(one, Direction::Narrowed)));
        found.extend(blocks(id, before.get(*id), after.get(*id)));
    }
    found
}

/// Everything that a resource opens: path and value.
fn open(body: &Json) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Some(properties) = body.get("Properties") else { return found };
    search(properties, "", &mut found);
    let word = |name: &str| properties.get(name).map(spoken);
    let mut note = |path: &str, value: &str| {
        found.insert(path.to_owned(), value.to_owned());
    };
    match type_of(body) {
        // Without a word, a route asks nobody who they are.
        "AWS::ApiGatewayV2::Route" | "AWS::ApiGateway::Method" if word("AuthorizationType").is_none() => note("AuthorizationType", "NONE"),
        "AWS::EC2::Route" if word("GatewayId").is_some() => {
            let to = word("DestinationCidrBlock").or_else(|| word("DestinationIpv6CidrBlock")).unwrap_or_default();
            if matches!(to.as_str(), "0.0.0.0/0" | "::/0") {
                note("GatewayId", &format!("{} for {to}", word("GatewayId").unwrap_or_default()));
            }
        }
        "AWS::EC2::NetworkAclEntry" if word("RuleAction").as_deref() == Some("allow") && word("Egress").as_deref() != Some("true") => {
            let from = word("CidrBlock").or_else(|| word("Ipv6CidrBlock")).unwrap_or_default();
            if matches!(from.as_str(), "0.0.0.0/0" | "::/0") {
                note("RuleAction", &format!("allow from {from}"));
            }
        }
        "AWS::EC2::VPCGatewayAttachment" => {
            if let Some(gateway) = word("InternetGatewayId") {
                note("InternetGatewayId", &gateway);
            }
        }
        _ => {}
    }
    found
}

fn search(value: &Json, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Json::Object(object) => {
            for (key, value) in object {
                let opens = OPENING.iter().find(|(name, _)| name == key).is_some_and(|(_, values)| {
                    // What only the deploy knows may open it.
                    values.contains(&spoken(value).as_str()) || value.as_object().is_some_and(|object| function(object).is_some())
                });
                if opens {
                    found.insert(join(path, key), spoken(value));
                } else if value.is_object() || value.is_array() {
                    search(value, &join(path, key), found);
                }
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_object() || item.is_array()) {
                search(item, &join(path, &index.to_string()), found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Switches that kept a bucket from being public, and no longer do.
fn blocks(id: &str, before: Option<&Json>, after: Option<&Json>) -> Vec<SecurityChange> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    // An access point or an account has the same four, a bucket that says nothing of them gave them up.
    let of = |body: &Json, name: &str| {
        let properties = body.get("Properties")?;
        let block = properties.get("PublicAccessBlockConfiguration")?;
        Some(block.get(name).is_some_and(|value| *value == true || value == "true"))
    };
    let mut changes = Vec::new();
    for name in BLOCKS {
        let (old, new) = (of(before, name).unwrap_or(false), of(after, name).unwrap_or(false));
        if old == new {
            continue;
        }
        changes.push(SecurityChange {
            area: Area::Network,
            direction: if old { Direction::Broadened } else { Direction::Narrowed },
            resource: id.to_owned(),
            effect: "public access block".to_owned(),
            who: vec!["everybody".to_owned()],
            what: vec![format!("{name}: {old} → {new}")],
            on: vec![id.to_owned()],
            when: None,
            wildcard: old,
        });
    }
    changes
}
