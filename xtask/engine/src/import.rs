//! Taking resources that exist already into a stack, as they are.
//!
//! CloudFormation takes in and does nothing else in the same step: what the stack holds must stay word for word. So the template that is
//! sent is the live one with the adopted resources added, and the next deploy brings what else differs.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use protocol::{Answer, Event, Failure, FailureKind, Import, Intent, Outcome, Sent, Source, StackRef};
use serde_json::{Map, Value as Json, json};

use crate::cloud::{ChangeSetId, Cloud, NewImport, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::ledger::INLINE_TEMPLATE_BYTES;
use crate::phase::Phase;
use crate::watch::Operation;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Take resources into a stack.
    pub(crate) async fn import(&self, request: &Import) -> Result<Outcome, Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        let spec = &request.stack;
        let stack = StackRef { stack: spec.stack.clone(), name: spec.name.clone() };
        let states: BTreeMap<String, StackState> =
            self.read_states(target).await?.into_iter().map(|state| (state.name.clone(), state)).collect();
        let live = states.get(&spec.name);
        let held = match live.map(|state| Phase::of(&state.status)) {
            None | Some(Phase::Absent) => json!({}),
            Some(Phase::Settled | Phase::RolledBack) => self.live_template(&stack, request).await?,
            Some(
                Phase::NeverBorn
                | Phase::Moving
                | Phase::HalfRolledBack
                | Phase::HalfUpdated
                | Phase::HalfDeleted
                | Phase::Stuck
                | Phase::Unknown,
            ) => {
                let state = live.map(|state| (state.status.as_str(), state.reason.as_deref())).unwrap_or_default();
                return Err(failure::stack_state(&stack, state.0, state.1, &target.environment));
            }
        };
        let joined = joined(&held, request)?;
        let parameters = parameters(&joined, &held, request, &states)?;
        let body = joined.to_string();
        if body.len() > INLINE_TEMPLATE_BYTES {
            let message =
                format!("the template of `{}` with what it takes in has {} bytes, over {INLINE_TEMPLATE_BYTES}", spec.name, body.len());
            return Err(failure::request(message, "take in fewer resources at once, or into a stack of their own"));
        }
        let names: Vec<&str> = request.resources.iter().map(|adopted| adopted.logical_id.as_str()).collect();
        let reason = Some(format!("{} taken in as it is", names.join(", ")));
        self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Import, reason });

        let new = NewImport {
            stack: &spec.name,
            name: "cloudwright-import",
            template: &body,
            parameters: &parameters,
            capabilities: &spec.capabilities,
            resources: &request.resources,
        };
        let id = self.cloud.create_import(new).await.map_err(|error| Failure { hint: hint(request), ..failure::of(error, target) })?;
        let state = self.computed(&id, true).await.map_err(problem)?;
        if state.status == "FAILED" {
            self.forget_import(&id, live, request).await?;
            return Err(Failure {
                kind: FailureKind::Refused,
                message: format!("CloudFormation will not take {} into `{}`", names.join(", "), spec.name),
                causes: state.reason.into_iter().collect(),
                source: names.first().and_then(|id| spec.sources.get(*id).cloned()),
                hint: hint(request),
                sent: Sent::Undone,
            });
        }
        let mut changes = state.changes;
        for change in &mut changes {
            change.source = spec.sources.get(&change.logical_id).cloned();
        }
        let total = changes.len();
        self.talk.tell(Event::ChangeSet { stack: stack.clone(), changes });
        let question = format!("Take {} into `{}`?", names.join(", "), spec.name);
        if request.ask && self.talk.ask(question).await == Answer::No {
            self.forget_import(&id, live, request).await?;
            return Ok(Outcome::Declined);
        }

        let after = if live.is_some() { self.cloud.newest_event(&id.stack_id).await.map_err(problem)? } else { None };
        self.cloud.execute(&id).await.map_err(problem)?;
        let ended = self.watch(Operation { stack: &stack, stack_id: &id.stack_id, after, total }, target).await?;
        if ended.status != "IMPORT_COMPLETE" {
            let cause = crate::cause::first_cause(&ended.events, &id.stack_id);
            return Err(Failure {
                kind: FailureKind::RolledBack,
                message: format!("`{}` did not take in {} ({})", spec.name, names.join(", "), ended.status),
                causes: cause.map(|cause| cause.reason).or(ended.reason).into_iter().collect(),
                source: None,
                hint: format!("the resources are as they were; {}", hint(request)),
                sent: Sent::Undone,
            });
        }
        let text = format!("`cargo xtask deploy --env {}` brings what else the template says of them", target.environment);
        self.talk.tell(Event::Note { text });
        Ok(Outcome::Changed)
    }

    async fn live_template(&self, stack: &StackRef, request: &Import) -> Result<Json, Failure> {
        let body = self.cloud.template(&stack.name).await.map_err(|error| failure::of(error, &request.target))?;
        serde_json::from_str(body.as_deref().unwrap_or("{}")).map_err(|error| {
            failure::request(
                format!("the template of `{}` as it is deployed is no JSON: {error}", stack.name),
                "deploy it once with `cargo xtask deploy`, then import",
            )
        })
    }

    /// Throw the change set away, and the empty stack that it made.
    async fn forget_import(&self, id: &ChangeSetId, live: Option<&StackState>, request: &Import) -> Result<(), Failure> {
        let problem = |error| failure::of(error, &request.target);
        self.cloud.delete_change_set(id).await.map_err(problem)?;
        let made = self.cloud.stack(&id.stack_id).await.map_err(problem)?;
        match made.filter(|state| live.is_none() && state.status == "REVIEW_IN_PROGRESS") {
            Some(shell) => self.cloud.delete_stack(&shell.id).await.map_err(problem),
            None => Ok(()),
        }
    }
}

fn hint(request: &Import) -> String {
    format!("`cargo xtask import --help` says how resources are named for `{}`", request.stack.stack)
}

/// The live template with the adopted resources, and the parameters that they need.
fn joined(held: &Json, request: &Import) -> Result<Json, Failure> {
    let ours: Json = serde_json::from_str(&request.stack.template).map_err(|error| {
        failure::request(format!("the template of `{}` is no JSON: {error}", request.stack.name), "this is a mistake of ours")
    })?;
    let mut joined = held.clone();
    let mut wanted = BTreeSet::new();
    for adopted in &request.resources {
        let id = &adopted.logical_id;
        let Some(resource) = entry(&ours, "Resources", id) else {
            let known: Vec<_> = section(&ours, "Resources").map(|(name, _)| name.as_str()).collect();
            let message = format!("stack `{}` has no resource `{id}`; there are: {}", request.stack.stack, known.join(", "));
            return Err(failure::request(message, "write the resource into the stack first; then it can be taken in"));
        };
        if entry(held, "Resources", id).is_some() {
            let message = format!("`{}` holds `{id}` already", request.stack.name);
            return Err(failure::request(message, "`cargo xtask status` shows what is deployed; another logical ID may be meant"));
        }
        let mut resource = resource.clone();
        // CloudFormation takes in only what it would leave alone if the stack were deleted.
        if let Some(resource) = resource.as_object_mut() {
            resource.insert("DeletionPolicy".to_owned(), "Retain".into());
        }
        names_in(&resource, &mut wanted);
        put(&mut joined, "Resources", id, resource);
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|name| entry(&ours, "Resources", name).is_some() && entry(&joined, "Resources", name).is_none())
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let message = format!("what is taken in refers to {}, which `{}` does not hold", missing.join(", "), request.stack.name);
        return Err(failure::request(message, "take these in as well, or deploy them first without the resources that exist"));
    }
    for kind in ["Parameters", "Conditions"] {
        for (name, value) in section(&ours, kind).filter(|(name, _)| wanted.contains(*name)) {
            if entry(held, kind, name).is_none() {
                put(&mut joined, kind, name, value.clone());
            }
        }
    }
    Ok(joined)
}

/// The entries of a section of a template.
fn section<'t>(template: &'t Json, kind: &str) -> impl Iterator<Item = (&'t String, &'t Json)> {
    template.get(kind).and_then(Json::as_object).into_iter().flatten()
}

fn entry<'t>(template: &'t Json, kind: &str, name: &str) -> Option<&'t Json> {
    template.get(kind)?.get(name)
}

fn put(template: &mut Json, kind: &str, name: &str, value: Json) {
    let section = template.as_object_mut().map(|template| template.entry(kind).or_insert_with(|| Json::Object(Map::new())));
    if let Some(section) = section.and_then(Json::as_object_mut) {
        section.insert(name.to_owned(), value);
    }
}

/// Every name that an expression may refer to.
fn names_in(value: &Json, names: &mut BTreeSet<String>) {
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("Ref" | "Condition" | "DependsOn", Json::String(name)) => drop(names.insert(name.clone())),
                    ("Fn::GetAtt" | "Fn::If" | "DependsOn", Json::Array(parts)) => {
                        names.extend(parts.iter().filter_map(Json::as_str).map(str::to_owned));
                    }
                    ("Fn::Sub", Json::String(text)) => names_in_text(text, names),
                    ("Fn::Sub", Json::Array(parts)) => {
                        parts.first().and_then(Json::as_str).into_iter().for_each(|text| names_in_text(text, names));
                    }
                    _ => {}
                }
                names_in(value, names);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn names_in_text(text: &str, names: &mut BTreeSet<String>) {
    let inside = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.extend(inside.filter_map(|name| name.split('.').next()).map(str::to_owned));
}

/// A value for each parameter of the joined template; none for what the stack has already.
fn parameters(
    joined: &Json,
    held: &Json,
    request: &Import,
    states: &BTreeMap<String, StackState>,
) -> Result<IndexMap<String, Option<String>>, Failure> {
    let mut values = IndexMap::new();
    for (name, parameter) in section(joined, "Parameters") {
        if entry(held, "Parameters", name).is_some() {
            values.insert(name.clone(), None);
            continue;
        }
        let value = match request.stack.parameters.get(name) {
            Some(Source::Value { value }) => Some(value.clone()),
            Some(Source::Output(output)) => {
                let other = request.others.iter().find(|other| other.stack == output.stack);
                other.and_then(|other| states.get(&other.name)).and_then(|state| state.outputs.get(&output.output)).cloned()
            }
            Some(Source::Artifact { .. } | Source::Digest) | None => None,
        };
        if value.is_none() && parameter.get("Default").is_none() {
            let message = format!("parameter `{name}`, which the resources need, has no value yet in `{}`", request.target.environment);
            return Err(failure::request(
                message,
                "deploy the stack that gives it first; functions cannot be taken in before their code is there",
            ));
        }
        if value.is_some() {
            values.insert(name.clone(), value);
        }
    }
    Ok(values)
}
