//! What the local cloud does not do, compactly: printed at each deploy, so nobody takes it for AWS.

use std::collections::BTreeMap;

use crate::local::omissions::{Kind, Omission};

/// One line per sort of omission, each resource named; nothing when nothing is left out.
pub(crate) fn lines(by_stack: &[(&str, Vec<Omission>)]) -> Vec<String> {
    let mut groups: BTreeMap<(u8, String, &str), Vec<String>> = BTreeMap::new();
    for (stack, omissions) in by_stack {
        for omission in omissions {
            let subject = match &omission.property {
                Some(property) if omission.kind != Kind::Refused => format!("{} of {}", property, short(&omission.resource_type)),
                _ => short(&omission.resource_type).to_owned(),
            };
            let key = (rank(omission.kind), subject, omission.reason.as_str());
            groups.entry(key).or_default().push(format!("{stack}.{}", omission.logical_id));
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }

    let mut lines = vec!["the local cloud is not AWS:".to_owned()];
    lines.extend(
        groups
            .into_iter()
            .map(|((rank, subject, reason), resources)| format!("  {:9} {subject}: {reason} ({})", word(rank), resources.join(", "))),
    );
    lines
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Refused => 0,
        Kind::Relaxed => 1,
        Kind::Lost => 2,
    }
}

fn word(rank: u8) -> &'static str {
    match rank {
        0 => "left out",
        1 => "relaxed",
        _ => "not kept",
    }
}

/// `S3::Bucket` for `AWS::S3::Bucket`.
fn short(resource_type: &str) -> &str {
    resource_type.strip_prefix("AWS::").unwrap_or(resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn omission(logical_id: &str, resource_type: &str, property: Option<&str>, kind: Kind, reason: &str) -> Omission {
        Omission {
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            property: property.map(str::to_owned),
            kind,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn what_is_lost_for_the_same_reason_shares_a_line_and_every_resource_is_named() {
        let bucket = |id| omission(id, "AWS::S3::Bucket", Some("LifecycleConfiguration"), Kind::Lost, "objects do not expire there");
        let math = omission("Math", "AWS::CloudWatch::Alarm", Some("Metrics"), Kind::Refused, "alarms on metric math are refused");

        let lines = lines(&[("artifacts", vec![bucket("Bucket")]), ("images", vec![bucket("Source"), bucket("Destination"), math])]);

        assert_eq!(
            lines,
            [
                "the local cloud is not AWS:",
                "  left out  CloudWatch::Alarm: alarms on metric math are refused (images.Math)",
                "  not kept  LifecycleConfiguration of S3::Bucket: objects do not expire there (artifacts.Bucket, images.Source, images.Destination)",
            ],
            "somebody would wait for objects to expire"
        );
    }

    #[test]
    fn nothing_is_said_when_nothing_is_left_out() {
        let nothing = [("jobs", Vec::new())];

        let lines = lines(&nothing);

        assert!(lines.is_empty(), "noise at each deploy: {lines:?}");
    }
}
