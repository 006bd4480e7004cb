//! KMS.

use serde_json::json;

use super::prelude::*;

static KMS: Service = Service::new("kms", Protocol::Json { version: "1.1", target: "TrentService" });

const KEY: Action = KMS.action("DescribeKey", "/");
const POLICY: Action = KMS.action("GetKeyPolicy", "/");
const ROTATION: Action = KMS.action("GetKeyRotationStatus", "/");
const TAGS: Action = KMS.action("ListResourceTags", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::KMS::Key",
        asks: |subject| {
            let mut asks = vec![KEY.ask(json!({ "KeyId": subject.id }))];
            asks.extend(subject.declares("KeyPolicy").then(|| POLICY.ask(json!({ "KeyId": subject.id, "PolicyName": "default" }))));
            let rotates = subject.declares("EnableKeyRotation") || subject.declares("RotationPeriodInDays");
            asks.extend(rotates.then(|| ROTATION.ask(json!({ "KeyId": subject.id }))));
            asks.extend(subject.declares("Tags").then(|| TAGS.ask(json!({ "KeyId": subject.id }))));
            asks
        },
        live: |_, answers| {
            let key = answers.part(&KEY, "KeyMetadata");
            let rotation = answers.get(&ROTATION);
            Live::default()
                .same(&key, &["Description", "Enabled", "KeySpec", "KeyUsage", "MultiRegion", "Origin"])
                .set("KeyPolicy", answers.part(&POLICY, "Policy"))
                .set("EnableKeyRotation", at(&rotation, "KeyRotationEnabled"))
                .set("RotationPeriodInDays", at(&rotation, "RotationPeriodInDays"))
                .set("Tags", each(answers.part(&TAGS, "Tags"), |tag| renamed(tag, &[("TagKey", "Key"), ("TagValue", "Value")])))
                .attribute("Arn", at(&key, "Arn"))
        },
        attributes: |id, place| vec![("Arn", place.arn("kms", &format!("key/{id}"))), ("KeyId", id.to_owned())],
        rules: &[
            ("KeyPolicy", Rule::Policy),
            ("Tags", Rule::Tags),
            ("PendingWindowInDays", Rule::WriteOnly),
            ("BypassPolicyLockoutSafetyCheck", Rule::WriteOnly),
        ],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::KMS::Alias",
        // KMS takes an alias for the key that it stands for.
        asks: |subject| vec![KEY.ask(json!({ "KeyId": subject.id }))],
        live: |subject, answers| {
            Live::default().set("AliasName", json!(subject.id)).set("TargetKeyId", answers.part(&KEY, "KeyMetadata.KeyId"))
        },
        rules: &[("TargetKeyId", Rule::Name)],
        ..PLAIN
    },
];
