//! Looking things up in the facts about one type.

use crate::model::{Property, Replaces, Resource, Shape, Type};

impl Resource {
    /// One of its own properties.
    pub fn property(&self, name: &str) -> Option<&Property> {
        find(&self.properties, name)
    }

    /// A nested structure.
    pub fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.iter().find(|shape| shape.name == name)
    }

    /// The property at a path such as `Rules/0/Status`, whatever lists and mappings lie on the way.
    pub fn property_at(&self, path: &str) -> Option<&Property> {
        let mut steps = path.split('/');
        let mut property = self.property(steps.next()?)?;
        let mut kind = &property.kind;
        for step in steps {
            kind = match kind {
                Type::List(item) | Type::Map(item) => item,
                Type::Shape(name) => {
                    property = self.shape(name)?.property(step)?;
                    &property.kind
                }
                Type::String | Type::Integer | Type::Number | Type::Boolean | Type::Json | Type::Policy => return None,
            };
        }
        Some(property)
    }

    /// Whether `Fn::GetAtt` knows this attribute. A type with free attributes, such as a nested stack, knows them all.
    pub fn has_attribute(&self, name: &str) -> bool {
        // A whole structure can be had by its name, although only what is in it is listed.
        let within = |known: &str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        let free = matches!(self.name.as_ref(), "AWS::CloudFormation::CustomResource" | "AWS::CloudFormation::Stack");
        free || self.attributes.iter().any(|known| known.name == name || within(&known.name))
    }

    /// What must be set.
    pub fn required(&self) -> impl Iterator<Item = &Property> {
        self.properties.iter().filter(|property| property.required)
    }

    /// Paths (`A/*/B`) of everything whose change replaces the resource, or, for `Maybe`, does so in some cases.
    pub fn replacing(&self, replaces: Replaces) -> impl Iterator<Item = &str> {
        let paths: &[_] = match replaces {
            Replaces::Yes => &self.replacing_paths,
            Replaces::Maybe => &self.maybe_replacing_paths,
            Replaces::No => &[],
        };
        let own = self.properties.iter().filter(move |property| property.replaces == replaces).map(|property| property.name.as_ref());
        own.chain(paths.iter().map(AsRef::as_ref))
    }
}

impl Shape {
    /// One of its properties.
    pub fn property(&self, name: &str) -> Option<&Property> {
        find(&self.properties, name)
    }
}

fn find<'a>(properties: &'a [Property], name: &str) -> Option<&'a Property> {
    properties.binary_search_by(|property| property.name.as_ref().cmp(name)).ok().and_then(|index| properties.get(index))
}
