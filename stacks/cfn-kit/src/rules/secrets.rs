//! Secrets that everybody who reads the template knows.

use serde_json::Value as Json;

use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;
use crate::path::{Path, Step};

/// A password in the template.
pub(super) const SECRET_LITERAL: Rule = Rule {
    id: "secret-literal",
    severity: Severity::Error,
    title: "no secret stands in a template",
    why: "a template is kept in the repository, in CloudFormation and in every change set, for all who may read one of them, for ever",
    check: secret_literal,
};

const HINT: &str = "let Secrets Manager make and keep it, and write `{{resolve:secretsmanager:…}}`; change this one, it is known now";

/// Properties of every service that hold a secret, sorted.
const PROPERTIES: &[&str] = &[
    "AccessToken",
    "AdminPassword",
    "AdminUserPassword",
    "AuthToken",
    "ClientSecret",
    "MasterPassword",
    "MasterUserPassword",
    "OAuthToken",
    "Password",
    "Passwords",
    "SecretAccessKey",
    "SecretKey",
    "SecretString",
    "SecretToken",
    "client_secret",
];

/// How names of variables and parameters end that hold a secret, in small letters and without `_` and `-`.
const NAMES: &[&str] =
    &["accesstoken", "apikey", "apitoken", "authtoken", "clientsecret", "passwd", "password", "privatekey", "secretaccesskey", "secretkey"];

fn secret_literal(view: &View<'_>, broken: &mut Broken<'_>) {
    parameters(view, broken);
    for resource in view.all() {
        variables(resource, broken);
    }
    for section in ["Metadata", "Mappings", "Resources", "Outputs"] {
        if let Some(value) = view.template.get(section) {
            texts(value, &mut Path::of([section]), false, broken);
        }
    }
}

/// Every text, for what is a secret wherever it stands and for what stands in a property that holds one.
fn texts<'a>(value: &'a Json, path: &mut Path<'a>, in_secret: bool, broken: &mut Broken<'_>) {
    match value {
        Json::String(text) => {
            let what = known_shape(text).or_else(|| (in_secret && is_written_out(text)).then_some("a secret"));
            if let Some(what) = what {
                broken.at(&path.to_string(), format!("{what} is written out here: `{}`", masked(text)), HINT);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                inside(path, index, |path| texts(item, path, in_secret, broken));
            }
        }
        Json::Object(entries) => {
            // A text within a function in a secret's place is a name or a part of one.
            for (key, item) in entries {
                // Beside a secret's ID it is the name of a part of it; of a token's validity it is the unit.
                let is_unit = || path.last_key().is_some_and(|key| key.ends_with("TokenValidityUnits"));
                let is_name = || entries.contains_key("SecretId") || is_unit();
                let is_secret =
                    matches!(item, Json::String(_) | Json::Array(_)) && PROPERTIES.binary_search(&key.as_str()).is_ok() && !is_name();
                inside(path, key, |path| texts(item, path, is_secret, broken));
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn inside<'a>(path: &mut Path<'a>, step: impl Into<Step<'a>>, visit: impl FnOnce(&mut Path<'a>)) {
    path.push(step);
    visit(path);
    path.pop();
}

/// What is in a text that can be nothing but a secret.
const MARKS: &[&str] = &["AKIA", "ASIA", "-----BEGIN", "ghp_", "github_pat_", "xoxb-", "xoxp-", "sk_live_", "aws_secret_access_key"];

/// What a text is that can be nothing but a secret.
fn known_shape(text: &str) -> Option<&'static str> {
    // The shortest of them has 20 characters, and nearly no text has any.
    if text.len() < 20 || !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let is_key_id = |part: &str| {
        let id = part.as_bytes().get(..20)?;
        let is_known = (part.starts_with("AKIA") || part.starts_with("ASIA"))
            && id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let ends = part.as_bytes().get(20).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        // AWS's own examples.
        (is_known && ends && !part[..20].ends_with("EXAMPLE")).then_some("an AWS access key")
    };
    let starts = |needle: &'static str| {
        text.match_indices(needle).filter(|(at, _)| !text[..*at].ends_with(|before: char| before.is_ascii_alphanumeric()))
    };
    if let Some(found) = starts("AKIA").chain(starts("ASIA")).find_map(|(at, _)| is_key_id(&text[at..])) {
        return Some(found);
    }
    let token = |prefix: &'static str, length: usize| {
        starts(prefix).any(|(at, _)| {
            let rest = &text[at + prefix.len()..];
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count() >= length
        })
    };
    if token("ghp_", 36) || token("github_pat_", 60) {
        return Some("a GitHub token");
    }
    if token("xoxb-", 40) || token("xoxp-", 40) {
        return Some("a Slack token");
    }
    if token("sk_live_", 24) {
        return Some("a Stripe key");
    }
    let assigned = text.split_once("aws_secret_access_key").map(|(_, rest)| rest.trim_start_matches([' ', '=', ':', '"', '\'']));
    let is_secret_key =
        |rest: &str| rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+')).count() == 40;
    assigned.is_some_and(is_secret_key).then_some("an AWS secret key")
}

/// Whether a text in a secret's place is the secret itself.
fn is_written_out(text: &str) -> bool {
    !text.is_empty() && !text.contains("{{resolve:") && !text.contains("${") && !text.starts_with("arn:")
}

/// Enough to find it again, too little to use it.
fn masked(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with("-----BEGIN") {
        return first.chars().take(40).collect();
    }
    format!("{}…", first.chars().take(if text.len() < 12 { 1 } else { 4 }).collect::<String>())
}

fn is_secret_name(name: &str) -> bool {
    let name: String = name.chars().filter(|character| !matches!(character, '_' | '-')).collect::<String>().to_ascii_lowercase();
    NAMES.iter().any(|ending| name.ends_with(ending))
}

fn parameters(view: &View<'_>, broken: &mut Broken<'_>) {
    for (name, parameter) in view.template.get("Parameters").and_then(Json::as_object).into_iter().flatten() {
        let is_text = parameter.get("Type").is_some_and(|kind| kind == "String");
        // What can be chosen from a list is no secret.
        if !is_text || !is_secret_name(name) || parameter.get("AllowedValues").is_some() {
            continue;
        }
        let path = format!("Parameters/{name}");
        let default = parameter.get("Default").and_then(Json::as_str).unwrap_or_default();
        if is_written_out(default) && !default.starts_with('/') {
            broken.at(&format!("{path}/Default"), format!("the parameter `{name}` has a default: `{}`", masked(default)), HINT);
        } else if default.is_empty() && !parameter.get("NoEcho").is_some_and(|echo| *echo == true || echo == "true") {
            broken.at(
                &path,
                format!("the parameter `{name}` is shown to all who may look at the stack"),
                "set `NoEcho: true`, or better use a dynamic reference",
            );
        }
    }
}

/// Environment variables, which everybody sees who may look at the function or task.
fn variables(resource: Res<'_>, broken: &mut Broken<'_>) {
    let maps: &[&str] = match resource.kind {
        "AWS::Lambda::Function" => &["Environment/Variables"],
        "AWS::AppRunner::Service" => &["SourceConfiguration/ImageRepository/ImageConfiguration/RuntimeEnvironmentVariables"],
        _ => &[],
    };
    for place in maps {
        for (name, value) in resource.get(place).and_then(Json::as_object).into_iter().flatten() {
            variable(name, value, &resource.path(&format!("{place}/{name}")), broken);
        }
    }
    let mut lists: Vec<String> = match resource.kind {
        "AWS::Batch::JobDefinition" => vec!["ContainerProperties/Environment".to_owned()],
        "AWS::CodeBuild::Project" => vec!["Environment/EnvironmentVariables".to_owned()],
        _ => Vec::new(),
    };
    if resource.kind == "AWS::ECS::TaskDefinition" {
        lists.extend((0..resource.list("ContainerDefinitions").len()).map(|index| format!("ContainerDefinitions/{index}/Environment")));
    }
    for place in lists {
        for (index, entry) in resource.list(&place).iter().enumerate() {
            let kind = entry.get("Type").and_then(Json::as_str).unwrap_or("PLAINTEXT");
            if let (Some(name), Some(value), "PLAINTEXT") = (entry.get("Name").and_then(Json::as_str), entry.get("Value"), kind) {
                variable(name, value, &resource.path(&format!("{place}/{index}/Value")), broken);
            }
        }
    }
}

fn variable(name: &str, value: &Json, path: &str, broken: &mut Broken<'_>) {
    let Some(text) = value.as_str().filter(|text| is_written_out(text) && known_shape(text).is_none()) else { return };
    // A path or an address says where the secret is.
    let is_place = text.starts_with('/') || text.contains("://") || matches!(text, "true" | "false");
    let upper = name.to_ascii_uppercase();
    let is_random = text.len() >= 12
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=' | b'_' | b'!' | b'$' | b'%'))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_vague = upper.ends_with("SECRET") || upper.ends_with("TOKEN");
    if !is_place && (is_secret_name(name) || is_vague && is_random) {
        broken.at(path, format!("the variable `{name}` holds a secret: `{}`", masked(text)), HINT);
    }
}
