//! Facts as Rust: what `cfn-kit` is generated from when it is built.

mod docs;
mod names;
mod resource;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Resource, Service, Type, Word};

pub use names::{pascal, snake};

/// The Rust of several services, each as the content of a module of its own.
///
/// References to types of services that are not given are left out, so that every choice of services compiles.
/// The generated code stands in `cfn-kit` and uses the traits at its root.
#[derive(Debug)]
pub struct Writer<'a> {
    services: &'a [Service],
    resources: BTreeMap<&'a str, &'a Resource>,
}

impl<'a> Writer<'a> {
    /// A writer for these services.
    pub fn new(services: &'a [Service]) -> Self {
        let resources = services.iter().flat_map(|service| &service.resources).map(|resource| (resource.name.as_ref(), resource));
        Self { services, resources: resources.collect() }
    }

    /// The content of one service's module.
    pub fn service(&self, service: &Service) -> String {
        let mut out = String::new();
        for resource in &service.resources {
            resource::write(&mut out, self, resource);
        }
        out
    }

    /// One module per service that includes `<module>.rs` from the build's folder.
    pub fn root(&self) -> String {
        let mut out = String::new();
        for service in self.services {
            let module = service.module();
            out.push_str(&format!("/// Resource types of `{}`.\n", service.name));
            out.push_str("#[allow(clippy::all, missing_debug_implementations, reason = \"generated; marks have no values\")]\n");
            out.push_str(&format!("pub mod {module} {{ include!(concat!(env!(\"OUT_DIR\"), \"/{module}.rs\")); }}\n\n"));
        }
        out
    }

    fn resource(&self, name: &str) -> Option<&'a Resource> {
        self.resources.get(name).copied()
    }

    /// Where the mark of an attribute stands, and how a handle renders it; `None` for what is not among the services.
    fn mark(&self, resource: &str, attribute: &str) -> Option<Mark> {
        let facts = self.resource(resource)?;
        let names = Names::of(facts);
        let mark = names.marks.get(attribute)?;
        let by = match facts.reference.as_deref() == Some(attribute) {
            true => "crate::By::Ref".to_owned(),
            false => format!("crate::By::Attribute({attribute:?})"),
        };
        let (_, path) = paths(resource);
        Some(Mark { path: format!("{path}::{mark}"), by })
    }
}

struct Mark {
    path: String,
    by: String,
}

/// The paths of a resource's structure and of its module.
fn paths(resource: &str) -> (String, String) {
    let module = crate::model::module_of(resource);
    let name = resource.rsplit("::").next().unwrap_or(resource);
    (format!("crate::{module}::{}", pascal(name)), format!("crate::{module}::{}", snake(name)))
}

/// The Rust names of everything in one resource's module: none is given twice.
struct Names {
    /// Nested structures, by their names in the facts.
    shapes: BTreeMap<Word, String>,
    /// Enumerations: their names, by structure (empty for the resource itself) and property.
    enums: BTreeMap<(Word, Word), String>,
    /// The values of each enumeration.
    choices: BTreeMap<String, Vec<Word>>,
    /// Marks of attributes and of what `Ref` gives, by attribute.
    marks: BTreeMap<Word, String>,
}

impl Names {
    fn of(resource: &Resource) -> Self {
        // Names that generated code itself uses in this scope.
        let reserved = ["String", "Vec", "Option", "Self", "Box", "Result", "Some", "None", "Ok", "Err", "Metric"];
        let mut taken: BTreeSet<String> = reserved.iter().map(ToString::to_string).collect();
        let mut take = |name: String, suffix: &str| {
            let mut free = name.clone();
            let mut number = 2;
            while !taken.insert(free.clone()) {
                free = if number == 2 { format!("{name}{suffix}") } else { format!("{name}{suffix}{number}") };
                number += 1;
            }
            free
        };

        let shapes = resource.shapes.iter().map(|shape| (shape.name.clone(), take(pascal(&shape.name), "Property"))).collect();
        let mut enums = BTreeMap::new();
        let mut choices: BTreeMap<String, Vec<Word>> = BTreeMap::new();
        let own = resource.properties.iter().map(|property| (Word::Borrowed(""), property));
        let nested = resource.shapes.iter().flat_map(|shape| shape.properties.iter().map(|property| (shape.name.clone(), property)));
        for (shape, property) in own.chain(nested) {
            if property.choices.is_empty() || property.kind.innermost() != &Type::String {
                continue;
            }
            let short = pascal(&property.name);
            let long = format!("{}{short}", pascal(&shape));
            // Two properties of one name and the same values share an enumeration.
            let same = [&short, &long].into_iter().find(|name| choices.get(*name) == Some(&property.choices)).cloned();
            let name = same.unwrap_or_else(|| {
                let name = if choices.contains_key(&short) { long } else { short };
                take(name, "Choice")
            });
            choices.insert(name.clone(), property.choices.clone());
            enums.insert((shape, property.name.clone()), name);
        }
        let text_attributes = resource.attributes.iter().filter(|attribute| attribute.kind == Type::String).map(|one| &one.name);
        let marked: BTreeSet<&Word> = text_attributes.chain(&resource.reference).collect();
        let marks = marked.into_iter().map(|name| (name.clone(), take(pascal(name), "Attribute"))).collect();
        Self { shapes, enums, choices, marks }
    }
}
