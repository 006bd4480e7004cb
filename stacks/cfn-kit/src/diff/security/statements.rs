//! The statements that a resource makes.

use serde_json::{Map, Value as Json};

use super::super::names::function;
use super::super::parts::spoken;
use super::words::Words;

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// What it is compared with: statements about the same role, or of the same resource.
    pub(super) group: String,
    /// The resource that makes it.
    pub(super) owner: String,
    pub(super) effect: String,
    pub(super) who: Words,
    pub(super) what: Words,
    pub(super) on: Words,
    pub(super) when: Option<String>,
}

impl Grant {
    pub(super) fn denies(&self) -> bool {
        self.effect.eq_ignore_ascii_case("deny")
    }
}

/// Every statement of a resource in normal form.
pub(super) fn of_resource(id: &str, body: &Json) -> Vec<Grant> {
    let type_name = body.get("Type").and_then(Json::as_str).unwrap_or_default();
    let Some(properties) = body.get("Properties").and_then(Json::as_object) else { return Vec::new() };
    let mut found = Vec::new();
    match type_name {
        "AWS::IAM::Role" | "AWS::IAM::User" | "AWS::IAM::Group" => {
            let subject = format!("${{{id}}}");
            if let Some(trust) = properties.get("AssumeRolePolicyDocument") {
                documents(trust, id, &format!("trust {id}"), &Words::only([]), &subject, &mut found);
            }
            let policies = properties.get("Policies").and_then(Json::as_array).into_iter().flatten();
            for document in policies.filter_map(|policy| policy.get("PolicyDocument")) {
                documents(document, id, &format!("identity {subject}"), &Words::only([subject.clone()]), "", &mut found);
            }
            found.extend(attached(id, &subject, properties));
        }
        "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" | "AWS::IAM::RolePolicy" | "AWS::IAM::UserPolicy" | "AWS::IAM::GroupPolicy" => {
            let names = ["Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"];
            let subjects = names.iter().filter_map(|name| properties.get(*name)).flat_map(|list| Words::of(list, false).words);
            let mut subjects: Vec<String> = subjects.collect();
            if subjects.is_empty() {
                subjects.push(format!("whoever has {id}"));
            }
            for subject in subjects {
                if let Some(document) = properties.get("PolicyDocument") {
                    documents(document, id, &format!("identity {subject}"), &Words::only([subject.clone()]), "", &mut found);
                }
            }
        }
        "AWS::Lambda::Permission" | "AWS::Lambda::LayerVersionPermission" => found.push(permission(id, properties)),
        _ => {
            for (name, value) in properties {
                documents(value, id, &format!("resource {id} {name}"), &Words::only([]), &format!("${{{id}}}"), &mut found);
            }
        }
    }
    found
}

/// AWS's own and other ready-made policies that are attached to a role.
fn attached(id: &str, subject: &str, properties: &Map<String, Json>) -> Option<Grant> {
    let policies = Words::of(properties.get("ManagedPolicyArns")?, false);
    Some(Grant {
        group: format!("managed {subject}"),
        owner: id.to_owned(),
        effect: "managed policy".to_owned(),
        who: Words::only([subject.to_owned()]),
        what: policies,
        on: Words::only([]),
        when: None,
    })
}

fn permission(id: &str, properties: &Map<String, Json>) -> Grant {
    let word = |name: &str| properties.get(name).map(spoken);
    let target = word("FunctionName").or_else(|| word("LayerVersionArn")).unwrap_or_default();
    let conditions = [
        "SourceArn",
        "SourceAccount",
        "EventSourceToken",
        "PrincipalOrgID",
        "OrganizationId",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
    ];
    let conditions: Vec<String> = conditions.iter().filter_map(|name| Some(format!("{name} {}", word(name)?))).collect();
    Grant {
        group: format!("permission {target}"),
        owner: id.to_owned(),
        effect: "Allow".to_owned(),
        who: Words::only(word("Principal")),
        what: Words::only(word("Action")),
        on: Words::only([target]),
        when: (!conditions.is_empty()).then(|| conditions.join(", ")),
    }
}

/// The statements of every policy document in a value, however deep it lies.
fn documents(value: &Json, owner: &str, group: &str, who: &Words, on: &str, found: &mut Vec<Grant>) {
    match value {
        Json::Object(object) => {
            // Where a choice is made, both of its answers may come.
            if let Some((_, argument)) = function(object) {
                return documents(argument, owner, group, who, on, found);
            }
            let statements = object.get("Statement").and_then(Json::as_array).into_iter().flatten();
            let before = found.len();
            found.extend(statements.flat_map(either).filter_map(|one| statement(one, owner, group, who, on)));
            if found.len() == before {
                object.values().for_each(|value| documents(value, owner, group, who, on, found));
            }
        }
        Json::Array(items) => items.iter().for_each(|item| documents(item, owner, group, who, on, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// A statement, or those that a choice may give.
fn either(statement: &Json) -> Vec<&Json> {
    match statement.as_object().and_then(function) {
        Some(("Fn::If", Json::Array(branches))) => branches.iter().skip(1).flat_map(either).collect(),
        Some(_) | None => match statement.as_array() {
            Some(several) => several.iter().flat_map(either).collect(),
            None => vec![statement],
        },
    }
}

fn statement(statement: &Json, owner: &str, group: &str, who: &Words, on: &str) -> Option<Grant> {
    let effect = spoken(statement.get("Effect")?);
    let words = |name: &str, not: &str| {
        let positive = statement.get(name).map(|list| Words::of(list, false));
        positive.or_else(|| statement.get(not).map(|list| Words::of(list, true)))
    };
    let principals = |name: &str, but: bool| statement.get(name).map(|principal| Words { but, ..principals(principal) });
    Some(Grant {
        group: group.to_owned(),
        owner: owner.to_owned(),
        effect,
        who: principals("Principal", false).or_else(|| principals("NotPrincipal", true)).unwrap_or_else(|| who.clone()),
        what: words("Action", "NotAction").unwrap_or_else(|| Words::only([])),
        on: words("Resource", "NotResource").unwrap_or_else(|| Words::only([on.to_owned()])),
        when: statement.get("Condition").map(|condition| sorted(condition).to_string()),
    })
}

fn principals(principal: &Json) -> Words {
    let Json::Object(kinds) = principal else { return Words::of(principal, false) };
    if function(kinds).is_some() {
        return Words::of(principal, false);
    }
    let words = kinds.iter().flat_map(|(kind, names)| {
        let prefix = if kind == "AWS" { String::new() } else { format!("{kind} ") };
        Words::of(names, false).words.into_iter().map(move |name| format!("{prefix}{name}"))
    });
    let mut words: Vec<String> = words.collect();
    words.sort();
    Words::only(words)
}

/// A condition whose order means nothing any more.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(entries) => {
            let mut entries: Vec<(&String, Json)> = entries.iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|left, right| left.0.cmp(right.0));
            Json::Object(entries.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            Json::Array(items)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
    }
}
