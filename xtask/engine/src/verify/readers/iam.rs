//! IAM.

use serde_json::{Value, json};

use super::prelude::*;

static IAM: Service = Service::new("iam", Protocol::Query { version: "2010-05-08", flat: false }).global();

const ROLE: Action = IAM.action("GetRole", "/");
const INLINE: Action = IAM.action("GetRolePolicy", "/");
const INLINE_NAMES: Action = IAM.action("ListRolePolicies", "/");
const ATTACHED: Action = IAM.action("ListAttachedRolePolicies", "/");
const USER_INLINE: Action = IAM.action("GetUserPolicy", "/");
const GROUP_INLINE: Action = IAM.action("GetGroupPolicy", "/");
const POLICY: Action = IAM.action("GetPolicy", "/");
const POLICY_VERSION: Action = IAM.action("GetPolicyVersion", "/");
const PROFILE: Action = IAM.action("GetInstanceProfile", "/");
const OIDC: Action = IAM.action("GetOpenIDConnectProvider", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::IAM::Role",
        asks: |subject| {
            let role = subject.id;
            let mut asks = vec![ROLE.ask(json!({ "RoleName": role }))];
            if subject.declares("Policies") {
                asks.push(INLINE_NAMES.ask(json!({ "RoleName": role })));
                asks.extend(inline_names(subject).iter().map(|name| INLINE.ask(json!({ "RoleName": role, "PolicyName": name }))));
            }
            asks.extend(subject.declares("ManagedPolicyArns").then(|| ATTACHED.ask(json!({ "RoleName": role }))));
            asks
        },
        live: |subject, answers| {
            let role = answers.part(&ROLE, "Role");
            let attached = each(answers.part(&ATTACHED, "AttachedPolicies"), |one| at(one, "PolicyArn"));
            Live::default()
                .same(&role, &["Description", "MaxSessionDuration", "Path", "RoleName"])
                .set("AssumeRolePolicyDocument", decoded(at(&role, "AssumeRolePolicyDocument")))
                .set("PermissionsBoundary", at(&role, "PermissionsBoundary.PermissionsBoundaryArn"))
                .set("Policies", inline(subject, answers))
                // Resources of their own attach policies to roles as well.
                .set("ManagedPolicyArns", of_declared(subject, attached))
                .set("Tags", at(&role, "Tags"))
                .attributes(&role, &["Arn", "RoleId"])
        },
        rules: &[("AssumeRolePolicyDocument", Rule::Policy), ("Policies.PolicyDocument", Rule::Policy), ("Tags", Rule::Tags)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::IAM::Policy",
        asks: |subject| {
            let name = subject.text("PolicyName");
            let of = |list: &str, action: Action, kind: &str| -> Vec<Ask> {
                subject.texts(list).iter().map(|who| action.ask(json!({ kind: who, "PolicyName": name }))).collect()
            };
            [of("Roles", INLINE, "RoleName"), of("Users", USER_INLINE, "UserName"), of("Groups", GROUP_INLINE, "GroupName")].concat()
        },
        live: |subject, answers| {
            let of = |action: &Action| answers.all(action);
            let with = |list: &str, action: &Action| -> Value {
                subject.texts(list).into_iter().zip(of(action)).filter(|(_, found)| !found.is_null()).map(|(who, _)| json!(who)).collect()
            };
            let all = [of(&INLINE), of(&USER_INLINE), of(&GROUP_INLINE)].concat();
            let documents = all.iter().map(|one| decoded(at(one, "PolicyDocument"))).collect();
            Live::default()
                .set("PolicyName", subject.property("PolicyName"))
                .set("Roles", with("Roles", &INLINE))
                .set("Users", with("Users", &USER_INLINE))
                .set("Groups", with("Groups", &GROUP_INLINE))
                .set("PolicyDocument", worst(subject, documents))
        },
        rules: &[("PolicyDocument", Rule::Policy)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::IAM::ManagedPolicy",
        asks: |subject| vec![POLICY.ask(json!({ "PolicyArn": subject.id }))],
        then: |subject, answers| {
            let version = answers.part(&POLICY, "Policy.DefaultVersionId");
            let version = text(&version).filter(|_| unknown_reason(&version).is_none());
            version.map(|version| POLICY_VERSION.ask(json!({ "PolicyArn": subject.id, "VersionId": version }))).into_iter().collect()
        },
        live: |_, answers| {
            let policy = answers.part(&POLICY, "Policy");
            Live::default()
                .same(&policy, &["Description", "Path"])
                .set("ManagedPolicyName", at(&policy, "PolicyName"))
                .set("PolicyDocument", decoded(answers.part(&POLICY_VERSION, "PolicyVersion.Document")))
        },
        attributes: |arn, _| vec![("PolicyArn", arn.to_owned())],
        rules: &[("PolicyDocument", Rule::Policy)],
    },
    Reader {
        resource_type: "AWS::IAM::InstanceProfile",
        asks: |subject| vec![PROFILE.ask(json!({ "InstanceProfileName": tail(subject.id) }))],
        live: |_, answers| {
            let profile = answers.part(&PROFILE, "InstanceProfile");
            Live::default()
                .same(&profile, &["InstanceProfileName", "Path"])
                .set("Roles", each(at(&profile, "Roles"), |role| at(role, "RoleName")))
                .attributes(&profile, &["Arn"])
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::IAM::OIDCProvider",
        asks: |subject| vec![OIDC.ask(json!({ "OpenIDConnectProviderArn": subject.id }))],
        live: |subject, answers| {
            let provider = answers.get(&OIDC);
            // IAM keeps the host name alone.
            let url = subject.text("Url");
            let same = url.split_once("://").is_some_and(|(_, host)| host == text_at(&provider, "Url"));
            Live::default()
                .set("Url", if same { json!(url) } else { at(&provider, "Url") })
                .set("ClientIdList", list(at(&provider, "ClientIDList")))
                .set("ThumbprintList", list(at(&provider, "ThumbprintList")))
                .set("Tags", at(&provider, "Tags"))
        },
        attributes: |arn, _| vec![("Arn", arn.to_owned())],
        rules: &[("Tags", Rule::Tags), ("ThumbprintList", Rule::NoCase)],
        ..PLAIN
    },
];

fn inline_names(subject: &Subject<'_>) -> Vec<String> {
    let policies = list(subject.property("Policies"));
    items(&policies).iter().map(|policy| text_at(policy, "PolicyName")).filter(|name| !name.is_empty()).collect()
}

/// The inline policies that are declared here, and the names of those that nobody declares, in whichever stack.
fn inline(subject: &Subject<'_>, answers: &crate::verify::reader::Answers<'_>) -> Value {
    let declared = inline_names(subject);
    let documents = answers.all(&INLINE);
    let policy = |(name, answer): (&String, Value)| match (&answer, unknown_reason(&answer)) {
        (Value::Null, _) => None,
        (_, Some(_)) => Some(json!({ "PolicyName": name, "PolicyDocument": answer })),
        (_, None) => Some(json!({ "PolicyName": name, "PolicyDocument": decoded(at(&answer, "PolicyDocument")) })),
    };
    let mut all: Vec<Value> = declared.iter().zip(documents).filter_map(policy).collect();
    let names = list(answers.part(&INLINE_NAMES, "PolicyNames"));
    let others = items(&names).iter().filter_map(text).filter(|name| !declared.contains(name));
    let undeclared = others.filter(|name| !subject.granted.has_inline(subject.id, name));
    all.extend(undeclared.map(|name| json!({ "PolicyName": name })));
    Value::Array(all)
}

/// What is attached, without what another resource attaches, in whichever stack.
fn of_declared(subject: &Subject<'_>, attached: Value) -> Value {
    if unknown_reason(&attached).is_some() {
        return attached;
    }
    let declared = subject.texts("ManagedPolicyArns");
    let is_granted = |arn: &String| !declared.contains(arn) && subject.granted.has_attached(subject.id, arn);
    items(&attached).iter().filter(|arn| !text(arn).is_some_and(|arn| is_granted(&arn))).cloned().collect()
}

/// IAM answers with documents that are encoded as in URLs.
fn decoded(value: Value) -> Value {
    let Some(encoded) = value.as_str().filter(|text| text.starts_with("%7B")) else { return value };
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
        let decoded = if byte == b'%' { digit(rest.next()).zip(digit(rest.next())).map(|(high, low)| high << 4 | low) } else { Some(byte) };
        match decoded {
            Some(byte) => bytes.push(byte),
            None => return value,
        }
    }
    String::from_utf8(bytes).map_or(value, Value::String)
}
