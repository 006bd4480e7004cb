//! What cargo knows about the workspace: which features belong to what.

use std::process::Command;

use serde::Deserialize;

use super::child::{cargo, shown};
use super::{Error, Workspace};

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    features: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    #[serde(rename = "required-features", default)]
    required_features: Vec<String>,
}

impl Metadata {
    pub(super) fn read(workspace: &Workspace) -> Result<Self, Error> {
        let text = shown(in_root(&mut cargo(), workspace).args(["metadata", "--no-deps", "--format-version", "1"]))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Answer { program: "cargo metadata", what: error.to_string() })
    }

    /// The services that a benchmark or an example of the kit needs, as cargo's `--features` takes them.
    pub(super) fn features_of_target(&self, target: &str) -> Result<String, Error> {
        let targets = self.packages.iter().filter(|package| package.name == "cfn-kit").flat_map(|package| &package.targets);
        let features = targets.filter(|one| one.name == target).map(|one| one.required_features.join(",")).next();
        features.ok_or_else(|| Error::Answer { program: "cargo metadata", what: format!("cfn-kit has no target `{target}`") })
    }

    /// The services that our stacks use.
    pub(super) fn features_in_use(&self) -> Result<String, Error> {
        let dependencies = self.packages.iter().filter(|package| package.name == "stacks").flat_map(|package| &package.dependencies);
        let kit = dependencies.filter(|dependency| dependency.name == "cfn-kit" && dependency.kind.is_none());
        let features = kit.map(|dependency| dependency.features.join(",")).next();
        features.ok_or_else(|| Error::Answer { program: "cargo metadata", what: "stacks does not use cfn-kit".to_owned() })
    }
}

/// The command, started in the repository's root.
pub(super) fn in_root<'a>(command: &'a mut Command, workspace: &Workspace) -> &'a mut Command {
    command.current_dir(workspace.root())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_are_asked_of_cargo_and_not_written_twice() {
        let metadata = Metadata::parse(
            r#"{ "packages": [
                { "name": "cfn-kit", "dependencies": [], "targets": [{ "name": "cfn_kit" }, { "name": "kit", "required-features": ["ec2", "sqs"] }] },
                { "name": "stacks", "targets": [], "dependencies": [
                    { "name": "cfn-kit", "kind": "dev", "features": ["all"] }, { "name": "cfn-kit", "kind": null, "features": ["s3", "sqs"] }] }
            ] }"#,
        )
        .unwrap();

        assert_eq!(metadata.features_of_target("kit").unwrap(), "ec2,sqs");
        assert_eq!(metadata.features_in_use().unwrap(), "s3,sqs", "services that no stack uses would be compiled");
        assert!(metadata.features_of_target("other").is_err());
    }
}
