//! The template that a stack is written into.

use std::panic::Location;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::{Map, Value as Json, json};

use crate::condition::{Condition, Test};
use crate::context::{self, Context, Outline};
use crate::document::{Document, Sources};
use crate::finding::{Finding, Severity};
use crate::handle::HasLogicalId;
use crate::parameter::{Output, Parameter, ParameterType};
use crate::resource::{Body, Construct, add_dependency, add_metadata, allow_rule};
use crate::value::{To, Value, text};

/// A CloudFormation template in the making.
///
/// Every part remembers the line of Rust that added it, beside the template and never in it. Nothing here panics: an
/// ID that is used twice is kept as a finding for [`check`](crate::check), the first use stays.
///
/// `S` is its brand, usually the type of what the stack gives to others: a handle, or a value with a reference in it, goes into no
/// template but that of the same brand. [`template!`](crate::template) makes a brand of its own for each place that it is written.
#[derive(Debug)]
pub struct Template<S> {
    description: Option<String>,
    metadata: Map<String, Json>,
    parameters: IndexMap<String, Json>,
    mappings: IndexMap<String, Json>,
    conditions: IndexMap<String, Json>,
    resources: IndexMap<String, (String, Body<S>)>,
    outputs: IndexMap<String, Json>,
    sources: Sources,
    findings: Vec<Finding>,
    // The line that called `add`, for everything that a construct adds on its behalf.
    caller: Option<&'static Location<'static>>,
}

impl<S> Template<S> {
    /// An empty template with a description of at most 1,024 bytes.
    pub fn new(description: &str) -> Self {
        Self {
            description: Some(description.to_owned()),
            metadata: Map::new(),
            parameters: IndexMap::new(),
            mappings: IndexMap::new(),
            conditions: IndexMap::new(),
            resources: IndexMap::new(),
            outputs: IndexMap::new(),
            sources: Sources::default(),
            findings: Vec::new(),
            caller: None,
        }
    }

    /// Adds a resource or a construct under a logical ID (letters and digits) and gives the handle to refer to it.
    #[track_caller]
    pub fn add<C: Construct<S>>(&mut self, id: &str, construct: C) -> C::Handle {
        // Called here and not handed on as a function: that would be somewhere in the standard library.
        let here = Location::caller();
        let outermost = self.caller.is_none();
        self.caller.get_or_insert(here);
        let handle = construct.add_to(self, id);
        if outermost {
            self.caller = None;
        }
        handle
    }

    /// Adds a parameter and gives its value.
    #[track_caller]
    pub fn parameter<T: ParameterType>(&mut self, id: &str, parameter: Parameter<T>) -> Value<T, S> {
        let source = self.source();
        insert(&mut self.parameters, "Parameters", id, parameter.into_json(), &source, &mut self.sources, &mut self.findings);
        Value::from_json(json!({ "Ref": id }))
    }

    /// Adds a condition.
    #[track_caller]
    pub fn condition(&mut self, id: &str, test: impl Into<Test<S>>) -> Condition<S> {
        let source = self.source();
        insert(&mut self.conditions, "Conditions", id, test.into().into_json(), &source, &mut self.sources, &mut self.findings);
        Condition::new(id)
    }

    /// Adds a mapping: first key, second key, value (a text or a list of texts).
    #[track_caller]
    pub fn mapping<K, L, V, Inner>(&mut self, id: &str, rows: impl IntoIterator<Item = (K, Inner)>) -> Mapping
    where
        K: Into<String>,
        L: Into<String>,
        V: Into<Json>,
        Inner: IntoIterator<Item = (L, V)>,
    {
        let rows: Map<String, Json> = rows
            .into_iter()
            .map(|(key, row)| (key.into(), Json::Object(row.into_iter().map(|(key, value)| (key.into(), value.into())).collect())))
            .collect();
        let source = self.source();
        insert(&mut self.mappings, "Mappings", id, Json::Object(rows), &source, &mut self.sources, &mut self.findings);
        Mapping { name: id.to_owned() }
    }

    /// Adds an output: a value, or an [`Output`] with a description.
    #[track_caller]
    pub fn output(&mut self, id: &str, output: impl Into<Output<S>>) {
        let source = self.source();
        insert(&mut self.outputs, "Outputs", id, output.into().into_json(), &source, &mut self.sources, &mut self.findings);
    }

    /// Sets one entry of the template's `Metadata`.
    pub fn metadata(&mut self, key: &str, value: impl Into<Json>) {
        self.metadata.insert(key.to_owned(), value.into());
    }

    /// Makes one resource wait for another, after both were added.
    pub fn depend(&mut self, resource: &impl HasLogicalId<S>, on: &impl HasLogicalId<S>) {
        if let Some((_, body)) = self.resources.get_mut(resource.logical_id()) {
            add_dependency(body, on.logical_id());
        }
    }

    /// Says why a resource is as it is and what of it may change, after it was added.
    pub fn explain(&mut self, resource: &impl HasLogicalId<S>, context: Context) {
        if let Some((_, body)) = self.resources.get_mut(resource.logical_id()) {
            add_metadata(body, context::METADATA_KEY, context.into_json());
        }
    }

    /// Says what the whole template is about.
    pub fn outline(&mut self, outline: Outline) {
        self.metadata.insert(context::METADATA_KEY.to_owned(), outline.into_json());
    }

    /// Switches a rule off for one resource, after it was added; the reason stands in the template.
    pub fn allow(&mut self, resource: &impl HasLogicalId<S>, rule: &str, reason: &str) {
        if let Some((_, body)) = self.resources.get_mut(resource.logical_id()) {
            allow_rule(body, rule, reason);
        }
    }

    /// Whether a resource has this logical ID already.
    pub fn has_resource(&self, id: &str) -> bool {
        self.resources.contains_key(id)
    }

    pub(crate) fn insert_resource(&mut self, id: &str, type_name: &str, body: Body<S>) {
        let source = self.source();
        let resource = (type_name.to_owned(), body);
        insert(&mut self.resources, "Resources", id, resource, &source, &mut self.sources, &mut self.findings);
    }

    #[track_caller]
    fn source(&self) -> String {
        let here = Location::caller();
        let location = self.caller.unwrap_or(here);
        format!("{}:{}", location.file(), location.line())
    }

    /// The template as CloudFormation's JSON, keys in the order that people expect.
    pub fn to_json(&self) -> Json {
        let mut root = Map::new();
        root.insert("AWSTemplateFormatVersion".to_owned(), "2010-09-09".into());
        if let Some(description) = &self.description {
            root.insert("Description".to_owned(), description.as_str().into());
        }
        let resources = self.resources.iter().map(|(id, (type_name, body))| (id.clone(), resource_json(type_name, body))).collect();
        let sections = [
            ("Metadata", self.metadata.clone()),
            ("Parameters", section(&self.parameters)),
            ("Mappings", section(&self.mappings)),
            ("Conditions", section(&self.conditions)),
            ("Resources", resources),
            ("Outputs", section(&self.outputs)),
        ];
        for (name, entries) in sections {
            // CloudFormation wants `Resources` even where there is none; the other sections only where they say something.
            if !entries.is_empty() || name == "Resources" {
                root.insert(name.to_owned(), Json::Object(entries));
            }
        }
        Json::Object(root)
    }

    /// The template with the lines that it comes from and what was wrong while it was written.
    pub fn document(&self) -> Document {
        Document { template: self.to_json(), sources: self.sources.clone(), findings: self.findings.clone(), bytes: None }
    }

    /// The template without its brand, when nothing more is added: what a stack hands on is compared and sent, not referred into.
    pub fn seal(self) -> Template<()> {
        let resources = self.resources.into_iter().map(|(id, (type_name, body))| (id, (type_name, body.seal()))).collect();
        Template {
            description: self.description,
            metadata: self.metadata,
            parameters: self.parameters,
            mappings: self.mappings,
            conditions: self.conditions,
            resources,
            outputs: self.outputs,
            sources: self.sources,
            findings: self.findings,
            caller: self.caller,
        }
    }

    /// The lines of Rust that the parts come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }
}

/// A template whose brand is its very own, for programs that name no type for it.
///
/// ```
/// use cfn_kit::prelude::*;
/// use cfn_kit::sqs;
///
/// let mut template = template!("Jobs wait here");
/// template.add("JobQueue", sqs::Queue::new());
/// ```
///
/// Two of them do not mix:
///
/// ```compile_fail,E0271
/// use cfn_kit::prelude::*;
/// use cfn_kit::{lambda, sqs};
///
/// let mut jobs = template!("Jobs wait here");
/// let mut workers = template!("Workers take them");
/// let queue = jobs.add("JobQueue", sqs::Queue::new());
/// workers.add("Consumption", lambda::EventSourceMapping::new(raw("worker")).event_source_arn(&queue));
/// ```
#[macro_export]
macro_rules! template {
    ($description:expr) => {{
        /// A brand: there is never a value of it.
        enum Brand {}
        $crate::Template::<Brand>::new($description)
    }};
}

/// Attributes of a resource around its properties, in the order of the documentation.
const ATTRIBUTES: [&str; 7] =
    ["Condition", "DependsOn", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"];

fn resource_json<S>(type_name: &str, body: &Body<S>) -> Json {
    let mut resource = Map::new();
    resource.insert("Type".to_owned(), type_name.into());
    for name in ATTRIBUTES {
        match (name, body.attributes.get(name)) {
            // One dependency reads better as a text than as a list of one.
            ("DependsOn", Some(Json::Array(ids))) if ids.len() == 1 => resource.insert(name.to_owned(), ids[0].clone()),
            (_, Some(value)) => resource.insert(name.to_owned(), value.clone()),
            (_, None) => None,
        };
    }
    if !body.properties.is_empty() {
        resource.insert("Properties".to_owned(), Json::Object(body.properties.clone()));
    }
    Json::Object(resource)
}

fn section(entries: &IndexMap<String, Json>) -> Map<String, Json> {
    entries.iter().map(|(id, json)| (id.clone(), json.clone())).collect()
}

fn insert<T>(
    section: &mut IndexMap<String, T>,
    name: &str,
    id: &str,
    entry: T,
    source: &str,
    sources: &mut Sources,
    findings: &mut Vec<Finding>,
) {
    let path = format!("{name}/{id}");
    match section.entry(id.to_owned()) {
        Entry::Vacant(vacant) => {
            vacant.insert(entry);
            sources.remember(path, source);
        }
        Entry::Occupied(_) => {
            let first = sources.of(&path).unwrap_or("an unknown line");
            findings.push(Finding {
                rule: "duplicate-id".to_owned(),
                severity: Severity::Error,
                resource: (name == "Resources").then(|| id.to_owned()),
                message: format!("`{id}` stands twice in `{name}`, first at {first}"),
                why: String::new(),
                hint: "give one of the two another ID; only the first is in the template".to_owned(),
                path,
                source: Some(source.to_owned()),
            });
        }
    }
}

/// A mapping of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    name: String,
}

impl Mapping {
    /// `Fn::FindInMap`: the value under these two keys.
    pub fn find<S>(&self, first: impl To<String, S>, second: impl To<String, S>) -> Value<String, S> {
        Value::from_json(json!({ "Fn::FindInMap": [self.name, text(first).into_json(), text(second).into_json()] }))
    }
}
