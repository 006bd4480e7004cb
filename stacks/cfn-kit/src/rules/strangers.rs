//! What people outside the account are let into.

use serde_json::Value as Json;

use super::policies::{Statement, statements};
use super::sketches::sketch;
use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A role for everybody.
pub(super) const ANYONE_MAY_ASSUME: Rule = Rule {
    id: "anyone-may-assume",
    severity: Severity::Error,
    title: "a role says who may take it on",
    why: "anybody with an AWS account, or with an account at the identity provider, can act with the role's permissions",
    check: anyone_may_assume,
};

fn anyone_may_assume(view: &View<'_>, broken: &mut Broken<'_>) {
    for role in view.of_type("AWS::IAM::Role") {
        let Some(document) = role.get("AssumeRolePolicyDocument") else { continue };
        for statement in statements(&role.path("AssumeRolePolicyDocument"), document).iter().filter(|statement| statement.is_allow()) {
            if let Some(everybody) = everybody(statement) {
                broken.at(
                    &format!("{}/Principal", statement.path),
                    format!("everybody (`{everybody}`) may take on `{}`", role.id),
                    "name the service, account or role that needs it",
                );
            }
            for provider in federated(view, statement) {
                if let Some((wrong, hint)) = open_to(&provider, statement) {
                    let message = format!("`{}` may be taken on {wrong}", role.id);
                    broken.at(&statement.path, message, hint);
                }
            }
        }
    }
}

/// How a statement spells "everybody", where no condition limits it.
fn everybody(statement: &Statement<'_>) -> Option<&'static str> {
    if statement.has_condition() {
        return None;
    }
    let is_open = |(kind, value): &(&str, &Json)| matches!(*kind, "AWS" | "*") && *value == "*";
    statement.principals().iter().any(is_open).then_some("*")
}

/// The hosts of the identity providers whose tokens a statement takes.
fn federated(view: &View<'_>, statement: &Statement<'_>) -> Vec<String> {
    if !statement.covers("sts:AssumeRoleWithWebIdentity") {
        return Vec::new();
    }
    let host = |(kind, value): (&str, &Json)| {
        if kind != "Federated" {
            return None;
        }
        // Whether the provider is made in this template or named by its ARN.
        if let Some(id) = view.target(value).map(|target| target.id) {
            let provider = view.resource(id).filter(|one| one.kind == "AWS::IAM::OIDCProvider")?;
            let url = provider.get("Url")?.as_str()?;
            return Some(url.trim_start_matches("https://").to_owned());
        }
        let text = sketch(value)?;
        let known = text.split_once("oidc-provider/").map_or(text.as_ref(), |(_, host)| host).to_owned();
        Some(known)
    };
    statement.principals().into_iter().filter_map(host).collect()
}

/// Whom a statement lets in with tokens of a provider, if it is more than a certain user, repository or client.
fn open_to(provider: &str, statement: &Statement<'_>) -> Option<(String, String)> {
    let (key, whom) = match provider {
        "token.actions.githubusercontent.com" => ("sub", "by every repository on GitHub"),
        "cognito-identity.amazonaws.com" => ("aud", "through identity pools of everybody"),
        "accounts.google.com" | "graph.facebook.com" | "www.amazon.com" => {
            let wrong = statement.condition().is_none().then(|| format!("by everybody with an account at {provider}"))?;
            return Some((wrong, "add a condition on the `aud` or `app_id` of the token".to_owned()));
        }
        _ => return None,
    };
    let name = format!("{provider}:{key}");
    let values = conditioned(statement.condition(), &name)?;
    let open = |value: &&&Json| value.as_str().is_some_and(|text| matches!(text, "*" | "repo:*" | "repo:*/*" | "repo:*/*:*"));
    if values.is_empty() {
        return Some((whom.to_owned(), format!("add a condition on `{name}`")));
    }
    let open = values.iter().find(open)?;
    Some((format!("{whom}: the condition on `{name}` is `{}`", open.as_str().unwrap_or_default()), "name what may take it on".to_owned()))
}

/// What a condition demands of a key; none where an expression hides it.
fn conditioned<'a>(condition: Option<&'a Json>, name: &str) -> Option<Vec<&'a Json>> {
    let Some(condition) = condition else { return Some(Vec::new()) };
    if function(condition).is_some() {
        return None;
    }
    let mut values = Vec::new();
    for (_, keys) in condition.as_object()? {
        if function(keys).is_some() {
            return None;
        }
        for (_, value) in keys.as_object()?.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
            values.extend(value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
        }
    }
    Some(values)
}

/// A queue, topic, bucket or key for everybody.
pub(super) const PUBLIC_RESOURCE_POLICY: Rule = Rule {
    id: "public-resource-policy",
    severity: Severity::Error,
    title: "a resource's policy says whom it lets in",
    why: "a principal of `*` is everybody on the internet: they read and send what is yours, and you pay for it",
    check: public_resource_policy,
};

/// Types with a policy of their own, and where it is; an event bus's statement is among the properties.
const POLICIES: &[(&str, &str)] = &[
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
    ("AWS::SQS::QueueInlinePolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SNS::TopicInlinePolicy", "PolicyDocument"),
    ("AWS::S3::BucketPolicy", "PolicyDocument"),
    ("AWS::S3::AccessPoint", "Policy"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    ("AWS::Events::EventBusPolicy", ""),
    ("AWS::Backup::BackupVault", "AccessPolicy"),
    ("AWS::DynamoDB::Table", "ResourcePolicy/PolicyDocument"),
    ("AWS::Kinesis::ResourcePolicy", "ResourcePolicy"),
];

fn public_resource_policy(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        for (_, property) in POLICIES.iter().filter(|(kind, _)| *kind == resource.kind) {
            let (path, document) = match *property {
                "" => (format!("{}/Properties", resource.path("")), resource.body.get("Properties")),
                property => (resource.path(property), resource.get(property)),
            };
            let Some(document) = document else { continue };
            for statement in statements(&path, document).iter().filter(|statement| statement.is_allow()) {
                if everybody(statement).is_some() {
                    broken.at(
                        &format!("{}/Principal", statement.path),
                        format!("`{}` lets everybody do {}", resource.id, list(statement)),
                        "name the service or the role, or add a condition such as `aws:SourceArn` or `aws:PrincipalOrgID`",
                    );
                }
            }
        }
        if resource.kind == "AWS::Lambda::Permission" {
            permission(resource, broken);
        }
    }
}

fn list(statement: &Statement<'_>) -> String {
    let actions: Vec<String> = statement.actions().map(|action| format!("`{action}`")).collect();
    if actions.is_empty() { "what it covers".to_owned() } else { actions.join(", ") }
}

fn permission(resource: Res<'_>, broken: &mut Broken<'_>) {
    // Who makes a function's URL public has said so in so many words.
    let limits = ["SourceArn", "SourceAccount", "PrincipalOrgID", "EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl"];
    let is_open = resource.get("Principal").is_some_and(|principal| principal == "*");
    if is_open && limits.iter().all(|limit| resource.get(limit).is_none()) {
        broken.at(
            &resource.path("Principal"),
            format!("`{}` lets everybody (`*`) call the function", resource.id),
            "name the service and its `SourceArn`, the account, or `PrincipalOrgID`",
        );
    }
}

/// A bucket for everybody.
pub(super) const PUBLIC_BUCKET: Rule = Rule {
    id: "public-bucket",
    severity: Severity::Error,
    title: "a bucket is not public",
    why: "what lies in it is read by strangers and found by search engines; new buckets block that, until somebody switches it off",
    check: public_bucket,
};

const BLOCKS: &[&str] = &["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

fn public_bucket(view: &View<'_>, broken: &mut Broken<'_>) {
    for bucket in view.all().filter(|one| matches!(one.kind, "AWS::S3::Bucket" | "AWS::S3::AccessPoint")) {
        let access = bucket.get("AccessControl").and_then(Json::as_str).unwrap_or_default();
        if matches!(access, "PublicRead" | "PublicReadWrite" | "AuthenticatedRead") {
            let whom = if access == "AuthenticatedRead" { "everybody with an AWS account" } else { "everybody" };
            broken.at(
                &bucket.path("AccessControl"),
                format!("`{}` is open to {whom} (`{access}`)", bucket.id),
                "leave it out; put CloudFront with an origin access control before files that are for everybody",
            );
        }
        // Without the whole block, S3 switches everything on since April 2023; of a block, what is left out is off.
        let Some(settings) = bucket.get("PublicAccessBlockConfiguration") else { continue };
        if function(settings).is_some() {
            continue;
        }
        let off = |name: &&&str| settings.get(**name).is_none_or(|switch| view.switch(switch) == Some(false));
        let off: Vec<String> = BLOCKS.iter().filter(off).map(|name| format!("`{name}`")).collect();
        if !off.is_empty() {
            broken.at(
                &bucket.path("PublicAccessBlockConfiguration"),
                format!(
                    "`{}` does not block public access: {} {} off",
                    bucket.id,
                    off.join(", "),
                    if off.len() == 1 { "is" } else { "are" }
                ),
                "switch all four on, or leave the property out",
            );
        }
    }
}
