//! Looking for every resource of the template in the stack: success is not believed.

use std::collections::BTreeSet;

use protocol::{Deploy, Failure, FailureKind, Sent, StackSpec};

use crate::cloud::{Cloud, StackEvent, StackResource};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::watch::Ended;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Look for what an operation has made. The resources' own events tell as much as the stack's list of them, and are here already;
    /// the stack is asked when one is missing, and a stand-in for AWS always.
    pub(super) async fn find_gap(&self, request: &Deploy, spec: &StackSpec, ended: &Ended, made: BTreeSet<&str>) -> Result<(), Failure> {
        let told: BTreeSet<&str> = ended.events.iter().filter(|event| is_made(event)).map(|event| event.logical_id.as_str()).collect();
        if !request.guards.stand_in && made.is_subset(&told) {
            return Ok(());
        }
        let stands = |error| Failure { sent: Sent::Something, ..failure::of(error, &request.target) };
        find(spec, &self.cloud.resources(&spec.name).await.map_err(stands)?)
    }
}

fn is_made(event: &StackEvent) -> bool {
    matches!(event.status.as_str(), "CREATE_COMPLETE" | "IMPORT_COMPLETE") && !event.physical_id.is_empty()
}

/// An error when a resource of the template is not in the stack.
///
/// A resource with a `Condition` is not looked for: only CloudFormation knows how the condition came out.
fn find(spec: &StackSpec, live: &[StackResource]) -> Result<(), Failure> {
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
