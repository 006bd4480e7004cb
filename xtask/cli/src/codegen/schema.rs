//! cfn-lint's resource provider schemas as facts.

use std::collections::BTreeMap;

use cfn_facts::{Attribute, Bounds, Property, Refers, Replaces, Resource, Shape, Type, Word};
use serde_json::{Map, Value as Json};

use super::names::path_of;

/// How far one definition may lead to the next before a loop is suspected.
const MOST_STEPS: usize = 16;

/// One schema as facts, with references as the schema names them.
pub(super) fn resource(name: &str, schema: &Json) -> Resource {
    let paths = |list: &str| -> Vec<Word> {
        let mut paths: Vec<Word> = words(schema.get(list)).iter().map(|pointer| path_of(pointer).into()).collect();
        paths.sort();
        paths.dedup();
        paths
    };
    let (top, deep): (Vec<_>, Vec<_>) = paths("readOnlyProperties").into_iter().partition(|path| !path.contains('/'));
    let mut reader = Reader { schema, shapes: BTreeMap::new() };
    let mut properties = reader.properties(schema, "");
    properties.retain(|property| !top.contains(&property.name));

    let mut resource = Resource { name: name.to_owned().into(), ..Resource::default() };
    resource.identifier = paths_in_order(schema.get("primaryIdentifier"));
    let lists = [
        ("createOnlyProperties", Replaces::Yes, &mut resource.replacing_paths),
        ("conditionalCreateOnlyProperties", Replaces::Maybe, &mut resource.maybe_replacing_paths),
    ];
    for (list, replaces, deep) in lists {
        for path in paths(list) {
            match properties.iter_mut().find(|property| property.name == path) {
                Some(property) => property.replaces = replaces,
                None if path.contains('/') => deep.push(path),
                None => {}
            }
        }
    }
    for path in paths("writeOnlyProperties") {
        match properties.iter_mut().find(|property| property.name == path) {
            Some(property) => property.write_only = true,
            None if path.contains('/') => resource.write_only_paths.push(path),
            None => {}
        }
    }
    for path in paths("deprecatedProperties") {
        if let Some(property) = properties.iter_mut().find(|property| property.name == path) {
            property.deprecated = true;
        }
    }
    resource.attributes = top.iter().chain(deep.iter().filter(|path| !path.contains('*'))).map(|path| reader.attribute(path)).collect();
    resource.read_only_paths = deep;
    resource.tags = tags(schema).filter(|tags| properties.iter().any(|property| property.name == *tags));
    resource.permissions = permissions(schema);
    resource.properties = properties;
    resource.shapes = reader.shapes.into_values().collect();
    resource
}

fn words(list: Option<&Json>) -> Vec<&str> {
    list.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect()
}

fn paths_in_order(list: Option<&Json>) -> Vec<Word> {
    words(list).into_iter().map(|pointer| path_of(pointer).into()).collect()
}

fn tags(schema: &Json) -> Option<Word> {
    let pointer = schema.get("tagging")?.get("tagProperty").and_then(Json::as_str).unwrap_or("/properties/Tags");
    Some(path_of(pointer).into())
}

fn permissions(schema: &Json) -> BTreeMap<Word, Vec<Word>> {
    let mut permissions = BTreeMap::new();
    for (verb, handler) in schema.get("handlers").and_then(Json::as_object).into_iter().flatten() {
        let mut actions: Vec<Word> = words(handler.get("permissions")).into_iter().map(|action| action.to_owned().into()).collect();
        actions.sort();
        actions.dedup();
        if !actions.is_empty() {
            permissions.insert(verb.clone().into(), actions);
        }
    }
    permissions
}

struct Reader<'a> {
    schema: &'a Json,
    shapes: BTreeMap<String, Shape>,
}

impl<'a> Reader<'a> {
    /// The node that a `$ref` leads to, and the name of the last definition on the way.
    fn resolve(&self, node: &'a Json) -> (&'a Json, Option<&'a str>) {
        let (mut node, mut name) = (node, None);
        for _ in 0..MOST_STEPS {
            let Some(reference) = node.get("$ref").and_then(Json::as_str) else { break };
            let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.schema.pointer(pointer)) else { break };
            name = reference.strip_prefix("#/definitions/").or(name);
            node = target;
        }
        (node, name)
    }

    /// The properties of an object, also those of its alternatives, sorted by name.
    fn properties(&mut self, node: &'a Json, owner: &str) -> Vec<Property> {
        let mut schemas = BTreeMap::new();
        let mut required = Vec::new();
        self.collect(node, &mut schemas, &mut required, 0);
        schemas
            .into_iter()
            .map(|(name, schema)| {
                let mut property = self.property(name, schema, owner);
                property.required = required.contains(&name);
                property
            })
            .collect()
    }

    fn collect(&self, node: &'a Json, properties: &mut BTreeMap<&'a str, &'a Json>, required: &mut Vec<&'a str>, depth: usize) {
        // A list may carry `properties` too, as a note on its items.
        if depth > MOST_STEPS || node.get("type").is_some_and(|kind| kind == "array") {
            return;
        }
        for (name, schema) in node.get("properties").and_then(Json::as_object).into_iter().flatten() {
            properties.entry(name).or_insert(schema);
        }
        required.extend(words(node.get("required")));
        for part in node.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.collect(self.resolve(part).0, properties, required, depth + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let mut common: Option<Vec<&str>> = None;
            for alternative in node.get(key).and_then(Json::as_array).into_iter().flatten() {
                let mut theirs = Vec::new();
                self.collect(self.resolve(alternative).0, properties, &mut theirs, depth + 1);
                // The whole insists only on what every alternative insists on.
                common = Some(match common {
                    None => theirs,
                    Some(common) => common.into_iter().filter(|name| theirs.contains(name)).collect(),
                });
            }
            required.extend(common.unwrap_or_default());
        }
    }

    fn is_object(&self, node: &'a Json) -> bool {
        let mut properties = BTreeMap::new();
        self.collect(node, &mut properties, &mut Vec::new(), 0);
        !properties.is_empty()
    }

    /// Whether the schema, or each of its alternatives, refuses what it does not list.
    fn is_closed(&self, node: &'a Json) -> bool {
        let alternatives: Vec<&Json> =
            ["oneOf", "anyOf"].iter().filter_map(|key| node.get(key)?.as_array()).flatten().map(|one| self.resolve(one).0).collect();
        let closed = |node: &Json| node.get("additionalProperties").is_some_and(|more| *more == false);
        closed(node) || (!alternatives.is_empty() && alternatives.iter().all(|one| closed(one)))
    }

    fn property(&mut self, name: &str, schema: &'a Json, owner: &str) -> Property {
        let mut property = Property::new(name.to_owned(), self.kind(schema, name, owner, 0));
        self.constraints(schema, &mut property, 0);
        property.unit = unit(&property).map(Word::Borrowed);
        property
    }

    fn kind(&mut self, node: &'a Json, name: &str, owner: &str, depth: usize) -> Type {
        let (node, definition) = self.resolve(node);
        if depth > MOST_STEPS {
            return Type::Json;
        }
        let types: Vec<&str> = match node.get("type") {
            Some(Json::String(one)) => vec![one],
            other => words(other),
        };
        let objects = types.is_empty() || types.contains(&"object");
        if objects && self.is_object(node) {
            return self.shape(node, definition, name, owner);
        }
        match types.as_slice() {
            [] => self.untyped(node, name, owner, depth),
            ["string"] => Type::String,
            ["integer"] => Type::Integer,
            ["number"] => Type::Number,
            ["boolean"] => Type::Boolean,
            ["array"] => {
                let item = node.get("items").map_or(Type::Json, |items| self.kind(items, name, owner, depth + 1));
                Type::List(Box::new(item))
            }
            several if several.contains(&"object") => self.mapping(node, name, owner, depth),
            several if several.contains(&"array") => Type::Json,
            several if several.contains(&"string") => Type::String,
            several if several.contains(&"boolean") => Type::Boolean,
            _ => Type::Number,
        }
    }

    /// Free keys: of one kind, a policy document, or anything.
    fn mapping(&mut self, node: &'a Json, name: &str, owner: &str, depth: usize) -> Type {
        let pattern = node.get("patternProperties").and_then(Json::as_object).and_then(|patterns| patterns.values().next());
        let values = pattern.or_else(|| node.get("additionalProperties")).filter(|values| values.is_object());
        let text_too = node.get("type").is_some_and(Json::is_array);
        match values {
            Some(values) if !text_too => Type::Map(Box::new(self.kind(values, name, owner, depth + 1))),
            _ if name.ends_with("PolicyDocument") || name == "KeyPolicy" => Type::Policy,
            _ => Type::Json,
        }
    }

    fn untyped(&mut self, node: &'a Json, name: &str, owner: &str, depth: usize) -> Type {
        // JSON that may also be written as a text.
        if node.get("format").is_some_and(|format| format == "json") {
            return self.mapping(node, name, owner, depth);
        }
        if node.get("enum").is_some() || node.get("pattern").is_some() {
            return Type::String;
        }
        if node.get("patternProperties").is_some() {
            return self.mapping(node, name, owner, depth);
        }
        let mut kinds = Vec::new();
        for key in ["allOf", "oneOf", "anyOf"] {
            for alternative in node.get(key).and_then(Json::as_array).into_iter().flatten() {
                kinds.push(self.kind(alternative, name, owner, depth + 1));
            }
        }
        // Where free JSON is one way among others, the other says more.
        if kinds.iter().any(|kind| *kind != Type::Json) {
            kinds.retain(|kind| *kind != Type::Json);
        }
        kinds.dedup();
        match kinds.as_slice() {
            [one] => one.clone(),
            _ => Type::Json,
        }
    }

    /// A nested structure under the name of its definition; one without gets that of its property.
    fn shape(&mut self, node: &'a Json, definition: Option<&str>, name: &str, owner: &str) -> Type {
        let definitions = self.schema.get("definitions").and_then(Json::as_object);
        let taken =
            |name: &str| definitions.is_some_and(|all: &Map<String, Json>| all.contains_key(name)) || self.shapes.contains_key(name);
        let shape = match definition {
            Some(definition) => definition.to_owned(),
            None if taken(name) => format!("{owner}{name}"),
            None => name.to_owned(),
        };
        if !self.shapes.contains_key(&shape) {
            // Entered before its properties are read: a structure may hold itself.
            let open = !self.is_closed(node);
            self.shapes.insert(shape.clone(), Shape { name: shape.clone().into(), open, properties: Vec::new() });
            let properties = self.properties(node, &shape);
            self.shapes.insert(shape.clone(), Shape { name: shape.clone().into(), open, properties });
        }
        Type::Shape(shape.into())
    }

    /// What a property, or what its list or mapping holds, must keep to.
    fn constraints(&self, node: &'a Json, property: &mut Property, depth: usize) {
        let (node, _) = self.resolve(node);
        if depth > MOST_STEPS || self.is_object(node) {
            return;
        }
        let number = |key: &str| node.get(key).filter(|value| value.is_number()).map(|value| Word::Owned(value.to_string()));
        let bounds = |least: &str, most: &str| Bounds { least: number(least), most: number(most) };
        set(&mut property.range, bounds("minimum", "maximum"));
        set(&mut property.length, bounds("minLength", "maxLength"));
        if depth == 0 {
            property.unordered |= matches!(property.kind, Type::List(_)) && node.get("insertionOrder").is_some_and(|order| *order == false);
            set(&mut property.items, bounds("minItems", "maxItems"));
        }
        if property.pattern.is_none() && property.kind.innermost() == &Type::String {
            property.pattern = node.get("pattern").and_then(Json::as_str).map(|pattern| pattern.to_owned().into());
        }
        if depth == 0 && property.default.is_none() {
            property.default = scalar(node.get("default"));
        }
        for choice in node.get("enum").and_then(Json::as_array).into_iter().flatten() {
            let text = Word::Owned(choice.as_str().map_or_else(|| choice.to_string(), ToOwned::to_owned));
            if property.kind.innermost() == &Type::String && !property.choices.contains(&text) {
                property.choices.push(text);
            }
        }
        let alternatives = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| node.get(key)).filter_map(Json::as_array).flatten();
        for one in std::iter::once(node).chain(alternatives.clone()) {
            property.refers.extend(references(self.resolve(one).0));
        }
        for all in node.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.constraints(all, property, depth + 1);
        }
        let pattern = node.get("patternProperties").and_then(Json::as_object).and_then(|patterns| patterns.values().next());
        for inner in [node.get("items"), pattern].into_iter().flatten() {
            self.constraints(inner, property, depth + 1);
        }
    }

    fn attribute(&mut self, path: &str) -> Attribute {
        let mut node = self.schema;
        for step in path.split('/') {
            let (resolved, _) = self.resolve(node);
            match resolved.get("properties").and_then(|properties| properties.get(step)) {
                Some(inner) => node = inner,
                None => return Attribute { name: path.replace('/', ".").into(), kind: Type::String },
            }
        }
        // A structure can be had as an attribute, but nothing can be said about it there.
        let mut scratch = Reader { schema: self.schema, shapes: BTreeMap::new() };
        let kind = match scratch.kind(node, "", "", 0) {
            Type::List(item) if matches!(*item, Type::String | Type::Integer | Type::Number) => Type::List(item),
            scalar @ (Type::String | Type::Integer | Type::Number | Type::Boolean) => scalar,
            Type::List(_) | Type::Map(_) | Type::Shape(_) | Type::Policy | Type::Json => Type::Json,
        };
        Attribute { name: path.replace('/', ".").into(), kind }
    }
}

/// A text, a number or a switch as it is written.
pub(super) fn scalar(value: Option<&Json>) -> Option<Word> {
    match value? {
        Json::String(text) => Some(Word::Owned(text.clone())),
        scalar @ (Json::Bool(_) | Json::Number(_)) => Some(Word::Owned(scalar.to_string())),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// What a whole number counts, where its name says so: `DelaySeconds`, `RetentionInDays`.
fn unit(property: &Property) -> Option<&'static str> {
    const UNITS: [(&str, &str); 9] = [
        ("Milliseconds", "milliseconds"),
        ("Millis", "milliseconds"),
        ("Seconds", "seconds"),
        ("Secs", "seconds"),
        ("Minutes", "minutes"),
        ("Mins", "minutes"),
        ("Hours", "hours"),
        ("Hrs", "hours"),
        ("Days", "days"),
    ];
    if property.kind != Type::Integer {
        return None;
    }
    UNITS.iter().find(|(ending, _)| property.name.ends_with(ending)).map(|(_, unit)| *unit)
}

fn set(bounds: &mut Bounds, found: Bounds) {
    if bounds.is_empty() {
        *bounds = found;
    }
}

/// `format: AWS::SQS::Queue.Arn`, or a `relationshipRef`.
fn references(node: &Json) -> Vec<Refers> {
    let format = node.get("format").and_then(Json::as_str).filter(|format| format.starts_with("AWS::"));
    let format = format.and_then(|format| cfn_facts::parse_refers(format).ok());
    let relation = node.get("relationshipRef").and_then(|relation| {
        let resource = relation.get("typeName")?.as_str()?.to_owned();
        Some(Refers { resource: resource.into(), attribute: path_of(relation.get("propertyPath")?.as_str()?).into() })
    });
    format.into_iter().chain(relation).collect()
}
