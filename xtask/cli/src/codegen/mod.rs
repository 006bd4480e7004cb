//! Facts about CloudFormation's resource types, out of what AWS publishes.
//!
//! Two sources, each good at something else: the resource provider schemas in the Python package cfn-lint (constraints, what a
//! change replaces, IAM actions), and the npm package aws-service-spec (what refers to what, attributes, metrics, statefulness).
//! Where both are wrong or silent, a line of `corrections.overlay` says so, and fails when it no longer applies.
//!
//! The result is committed, one text file per service, without AWS's prose. Nothing but this command needs the sources.

mod corrections;
mod error;
mod extract;
mod names;
mod schema;
mod sources;
mod spec;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use cfn_facts::Service;

use crate::workspace::Workspace;

pub(crate) use error::Error;

/// Which services to refresh.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Service to take in, as its types' names begin: AWS::SQS (repeatable; without it, those that are committed)
    #[arg(long = "service", value_name = "NAMESPACE")]
    services: Vec<String>,
    /// Take in every service that AWS publishes
    #[arg(long, conflicts_with = "services")]
    all: bool,
}

/// Refreshes the committed facts; true when a file changed.
pub(crate) fn run(workspace: &Workspace, options: &Options, tell: &dyn Fn(&str)) -> Result<bool, Error> {
    let sources = sources::fetch(workspace, tell)?;
    let folder = workspace.root().join("stacks/cfn-kit/schema");
    let corrections = read(&folder.join("corrections.overlay"))?;
    let extracted = extract::extract(&sources, &corrections)?;
    for note in &extracted.notes {
        tell(note);
    }
    let mut changed = false;
    for service in selected(&extracted.services, options, &folder)? {
        let path = folder.join(format!("{}.txt", service.module()));
        let text = cfn_facts::write(service, &sources.origin());
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&path, text).map_err(|source| Error::Write { path: path.clone(), source })?;
        tell(&format!("wrote {}", path.display()));
        changed = true;
    }
    Ok(changed)
}

fn selected<'a>(services: &'a [Service], options: &Options, folder: &Path) -> Result<Vec<&'a Service>, Error> {
    for name in &options.services {
        if !services.iter().any(|service| service.name == *name) {
            return Err(Error::UnknownService { name: name.clone() });
        }
    }
    let committed = |service: &Service| folder.join(format!("{}.txt", service.module())).exists();
    let wanted = |service: &&Service| {
        let named = options.services.iter().any(|name| *name == service.name);
        options.all || named || (options.services.is_empty() && committed(service))
    };
    Ok(services.iter().filter(wanted).collect())
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read { path: PathBuf::from(path), source })
}
