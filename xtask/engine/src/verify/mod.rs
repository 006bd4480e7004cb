//! Reading back: CloudFormation's word is not taken for it, the services themselves are asked.
//!
//! Which questions a resource type needs, and what the answers mean, stands in `readers/`, one file per service. All questions of
//! all stacks are collected first, so that none is put twice, and are then put a few at a time.

mod compare;
mod gather;
mod granted;
mod policy;
mod reader;
mod readers;
mod report;
pub(crate) mod resolve;
mod value;

use std::collections::BTreeMap;

use protocol::{Declared, Event, Failure, Outcome, Target, Verified, Verify};
use serde_json::{Map, Value};

use crate::cloud::{Ask, Cloud, ErrorKind, StackResource, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

use gather::Known;
use granted::Granted;
use reader::{Answers, Live, Reader, Subject};
use resolve::{Place, Scope};

pub(crate) use gather::gather;
pub(crate) use reader::said;
pub(crate) use readers::actions;
pub(crate) use report::Summary;
pub(crate) use value::{at, items, list, text, text_at, unknown_reason};

/// A stack as it stands: what is declared of it, and what CloudFormation says it holds.
#[derive(Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) declared: &'a Declared,
    /// None for a stack that does not exist.
    pub(crate) state: Option<StackState>,
    /// None when nobody has asked yet.
    pub(crate) resources: Option<Vec<StackResource>>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Compare what is declared with what the services say.
    pub(crate) async fn verify(&self, request: &Verify) -> Result<Outcome, Failure> {
        let mut standing = self.standing(&request.target, request.stacks.iter().chain(&request.beside)).await?;
        let beside = standing.split_off(request.stacks.len());
        let summary = self.read_back(&request.target, standing, beside).await?;
        summary.failure(&request.target).map_or(Ok(self.read()), Err)
    }

    /// The stacks as they stand, with their parameters.
    async fn standing<'d>(&self, target: &Target, stacks: impl Iterator<Item = &'d Declared>) -> Result<Vec<Standing<'d>>, Failure> {
        let states = self.read_states(target).await?;
        let state = |declared: &Declared| states.iter().find(|state| state.name == declared.stack.name).cloned();
        Ok(stacks.map(|declared| Standing { declared, state: state(declared), resources: None }).collect())
    }

    /// Ask the services about every resource of some stacks, tell what came of it, and sum it up.
    ///
    /// `beside` are stacks that nobody asks about, and that may grant something to what is asked about.
    pub(crate) async fn read_back(
        &self,
        target: &Target,
        stacks: Vec<Standing<'_>>,
        beside: Vec<Standing<'_>>,
    ) -> Result<Summary, Failure> {
        let (wanted, stacks) = (stacks.len(), stacks.into_iter().chain(beside.into_iter().filter(may_grant)).collect::<Vec<_>>());
        let listed = stacks.iter().map(|standing| self.listed(standing));
        let listed: Result<Vec<_>, _> = futures_util::future::join_all(listed).await.into_iter().collect();
        let listed = listed.map_err(|error| failure::of(error, target))?;
        let templates: Result<Vec<Value>, Failure> = stacks.iter().map(|standing| template(standing.declared)).collect();
        let templates = templates?;
        let mut views: Vec<View<'_>> = stacks
            .iter()
            .zip(&templates)
            .zip(listed)
            .map(|((standing, template), resources)| View::new(standing, template, resources, target))
            .collect();
        let mut granted = Granted::default();
        views.iter().for_each(|view| view.grant(&mut granted));
        views.truncate(wanted);

        let mut asks: Vec<Vec<(String, Vec<Ask>)>> = views.iter().map(|view| view.asks(&granted)).collect();
        let mut known = gather(&*self.cloud, &flat(&asks)).await;
        let more: Vec<_> = views.iter().zip(&asks).map(|(view, asks)| view.then(asks, &known, &granted)).collect();
        known.extend(gather(&*self.cloud, &flat(&more)).await);
        for (asks, more) in asks.iter_mut().zip(more) {
            asks.iter_mut().zip(more).for_each(|((_, asks), (_, more))| asks.extend(more));
        }
        if let Some(error) = nobody_answers(&known) {
            return Err(failure::of(error, target));
        }

        let mut summary = Summary::default();
        let mut counted = std::collections::BTreeSet::new();
        for (view, asks) in views.into_iter().zip(asks) {
            for verified in view.judge(&asks, &known, &granted, &mut counted) {
                summary.note(&verified);
                self.talk.tell(Event::Verified(verified));
            }
        }
        Ok(summary)
    }

    async fn listed(&self, standing: &Standing<'_>) -> Result<Vec<StackResource>, crate::cloud::CloudError> {
        match (&standing.state, &standing.resources) {
            (_, Some(resources)) => Ok(resources.clone()),
            (None, None) => Ok(Vec::new()),
            (Some(state), None) => self.cloud.resources(&state.name).await,
        }
    }
}

fn flat(asks: &[Vec<(String, Vec<Ask>)>]) -> Vec<Ask> {
    asks.iter().flatten().flat_map(|(_, asks)| asks.iter().cloned()).collect()
}

/// Whether a stack has resources that grant something to roles, its own or those of others: of no other stack beside is anything asked.
fn may_grant(standing: &Standing<'_>) -> bool {
    standing.state.is_some() && Granted::TYPES.iter().any(|kind| standing.declared.template.contains(kind))
}

fn template(declared: &Declared) -> Result<Value, Failure> {
    serde_json::from_str(&declared.template).map_err(|error| {
        failure::request(
            format!("the template of `{}` is no JSON: {error}", declared.stack.name),
            "only templates that were written by this repository can be compared",
        )
    })
}

/// An error for which every other answer is worthless too.
fn nobody_answers(known: &Known) -> Option<crate::cloud::CloudError> {
    let errors = known.values().filter_map(|answer| answer.as_ref().err());
    let worthless = |error: &&crate::cloud::CloudError| matches!(error.kind, ErrorKind::Credentials | ErrorKind::Unreachable);
    let all = known.values().all(|answer| answer.as_ref().is_err_and(|error| worthless(&error)));
    errors.into_iter().find(worthless).filter(|error| all || error.kind == ErrorKind::Credentials).cloned()
}

/// One stack while it is compared.
#[derive(Debug)]
struct View<'a> {
    declared: &'a Declared,
    template: &'a Value,
    place: Place,
    parameters: BTreeMap<String, String>,
    physical: BTreeMap<String, String>,
    attributes: BTreeMap<String, Map<String, Value>>,
}

impl<'a> View<'a> {
    fn new(standing: &Standing<'a>, template: &'a Value, resources: Vec<StackResource>, target: &Target) -> Self {
        let place = Place {
            account: target.account.clone(),
            region: target.region.clone(),
            stack_name: standing.declared.stack.name.clone(),
            stack_id: standing.state.as_ref().map(|state| state.id.clone()).unwrap_or_default(),
        };
        let there = resources.into_iter().filter(|resource| !resource.physical_id.is_empty() && resource.status != "DELETE_COMPLETE");
        let physical: BTreeMap<_, _> = there.map(|resource| (resource.logical_id, resource.physical_id)).collect();
        let mut view = Self {
            declared: standing.declared,
            template,
            parameters: standing.state.as_ref().map(|state| state.parameters.clone()).unwrap_or_default(),
            place,
            physical,
            attributes: BTreeMap::new(),
        };
        for (id, resource) in resources_of(template) {
            if let (Some(reader), Some(physical)) = (reader_of(resource), view.physical.get(id)) {
                let attributes = (reader.attributes)(physical, &view.place);
                let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
                view.attributes.insert(id.clone(), attributes);
            }
        }
        view
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            template: self.template,
            place: &self.place,
            parameters: &self.parameters,
            physical: &self.physical,
            attributes: &self.attributes,
        }
    }

    /// How a resource's condition comes out: none without one, and none inside when that cannot be told.
    fn condition(&self, resource: &Value) -> Option<Option<bool>> {
        resource.get("Condition").and_then(Value::as_str).map(|name| self.scope().condition(name))
    }

    /// Take note of what the stack's resources grant to roles, its own and those of others.
    fn grant(&self, granted: &mut Granted) {
        for (id, resource) in resources_of(self.template).filter(|(_, resource)| self.condition(resource) != Some(Some(false))) {
            let kind = resource.get("Type").and_then(Value::as_str).unwrap_or_default();
            if Granted::TYPES.contains(&kind) {
                granted.note(kind, &self.scope().properties(id), self.physical.get(id).map(String::as_str));
            }
        }
    }

    /// Logical ID → the questions of a resource.
    fn asks(&self, granted: &Granted) -> Vec<(String, Vec<Ask>)> {
        resources_of(self.template)
            .filter(|(_, resource)| self.condition(resource) != Some(Some(false)))
            .filter_map(|(id, resource)| {
                let (reader, physical) = (reader_of(resource)?, self.physical.get(id)?);
                let declared = self.scope().properties(id);
                Some((id.clone(), (reader.asks)(&self.subject(physical, &declared, granted))))
            })
            .collect()
    }

    /// The questions that follow from the first answers, resource by resource in the same order.
    fn then(&self, asks: &[(String, Vec<Ask>)], known: &Known, granted: &Granted) -> Vec<(String, Vec<Ask>)> {
        let more = |(id, asks): &(String, Vec<Ask>)| {
            let resource = self.template.get("Resources").and_then(|all| all.get(id));
            let (Some(reader), Some(physical)) = (resource.and_then(reader_of), self.physical.get(id)) else {
                return (id.clone(), Vec::new());
            };
            let declared = self.scope().properties(id);
            (id.clone(), (reader.then)(&self.subject(physical, &declared, granted), &Answers { asks, known }))
        };
        asks.iter().map(more).collect()
    }

    fn subject<'s>(&'s self, id: &'s str, declared: &'s Map<String, Value>, granted: &'s Granted) -> Subject<'s> {
        Subject { id, declared, template: self.template, place: &self.place, granted }
    }

    /// What came of every resource, in the order of the template.
    fn judge(
        mut self,
        asks: &[(String, Vec<Ask>)],
        known: &Known,
        granted: &Granted,
        counted: &mut std::collections::BTreeSet<String>,
    ) -> Vec<Verified> {
        let mut lives: BTreeMap<String, Live> = BTreeMap::new();
        for (id, asks) in asks {
            let Some(reader) = self.template.get("Resources").and_then(|all| all.get(id)).and_then(reader_of) else { continue };
            let declared = self.scope().properties(id);
            let subject = self.subject(self.physical.get(id).map(String::as_str).unwrap_or_default(), &declared, granted);
            let answers = Answers { asks, known };
            let mut live = (reader.live)(&subject, &answers);
            live.gone |= answers.gone();
            lives.insert(id.clone(), live);
        }
        for (id, live) in &lives {
            self.attributes.entry(id.clone()).or_default().extend(live.attributes.clone());
        }
        let asked = |id: &String| asks.iter().find(|(asked, _)| asked == id).map(|(_, asks)| asks.as_slice()).unwrap_or_default();
        let each = resources_of(self.template).filter_map(|(id, resource)| {
            let condition = self.condition(resource);
            if condition == Some(Some(false)) {
                return None;
            }
            let new = asked(id).iter().map(Ask::key).filter(|key| counted.insert(key.clone())).count();
            let found = report::Found {
                logical_id: id,
                resource_type: resource.get("Type").and_then(Value::as_str).unwrap_or_default(),
                physical_id: self.physical.get(id).map(String::as_str),
                reader: reader_of(resource),
                certain: condition != Some(None),
                properties: self.scope().properties(id),
                live: lives.remove(id),
                answered: asked(id).first().is_none_or(|ask| known.get(&ask.key()).is_some_and(Result::is_ok)),
                calls: new as u64,
            };
            Some(found.verified(self.declared))
        });
        each.collect()
    }
}

fn resources_of(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template.get("Resources").and_then(Value::as_object).into_iter().flatten()
}

fn reader_of(resource: &Value) -> Option<&'static Reader> {
    readers::find(resource.get("Type")?.as_str()?)
}
