//! Rules that are switched off for one resource, with a reason.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::registry;
use super::view::View;
use crate::finding::{Finding, Severity};

/// The key in a resource's `Metadata` under which `allow` maps names of rules to reasons.
pub const METADATA_KEY: &str = "cfn-kit";

/// One permission to break a rule.
struct Allowed<'a> {
    resource: &'a str,
    rule: &'a str,
    reason: &'a Json,
}

/// Takes out what is allowed, and adds what is wrong with the permissions themselves.
pub(super) fn apply(view: &View<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    let allowed: Vec<Allowed<'_>> = view
        .all()
        .flat_map(|resource| {
            let rules = resource.body.get("Metadata").and_then(|metadata| metadata.get(METADATA_KEY)?.get("allow")?.as_object());
            rules.into_iter().flatten().map(move |(rule, reason)| Allowed { resource: resource.id, rule, reason })
        })
        .collect();
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut left: Vec<Finding> = Vec::new();
    for finding in findings {
        let permission = allowed.iter().find(|one| finding.resource.as_deref() == Some(one.resource) && finding.rule == one.rule);
        match permission {
            Some(one) => {
                used.insert((one.resource, one.rule));
            }
            None => left.push(finding),
        }
    }
    for one in &allowed {
        let known = registry::ALL.iter().any(|rule| rule.id == one.rule);
        let has_reason = one.reason.as_str().is_some_and(|reason| !reason.trim().is_empty());
        let (rule, message, hint) = if !known {
            ("unknown-rule", format!("`{}` is no rule", one.rule), "correct the name, or take the line out")
        } else if !has_reason {
            ("allow-without-reason", format!("`{}` is switched off without a reason", one.rule), "say why it may be broken here")
        } else if !used.contains(&(one.resource, one.rule)) {
            ("unused-allow", format!("`{}` is switched off here and would not be broken", one.rule), "take the line out")
        } else {
            continue;
        };
        left.push(Finding {
            rule: rule.to_owned(),
            severity: Severity::Warning,
            resource: Some(one.resource.to_owned()),
            path: format!("Resources/{}/Metadata/{METADATA_KEY}/allow/{}", one.resource, one.rule),
            message,
            why: "a permission that nobody understands hides the next real mistake".to_owned(),
            hint: hint.to_owned(),
            source: None,
        });
    }
    left
}
