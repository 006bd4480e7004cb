//! What is known about resource types, for templates from anywhere.
//!
//! Only services whose cargo feature is on are known; of others nothing is claimed.

/// What the facts say about one resource type. Every list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// `AWS::SQS::Queue`.
    pub name: &'static str,
    /// Whether it holds data that is gone with it.
    pub stateful: bool,
    /// The property that its tags are in.
    pub tags: Option<&'static str>,
    /// The name of what `Ref` gives, where it is known.
    pub reference: Option<&'static str>,
    /// The properties or attributes that together identify one such resource.
    pub identifier: &'static [&'static str],
    /// What `Fn::GetAtt` gives.
    pub attributes: &'static [&'static str],
    /// What can be set.
    pub properties: &'static [&'static str],
    /// What must be set.
    pub required: &'static [&'static str],
    /// Properties whose change replaces the resource; those within others as `A/*/B`, `*` for each item.
    pub replaces: &'static [&'static str],
    /// Properties whose change replaces it only in some cases.
    pub may_replace: &'static [&'static str],
    /// Properties that can be written and never read.
    pub write_only: &'static [&'static str],
}

impl Facts {
    /// Whether `Fn::GetAtt` knows this attribute. A type with free attributes, such as a nested stack, knows them all.
    pub fn has_attribute(&self, name: &str) -> bool {
        // A whole structure can be had by its name, although only what is in it is listed.
        let within = |known: &str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        let free = matches!(self.name, "AWS::CloudFormation::CustomResource" | "AWS::CloudFormation::Stack");
        free || self.attributes.iter().any(|known| *known == name || within(known))
    }
}

/// What is known about a type; `None` for types whose service's feature is off.
pub fn of(name: &str) -> Option<&'static Facts> {
    crate::TABLES.iter().find_map(|table| {
        // A table holds one service and is sorted by name.
        table.binary_search_by(|facts| facts.name.cmp(name)).ok().map(|index| &table[index])
    })
}

/// Everything that is known, service by service.
pub fn all() -> impl Iterator<Item = &'static Facts> {
    crate::TABLES.iter().flat_map(|table| table.iter())
}
