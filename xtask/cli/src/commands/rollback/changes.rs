//! What a rollback changes, and what it would lose.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cfn_kit::{Diff, Document, Json};
use indexmap::IndexMap;
use protocol::{FoundRelease, LiveStack, ReleaseLine, ReleasedStack, StackRef};
use serde::Serialize;

use super::super::diff::coloured;
use crate::error::Error;
use crate::progress::Paint;

/// Everything that differs between what is deployed and the release.
pub(super) struct Changes {
    stacks: Vec<Change>,
}

/// What differs in one stack.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    stack: String,
    /// The digest of what is deployed.
    live: Option<String>,
    /// The digest of what was released.
    released: Option<String>,
    /// Parameter → what it is and what it will be.
    parameters: IndexMap<String, [Option<String>; 2]>,
    diff: Diff,
}

/// What `--json` prints before the events. Other programs rely on these names.
#[derive(Debug, Serialize)]
pub(super) struct Told<'a> {
    release: ReleaseLine,
    stacks: &'a [Change],
    kept: &'a [StackRef],
}

/// A change that nobody has accepted yet.
pub(super) struct Refused {
    /// What `--accept` wants.
    pub(super) name: String,
    pub(super) text: String,
}

impl Changes {
    pub(super) fn of(found: &FoundRelease) -> Result<Self, Error> {
        let mut stacks = Vec::new();
        for (released, live) in found.release.stacks.iter().zip(&found.live) {
            if live.digest.is_none() || live.digest.as_deref() != released.digest() {
                stacks.push(change(released, live)?);
            }
        }
        Ok(Self { stacks })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    pub(super) fn told<'a>(&'a self, found: &'a FoundRelease) -> Told<'a> {
        Told { release: found.release.summary(self.is_empty()), stacks: &self.stacks, kept: &found.others }
    }

    /// Every change that loses data or that the templates forbid, but for those that are accepted by name.
    pub(super) fn refused(&self, accepted: &[String]) -> Vec<Refused> {
        let mut refused = Vec::new();
        for Change { stack, diff, .. } in &self.stacks {
            for resource in diff.destructive() {
                let Some(lost) = &resource.lost else { continue };
                let text = format!("{stack}/{} ({}) would go, and with it {lost}", resource.id, resource.type_name);
                refused.push((stack, resource.id.clone(), text));
            }
            for guarded in diff.refused(&[]) {
                let why = guarded.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                refused.push((stack, guarded.name(), format!("{stack}/{} must never change{why}", guarded.name())));
            }
        }
        // A bare name is enough where it can mean one thing alone.
        let is_alone =
            |name: &str| refused.iter().filter(|(_, other, _)| other == name).map(|(stack, ..)| stack).collect::<BTreeSet<_>>().len() == 1;
        let is_accepted =
            |stack: &str, name: &str| accepted.iter().any(|word| *word == format!("{stack}/{name}") || (word == name && is_alone(name)));
        let left = refused.iter().filter(|(stack, name, _)| !is_accepted(stack, name));
        left.map(|(stack, name, text)| Refused { name: format!("{stack}/{name}"), text: text.clone() }).collect()
    }

    /// The same for a person.
    pub(super) fn lines(&self, found: &FoundRelease, paint: Paint) -> Vec<String> {
        let release = &found.release;
        let commit = release
            .commit
            .as_ref()
            .map(|commit| format!(", {} {}", commit.id.get(..8).unwrap_or(&commit.id), commit.subject))
            .unwrap_or_default();
        let mut lines = vec![format!("release {}{commit}, deployed {} by {}", paint.strong(&release.id), release.began, release.by)];
        if self.is_empty() {
            lines.push("every stack is what that release made of it".to_owned());
        }
        for one in &self.stacks {
            let digest = |digest: &Option<String>| digest.as_deref().map_or("nothing", short).to_owned();
            lines.push(format!("{}: {} becomes {}", paint.strong(&one.stack), digest(&one.live), digest(&one.released)));
            lines.extend(one.diff.lines().iter().map(|line| coloured(line, paint)));
        }
        lines
    }
}

fn change(released: &ReleasedStack, live: &LiveStack) -> Result<Change, Error> {
    let name = &released.spec.name;
    let nothing = || Ok(Document::from_json(Json::Object(serde_json::Map::new())));
    let mut old = live.template.as_deref().map_or_else(nothing, |text| read(text, name))?;
    let mut new = read(&released.spec.template, name)?;
    let digest = released.spec.digest_parameter();
    let names: BTreeSet<&String> =
        live.parameters.keys().chain(released.values.keys()).filter(|name| Some(name.as_str()) != digest).collect();
    let pair = |name: &String| [live.parameters.get(name).cloned(), released.values.get(name).cloned()];
    let differing = names.into_iter().map(|name| (name.clone(), pair(name))).filter(|(_, [old, new])| old != new);
    let parameters: IndexMap<_, _> = differing.collect();
    // As defaults, so that the comparison sees what another value makes of every resource that refers to it.
    for (name, [was, becomes]) in &parameters {
        set_default(&mut old, name, was.as_deref());
        set_default(&mut new, name, becomes.as_deref());
    }
    Ok(Change {
        stack: released.spec.stack.clone(),
        live: live.digest.clone(),
        released: released.digest().map(str::to_owned),
        parameters,
        diff: cfn_kit::diff_documents(&old, &new),
    })
}

fn set_default(document: &mut Document, name: &str, value: Option<&str>) {
    let parameter = document.template.get_mut("Parameters").and_then(|all| all.get_mut(name)).and_then(Json::as_object_mut);
    if let (Some(parameter), Some(value)) = (parameter, value) {
        parameter.insert("Default".to_owned(), Json::from(value));
    }
}

fn read(text: &str, name: &str) -> Result<Document, Error> {
    // Where it stands in CloudFormation's JSON tells nobody anything.
    let read = cfn_kit::read(text, name).map(|document| Document::from_json(document.template));
    read.map_err(|error| Error::Template { path: PathBuf::from(name), source: Box::new(error) })
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
