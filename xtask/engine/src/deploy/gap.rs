//! Looking for every resource of the template in the stack: success is not believed.

use std::collections::BTreeSet;

use protocol::{Failure, FailureKind, Sent, StackSpec};

use crate::cloud::StackResource;

/// An error when a resource of the template is not in the stack.
///
/// A resource with a `Condition` is not looked for: only CloudFormation knows how the condition came out.
pub(super) fn find(spec: &StackSpec, live: &[StackResource]) -> Result<(), Failure> {
    let template: serde_json::Value = match serde_json::from_str(&spec.template) {
        Ok(template) => template,
        // CloudFormation has just accepted it, so it is no JSON of ours to judge.
        Err(_) => return Ok(()),
    };
    let Some(resources) = template.get("Resources").and_then(|resources| resources.as_object()) else { return Ok(()) };
    let there: BTreeSet<&str> =
        live.iter().filter(|resource| !resource.physical_id.is_empty()).map(|resource| resource.logical_id.as_str()).collect();
    let missing: Vec<&String> = resources
        .iter()
        .filter(|(id, resource)| resource.get("Condition").is_none() && !there.contains(id.as_str()))
        .map(|(id, _)| id)
        .collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let list: Vec<_> = missing
        .iter()
        .map(|id| {
            let resource_type = resources
                .get(id.as_str())
                .and_then(|resource| resource.get("Type"))
                .and_then(|kind| kind.as_str())
                .unwrap_or("unknown type");
            format!("{id} ({resource_type})")
        })
        .collect();
    Err(Failure {
        kind: FailureKind::Gap,
        message: format!("CloudFormation reports success for `{}`, but these resources do not exist: {}", spec.name, list.join(", ")),
        causes: Vec::new(),
        source: spec.sources.get(first.as_str()).cloned(),
        hint: "the endpoint does not support the type; for the local cloud, add it to the list of omissions in xtask/cli/src/local"
            .to_owned(),
        sent: Sent::Something,
    })
}
