//! The stacks as other tools get them: the templates in files, and what their parameters stand for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use foundation::{ARTIFACT_BUCKET, ARTIFACTS, Finished, Wire};
use indexmap::IndexMap;
use protocol::Artifact;
use serde::Serialize;
use serde_json::Value as Json;

use super::super::{Error, make_folder, write};
use crate::local::omissions::without_refused;

/// All stacks of one version of the environment, each after those that it needs.
#[derive(Debug, Serialize)]
pub(in crate::bench) struct Plan {
    pub(in crate::bench) stacks: Vec<Piece>,
    env: Place,
}

#[derive(Debug, Serialize)]
struct Place {
    account: String,
    region: String,
}

/// One stack.
#[derive(Debug, Serialize)]
pub(in crate::bench) struct Piece {
    pub(in crate::bench) stack: &'static str,
    /// The name in CloudFormation.
    pub(in crate::bench) name: String,
    /// The template's file.
    pub(in crate::bench) template: PathBuf,
    pub(in crate::bench) parameters: IndexMap<String, Source>,
    pub(in crate::bench) tags: BTreeMap<String, String>,
    pub(in crate::bench) capabilities: Vec<&'static str>,
}

/// Where a parameter's value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub(in crate::bench) enum Source {
    /// The key of the zip in the platform's own bucket for code.
    Key { zip: PathBuf, key: String },
    /// That bucket, for a stack that takes its code from there.
    Bucket { zip: PathBuf, stack: &'static str, output: &'static str },
    /// What another stack gives.
    Output { stack: &'static str, output: &'static str },
}

impl Plan {
    /// Stacks that are nowhere, for tests.
    #[cfg(test)]
    pub(in crate::bench) fn of(stacks: Vec<Piece>) -> Self {
        Self { stacks, env: Place { account: String::new(), region: String::new() } }
    }

    /// Writes the templates, as a local deploy would send them, into a folder.
    ///
    /// The digest by which our own deploy knows a stack again is left at its default: other tools have no use for it.
    pub(in crate::bench) fn write(
        platform: &[Finished],
        artifacts: &[Artifact],
        account: &str,
        region: &str,
        folder: &Path,
    ) -> Result<Self, Error> {
        make_folder(folder)?;
        let mut stacks = Vec::new();
        for finished in platform {
            let json = without_refused(&finished.template.to_json());
            let template = folder.join(format!("{}.json", finished.stack));
            write(&template, cfn_kit::to_json(&json))?;
            stacks.push(Piece {
                stack: finished.stack,
                name: finished.name.clone(),
                template,
                parameters: parameters(finished, &json, artifacts)?,
                tags: finished.tags.clone(),
                capabilities: finished.capabilities(),
            });
        }
        let plan = Self { stacks, env: Place { account: account.to_owned(), region: region.to_owned() } };
        write(&folder.join("plan.json"), serde_json::to_vec_pretty(&plan).unwrap_or_default())?;
        Ok(plan)
    }
}

fn parameters(finished: &Finished, template: &Json, artifacts: &[Artifact]) -> Result<IndexMap<String, Source>, Error> {
    let artifact = |name: &str| {
        let found = artifacts.iter().find(|artifact| artifact.name == name);
        found.ok_or_else(|| Error::Answer { program: "the build", what: format!("there is no zip of `{name}`") })
    };
    let shipped = finished.shipped.first().map(|shipped| artifact(shipped.binary)).transpose()?;
    let mut sources = IndexMap::new();
    for (id, wire) in &finished.parameters {
        let source = match (wire, shipped) {
            (Wire::Digest, _) => continue,
            (Wire::Artifact { binary }, _) => {
                let artifact = artifact(binary)?;
                Source::Key { zip: artifact.path.clone(), key: artifact.key() }
            }
            (Wire::Output { stack, output }, Some(zip)) if (*stack, *output) == (ARTIFACTS, ARTIFACT_BUCKET) => {
                Source::Bucket { zip: zip.path.clone(), stack, output }
            }
            (Wire::Output { stack, output }, _) => Source::Output { stack, output },
        };
        // The local cloud does not get all of a template, and then not all of its parameters are there.
        if template.get("Parameters").is_some_and(|parameters| parameters.get(id).is_some()) {
            sources.insert(id.clone(), source);
        }
    }
    Ok(sources)
}

/// How many properties of resources differ between two versions.
pub(in crate::bench) fn changed_properties(before: &[Finished], after: &[Finished]) -> usize {
    let properties = |platform: &[Finished]| {
        let mut all = BTreeMap::new();
        for finished in platform {
            let template = finished.template.to_json();
            let resources = template.get("Resources").and_then(Json::as_object).into_iter().flatten();
            for (id, resource) in resources {
                for (property, value) in resource.get("Properties").and_then(Json::as_object).into_iter().flatten() {
                    all.insert((finished.stack, id.clone(), property.clone()), value.clone());
                }
            }
        }
        all
    };
    let (before, after) = (properties(before), properties(after));
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    keys.filter(|key| before.get(*key) != after.get(*key)).count()
}
