//! Functions of which nothing but the code is another: the everyday deploy, in one line each.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::compare::section;
use super::model::{Action, Class, EntryDiff, ResourceDiff};

/// Where a type keeps what it runs.
const CODE: [(&str, &[&str]); 3] = [
    (
        "AWS::Lambda::Function",
        &["Properties/Code/S3Bucket", "Properties/Code/S3Key", "Properties/Code/S3ObjectVersion", "Properties/Code/ImageUri"],
    ),
    ("AWS::Serverless::Function", &["Properties/CodeUri", "Properties/ImageUri"]),
    ("AWS::AppSync::FunctionConfiguration", &["Properties/CodeS3Location"]),
];

/// Marks the resources of which only the code is another. A parameter that feeds the code counts as code.
pub(super) fn mark(new: &Json, entries: &[EntryDiff], resources: &mut [ResourceDiff]) {
    let parameters: HashSet<String> =
        entries.iter().filter(|entry| entry.section == "Parameters").map(|entry| format!("Parameters/{}", entry.id)).collect();
    let known = section(new, "Parameters");
    for resource in resources.iter_mut().filter(|one| one.action == Action::Changed && one.class == Class::Update) {
        let Some((_, code)) = CODE.iter().find(|(name, _)| *name == resource.type_name) else { continue };
        resource.asset_only = !resource.changes.is_empty()
            && resource.changes.iter().all(|change| {
                let in_code = code
                    .iter()
                    .any(|path| change.path == *path || change.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
                // The CDK's note of where the code was built.
                let note = change.path.starts_with("Metadata/aws:asset:");
                let fed = change.because_of.as_ref().is_none_or(|cause| {
                    parameters.contains(cause) && cause.strip_prefix("Parameters/").is_some_and(|id| known.contains_key(id))
                });
                (in_code || note) && fed
            });
    }
}
