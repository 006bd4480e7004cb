//! Keys that others must use to bring something encrypted.

use serde_json::Value as Json;

use super::deliveries::deliveries;
use super::grants::{admits, hides_statements};
use super::policies::statements;
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A key that the bringing service may not use.
pub(super) const KEY_POLICY_SERVICE: Rule = Rule {
    id: "key-policy-service",
    severity: Severity::Error,
    title: "the key of a queue, topic or log group lets in the services that write there",
    why: "what may be delivered must also be encrypted: without the key the alarm, event or notification is dropped, and nothing says so",
    check: key_policy_service,
};

/// The key of this template that a value means, also by its alias.
pub(super) fn key_of<'a>(view: &View<'a>, value: &'a Json) -> Option<Res<'a>> {
    let resource = view.resource(view.target(value)?.id)?;
    match resource.kind {
        "AWS::KMS::Key" => Some(resource),
        "AWS::KMS::Alias" => view.target_of(resource.get("TargetKeyId")?, "AWS::KMS::Key"),
        _ => None,
    }
}

fn key_policy_service(view: &View<'_>, broken: &mut Broken<'_>) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for delivery in deliveries(view).iter().filter(|delivery| delivery.receiver.kind != "AWS::Lambda::Function") {
        let (service, receiver) = (delivery.service, delivery.receiver);
        let Some(value) = receiver.get("KmsMasterKeyId") else { continue };
        if let Some(alias) = view.text(value).filter(|text| text.starts_with("alias/aws/")) {
            if !told.contains(&(receiver.id, service)) {
                told.push((receiver.id, service));
                broken.at(
                    &receiver.path("KmsMasterKeyId"),
                    format!("`{service}.amazonaws.com` brings something to `{}` and may not use `{alias}`", receiver.id),
                    "encrypt it with a key of your own, whose policy lets the service in",
                );
            }
            continue;
        }
        let Some(key) = key_of(view, value).filter(|key| !told.contains(&(key.id, service))) else { continue };
        if !lets_in(key, service, &["kms:GenerateDataKey", "kms:Decrypt"]) {
            told.push((key.id, service));
            forgotten(key, receiver, service, "`kms:GenerateDataKey*` and `kms:Decrypt`", broken);
        }
    }
    for group in view.of_type("AWS::Logs::LogGroup") {
        let key = group.get("KmsKeyId").and_then(|value| key_of(view, value));
        if let Some(key) = key.filter(|key| !told.contains(&(key.id, "logs")) && !lets_in(*key, "logs", &["kms:Encrypt", "kms:Decrypt"])) {
            told.push((key.id, "logs"));
            let actions = "`kms:Encrypt*`, `kms:Decrypt*`, `kms:ReEncrypt*`, `kms:GenerateDataKey*` and `kms:Describe*`";
            forgotten(key, group, "logs", actions, broken);
        }
    }
}

fn forgotten(key: Res<'_>, receiver: Res<'_>, service: &str, actions: &str, broken: &mut Broken<'_>) {
    let principal = if service == "logs" { "logs.<region>.amazonaws.com".to_owned() } else { format!("{service}.amazonaws.com") };
    broken.at(
        &key.path(if key.get("KeyPolicy").is_some() { "KeyPolicy" } else { "" }),
        format!("`{principal}` writes to `{}` and may not use its key `{}`", receiver.id, key.id),
        format!("allow it {actions} in the key's policy"),
    );
}

/// Whether a key's policy lets a service take all of these actions.
fn lets_in(key: Res<'_>, service: &str, actions: &[&str]) -> bool {
    // Without a policy of its own, a key asks IAM, which says nothing about services.
    let Some(policy) = key.get("KeyPolicy") else { return false };
    let statements = statements("", policy);
    let may = |action: &&str| {
        let mut allowing = statements.iter().filter(|statement| statement.may_allow() && (statement.is_open() || statement.covers(action)));
        allowing.any(|statement| admits(statement, service))
    };
    hides_statements(policy) || actions.iter().all(may)
}
