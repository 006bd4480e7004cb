//! Both sources and our corrections, put together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use cfn_facts::{Attribute, Property, Refers, Replaces, Resource, Service, Word};
use serde_json::Value as Json;

use super::corrections::Corrections;
use super::sources::Sources;
use super::spec::{Spec, SpecProperty, SpecResource};
use super::{Error, schema, spec};

/// Every service, and what a maintainer should know about how it came about.
#[derive(Debug)]
pub(super) struct Extracted {
    pub(super) services: Vec<Service>,
    pub(super) notes: Vec<String>,
}

/// Reads everything; services and types come sorted by name.
pub(super) fn extract(sources: &Sources, corrections: &str) -> Result<Extracted, Error> {
    let spec = spec::read(&json(&sources.spec)?);
    let mut extraction = Extraction::default();
    let mut resources: BTreeMap<String, Resource> = BTreeMap::new();
    for (name, schema) in schemas(&sources.schemas)? {
        let resource = extraction.resource(&name, &schema, &spec);
        resources.insert(name, resource);
    }
    let actions = actions(&sources.schemas)?;
    for resource in resources.values_mut() {
        extraction.keep_known_actions(resource, &actions);
    }
    for (name, regions) in absences(&sources.schemas)? {
        if let Some(resource) = resources.get_mut(&name) {
            resource.absent_in = regions;
        }
    }
    let targets = resources.values().map(|resource| (resource.name.to_string(), Target::of(resource))).collect();
    for resource in resources.values_mut() {
        extraction.resolve_references(resource, &targets);
    }
    Corrections::parse(corrections)?.apply(&mut resources, &extraction.disagreements)?;

    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for resource in resources.into_values() {
        let name = resource.name.split("::").take(2).collect::<Vec<_>>().join("::");
        services.entry(name.clone()).or_insert_with(|| Service { name: name.into(), resources: Vec::new() }).resources.push(resource);
    }
    Ok(Extracted { services: services.into_values().collect(), notes: extraction.notes() })
}

/// The schema of every type, of the region that has the most of them.
fn schemas(folder: &Path) -> Result<BTreeMap<String, Json>, Error> {
    let list = folder.join("providers/us-east-1.json");
    let names = json(&list)?;
    let names = names.as_object().ok_or_else(|| Error::Shape { path: list.clone(), what: "the list of types" })?;
    let mut schemas = BTreeMap::new();
    for (name, file) in names {
        let file = file.as_str().ok_or_else(|| Error::Shape { path: list.clone(), what: "the name of a schema" })?;
        schemas.insert(name.clone(), json(&folder.join(format!("resources/{file}.json")))?);
    }
    Ok(schemas)
}

/// Every action of IAM, in small letters: `sqs:sendmessage`.
fn actions(schemas: &Path) -> Result<HashSet<String>, Error> {
    let path = schemas.with_file_name("AdditionalSpecs").join("Policies.json");
    let list = json(&path)?;
    let services = list.as_object().ok_or_else(|| Error::Shape { path: path.clone(), what: "the list of IAM's actions" })?;
    let of_service = |(service, facts): (&String, &Json)| {
        let actions = facts.get("Actions").and_then(Json::as_object).into_iter().flat_map(|actions| actions.keys());
        actions.map(|action| format!("{service}:{action}").to_ascii_lowercase()).collect::<Vec<_>>()
    };
    Ok(services.iter().flat_map(of_service).collect())
}

/// The regions that lack a type, by type. Only those that every account can turn on count: each other partition is a cloud of its own.
fn absences(folder: &Path) -> Result<BTreeMap<String, Vec<Word>>, Error> {
    let providers = folder.join("providers");
    let read = |source| Error::Read { path: providers.clone(), source };
    let mut files: Vec<_> = fs::read_dir(&providers).map_err(read)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut known: BTreeMap<String, Vec<Word>> = BTreeMap::new();
    let mut regions = Vec::new();
    for file in files {
        let Some(region) = file.file_stem().and_then(|stem| stem.to_str()).filter(|name| is_open_region(name)) else { continue };
        let region = Word::Owned(region.to_owned());
        for name in json(&file)?.as_object().into_iter().flat_map(|types| types.keys()) {
            known.entry(name.clone()).or_default().push(region.clone());
        }
        regions.push(region);
    }
    for has in known.values_mut() {
        *has = regions.iter().filter(|region| !has.contains(region)).cloned().collect();
    }
    Ok(known)
}

/// `eu-central-1`, but neither `us-gov-west-1`, `cn-north-1` nor `us-iso-east-1`.
fn is_open_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    parts.len() == 3 && !matches!(parts[0], "cn" | "eusc") && parts[2].bytes().all(|byte| byte.is_ascii_digit())
}

fn json(path: &Path) -> Result<Json, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Json { path: path.to_owned(), source })
}

/// Where the sources contradict each other: resource type and property.
pub(super) type Disagreements = Vec<(String, String)>;

#[derive(Default)]
struct Extraction {
    disagreements: Disagreements,
    unknown_references: usize,
    unknown_actions: usize,
}

impl Extraction {
    fn notes(&self) -> Vec<String> {
        vec![
            format!(
                "the sources disagree about what {} properties replace: `may-replace`, unless a correction says more",
                self.disagreements.len()
            ),
            format!("{} permissions of handlers are no actions of IAM, and were left out", self.unknown_actions),
            format!("{} references name an attribute or a type that does not exist, and were left out", self.unknown_references),
        ]
    }

    /// Handlers name actions that IAM does not have, such as those of the API behind `s3:PutBucketCORS`; a policy with one is refused.
    fn keep_known_actions(&mut self, resource: &mut Resource, known: &HashSet<String>) {
        for actions in resource.permissions.values_mut() {
            let before = actions.len();
            actions.retain(|action| action.contains('*') || known.contains(&action.to_ascii_lowercase()));
            self.unknown_actions += before - actions.len();
        }
        resource.permissions.retain(|_, actions| !actions.is_empty());
    }

    fn resource(&mut self, name: &str, schema: &Json, spec: &Spec) -> Resource {
        let mut resource = schema::resource(name, schema);
        let nothing = SpecResource::default();
        let known = spec.resources.get(name);
        let spec = known.unwrap_or(&nothing);
        resource.stateful = spec.stateful;
        resource.metrics = spec.metrics.clone();
        for (name, kind) in &spec.attributes {
            if !resource.attributes.iter().any(|attribute| attribute.name == *name) {
                resource.attributes.push(Attribute { name: name.clone().into(), kind: kind.clone() });
            }
        }
        resource.attributes.sort_by(|left, right| left.name.cmp(&right.name));
        resource.reference = reference(&resource, spec);

        for property in &mut resource.properties {
            let Some(theirs) = spec.properties.get(property.name.as_ref()) else { continue };
            merge(property, theirs);
            if property.replaces != theirs.replaces {
                self.disagreements.push((resource.name.to_string(), property.name.to_string()));
                property.replaces = Replaces::Maybe;
            }
        }
        for shape in &mut resource.shapes {
            let Some(theirs) = spec.shapes.get(shape.name.as_ref()) else { continue };
            for property in &mut shape.properties {
                if let Some(theirs) = theirs.get(property.name.as_ref()) {
                    merge(property, theirs);
                }
            }
        }
        resource
    }

    /// References by the attribute's real name; those that lead nowhere are left out.
    fn resolve_references(&mut self, resource: &mut Resource, targets: &HashMap<String, Target>) {
        for property in resource.properties.iter_mut().filter(|property| resource.identifier.contains(&property.name)) {
            // A resource's own name names nothing else, although the schemas mark it like the names in references.
            if property.refers.iter().any(|refers| refers.resource == resource.name) {
                property.refers.clear();
            }
        }
        let nested = resource.shapes.iter_mut().flat_map(|shape| &mut shape.properties);
        for property in resource.properties.iter_mut().chain(nested) {
            let mut resolved: Vec<Refers> = Vec::new();
            for refers in std::mem::take(&mut property.refers) {
                match targets.get(refers.resource.as_ref()).and_then(|target| target.attribute(&refers.attribute)) {
                    Some(attribute) => {
                        let one = Refers { attribute, ..refers };
                        if !resolved.contains(&one) {
                            resolved.push(one);
                        }
                    }
                    None => self.unknown_references += 1,
                }
            }
            // The first attribute of a type is what a handle renders as: where an ARN is wanted, the ARN.
            if property.name.to_ascii_lowercase().trim_end_matches('s').ends_with("arn") {
                resolved.sort_by_key(|one| !one.attribute.ends_with("Arn"));
            }
            property.refers = resolved;
        }
    }
}

/// What `Ref` gives: as aws-service-spec says, else the identifier where it is one name.
fn reference(resource: &Resource, spec: &SpecResource) -> Option<Word> {
    match spec.reference.as_ref().unwrap_or(&resource.identifier).as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn merge(property: &mut Property, theirs: &SpecProperty) {
    property.deprecated |= theirs.deprecated;
    if property.default.is_none() {
        property.default.clone_from(&theirs.default);
    }
    // Theirs come first: they are in the order in which AWS documents them.
    let mut refers = theirs.refers.clone();
    refers.append(&mut property.refers);
    property.refers = refers;
}

/// What can be said of a resource type in a reference to it.
struct Target {
    attributes: Vec<Word>,
    reference: Option<Word>,
}

impl Target {
    fn of(resource: &Resource) -> Self {
        Self { attributes: resource.attributes.iter().map(|one| one.name.clone()).collect(), reference: resource.reference.clone() }
    }

    /// The real name behind the sources' short ones: `Id`, `Arn` and `Name` of a type whose attribute is `VpcId`, `TopicArn`, `QueueName`.
    fn attribute(&self, name: &str) -> Option<Word> {
        let name = Word::Owned(name.replace('/', "."));
        if self.reference.as_ref() == Some(&name) || self.attributes.contains(&name) {
            return Some(name);
        }
        if !matches!(name.as_ref(), "Arn" | "Id" | "Name") {
            return None;
        }
        let reference = self.reference.as_ref().filter(|reference| reference.ends_with(name.as_ref()) || name == "Id");
        let mut similar = self.attributes.iter().filter(|attribute| attribute.ends_with(name.as_ref()) && !attribute.contains('.'));
        match (reference, similar.next(), similar.next()) {
            (Some(reference), _, _) => Some(reference.clone()),
            (None, Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }
}
