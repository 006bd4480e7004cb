//! aws-service-spec's database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cfn_facts::{Metric, Refers, Replaces, Type, Word};
use serde_json::Value as Json;

use super::schema::scalar;

/// The parts of the database that are used, by the names of resource types.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub(super) resources: HashMap<String, SpecResource>,
}

/// What the database says about one resource type.
#[derive(Debug, Default)]
pub(super) struct SpecResource {
    pub(super) stateful: bool,
    /// What `Ref` gives, where that is said and is one name.
    pub(super) reference: Option<Vec<Word>>,
    pub(super) attributes: BTreeMap<String, Type>,
    pub(super) properties: BTreeMap<String, SpecProperty>,
    /// Nested structures by name, then their properties by name.
    pub(super) shapes: BTreeMap<String, BTreeMap<String, SpecProperty>>,
    pub(super) metrics: Vec<Metric>,
}

/// What the database says about one property.
#[derive(Debug, Default)]
pub(super) struct SpecProperty {
    pub(super) replaces: Replaces,
    pub(super) deprecated: bool,
    pub(super) default: Option<Word>,
    pub(super) refers: Vec<Refers>,
}

/// Takes in the database; what is missing in it is missing in the result.
pub(super) fn read(database: &Json) -> Spec {
    let tables = Tables::of(database);
    let resources =
        tables.entities("resource").filter_map(|entity| Some((text(entity, "cloudFormationType")?.into_owned(), tables.resource(entity))));
    Spec { resources: resources.collect() }
}

/// Entities by table and id, and the links between them.
struct Tables<'a> {
    schema: Option<&'a Json>,
    by_id: HashMap<&'a str, &'a Json>,
}

impl<'a> Tables<'a> {
    fn of(database: &'a Json) -> Self {
        let mut tables = Self { schema: database.get("schema"), by_id: HashMap::new() };
        for table in ["typeDefinition", "metric", "dimensionSet"] {
            let entities: Vec<&'a Json> = tables.entities(table).collect();
            tables.by_id.extend(entities.into_iter().filter_map(|entity| Some((entity.get("$id")?.as_str()?, entity))));
        }
        tables
    }

    fn entities(&self, table: &str) -> impl Iterator<Item = &'a Json> + use<'a> {
        self.schema.and_then(|schema| schema.get(table)?.get("entities")?.as_array()).into_iter().flatten()
    }

    /// The entities that a link leads to.
    fn linked(&self, link: &str, from: &Json) -> Vec<&'a Json> {
        let id = from.get("$id").and_then(Json::as_str).unwrap_or_default();
        let links = self.schema.and_then(|schema| schema.get(link)?.get("forward")?.get(id)?.as_array());
        let ids = links.into_iter().flatten().filter_map(|link| link.get("$id")?.as_str());
        ids.filter_map(|id| self.by_id.get(id).copied()).collect()
    }

    fn resource(&self, entity: &'a Json) -> SpecResource {
        let shapes =
            self.linked("usesType", entity).into_iter().filter_map(|shape| Some((text(shape, "name")?.into_owned(), properties(shape))));
        let attributes = entity.get("attributes").and_then(Json::as_object).into_iter().flatten();
        SpecResource {
            stateful: entity.get("isStateful").and_then(Json::as_bool).unwrap_or(false),
            reference: entity
                .get("cfnRefIdentifier")
                .map(|names| names.as_array().into_iter().flatten().filter_map(Json::as_str).map(word).collect()),
            attributes: attributes.map(|(name, attribute)| (name.clone(), kind(attribute.get("type")))).collect(),
            properties: properties(entity),
            shapes: shapes.collect(),
            metrics: self.metrics(entity),
        }
    }

    fn metrics(&self, entity: &Json) -> Vec<Metric> {
        let mut metrics: BTreeMap<(Word, Word), BTreeSet<Vec<Word>>> = BTreeMap::new();
        for metric in self.linked("resourceHasMetric", entity) {
            let (Some(namespace), Some(name)) = (text(metric, "namespace"), text(metric, "name")) else { continue };
            let sets = metrics.entry((namespace, name)).or_default();
            for set in self.linked("usesDimensionSet", metric) {
                let dimensions = set.get("dimensions").and_then(Json::as_array).into_iter().flatten();
                sets.insert(dimensions.filter_map(|dimension| text(dimension, "name")).collect());
            }
        }
        let metric = |((namespace, name), sets): (_, BTreeSet<_>)| Metric { namespace, name, dimensions: sets.into_iter().collect() };
        metrics.into_iter().map(metric).collect()
    }
}

fn text(entity: &Json, key: &str) -> Option<Word> {
    entity.get(key).and_then(Json::as_str).map(word)
}

fn word(text: &str) -> Word {
    Word::Owned(text.to_owned())
}

fn properties(entity: &Json) -> BTreeMap<String, SpecProperty> {
    let properties = entity.get("properties").and_then(Json::as_object).into_iter().flatten();
    properties.map(|(name, property)| (name.clone(), spec_property(property))).collect()
}

fn spec_property(property: &Json) -> SpecProperty {
    let refers = property.get("relationshipRefs").and_then(Json::as_array).into_iter().flatten();
    SpecProperty {
        replaces: match property.get("causesReplacement").and_then(Json::as_str) {
            Some("yes") => Replaces::Yes,
            Some("maybe") => Replaces::Maybe,
            _ => Replaces::No,
        },
        deprecated: property.get("deprecated").is_some(),
        default: scalar(property.get("defaultValue")),
        refers: refers
            .filter_map(|one| Some(Refers { resource: text(one, "cloudFormationType")?, attribute: text(one, "propertyName")? }))
            .collect(),
    }
}

fn kind(node: Option<&Json>) -> Type {
    match node.and_then(|node| node.get("type")).and_then(Json::as_str) {
        Some("string") => Type::String,
        Some("integer") => Type::Integer,
        Some("number") => Type::Number,
        Some("boolean") => Type::Boolean,
        Some("array") => match kind(node.and_then(|node| node.get("element"))) {
            scalar @ (Type::String | Type::Integer | Type::Number) => Type::List(Box::new(scalar)),
            Type::Boolean | Type::Json | Type::Policy | Type::Shape(_) | Type::List(_) | Type::Map(_) => Type::Json,
        },
        _ => Type::Json,
    }
}
