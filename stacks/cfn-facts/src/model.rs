//! The facts about the resource types of one service.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

/// A name or another text: its own where facts are put together, borrowed where they come out of a table that stays.
pub type Word = Cow<'static, str>;

/// One service, such as `AWS::SQS`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Service {
    /// The first two parts of its types' names.
    pub name: Word,
    /// Its resource types, sorted by name.
    pub resources: Vec<Resource>,
}

impl Service {
    /// The name of its file, its Rust module and its cargo feature: `sqs` for `AWS::SQS`.
    pub fn module(&self) -> String {
        module_of(&self.name)
    }
}

/// The module of the service that a type or a service itself belongs to: `sqs` for `AWS::SQS::Queue`.
pub fn module_of(name: &str) -> String {
    let mut parts = name.split("::");
    match (parts.next(), parts.next()) {
        (Some("AWS"), Some(service)) => service.to_ascii_lowercase(),
        (Some(vendor), Some(service)) => format!("{}_{}", vendor.to_ascii_lowercase(), service.to_ascii_lowercase()),
        (Some(only), None) => only.to_ascii_lowercase(),
        (None, _) => String::new(),
    }
}

/// One resource type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resource {
    /// `AWS::SQS::Queue`.
    pub name: Word,
    /// Whether it holds data that is gone with it.
    pub stateful: bool,
    /// The regions of AWS that do not have it, among those that have most.
    pub absent_in: Vec<Word>,
    /// The property that its tags are in.
    pub tags: Option<Word>,
    /// The properties or attributes that together identify one such resource.
    pub identifier: Vec<Word>,
    /// What `Ref` gives: one name, or none where the sources do not say.
    pub reference: Option<Word>,
    /// What `Fn::GetAtt` gives, sorted by name.
    pub attributes: Vec<Attribute>,
    /// What can be set, sorted by name.
    pub properties: Vec<Property>,
    /// Properties within properties whose change replaces the resource, as `A/*/B`; sorted.
    pub replacing_paths: Vec<Word>,
    /// The same, for those whose change replaces it only in some cases.
    pub maybe_replacing_paths: Vec<Word>,
    /// Properties within properties that can only be read.
    pub read_only_paths: Vec<Word>,
    /// Properties within properties that can be written, never read.
    pub write_only_paths: Vec<Word>,
    /// Nested structures, sorted by name.
    pub shapes: Vec<Shape>,
    /// CloudWatch metrics of one such resource, sorted by namespace and name.
    pub metrics: Vec<Metric>,
    /// The IAM actions that CloudFormation needs, by verb: `create`, `read`, `update`, `delete`, `list`.
    pub permissions: BTreeMap<Word, Vec<Word>>,
}

/// Something that `Fn::GetAtt` gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// `Arn`, or with points: `Endpoint.Address`.
    pub name: Word,
    /// What it is: text, a number, a switch, or a list of these.
    pub kind: Type,
}

/// A nested structure.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// The name of its definition.
    pub name: Word,
    /// Whether it may hold more than is listed.
    pub open: bool,
    /// What can be set in it, sorted by name.
    pub properties: Vec<Property>,
}

/// One property of a resource or of a nested structure.
///
/// Reads like a structure that has the fields of its [`Details`] too: half of all properties have none, and are small so.
#[derive(Debug, Clone)]
pub struct Property {
    /// The name as templates spell it.
    pub name: Word,
    /// What it is.
    pub kind: Type,
    /// Whether CloudFormation insists on it.
    pub required: bool,
    /// Whether a change of it replaces the resource; only said of a resource's own properties.
    pub replaces: Replaces,
    /// Whether it can be written and never read.
    pub write_only: bool,
    /// Whether its items have no order: the service reads the list as a set.
    pub unordered: bool,
    /// Whether AWS advises against it.
    pub deprecated: bool,
    /// Whether a property that refers is also good with plain text, such as an e-mail address.
    pub or_text: bool,
    /// The rest, once anything of it was said.
    details: Option<Box<Details>>,
}

/// What is said of some properties only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// The smallest and the largest number.
    pub range: Bounds,
    /// The fewest and the most characters.
    pub length: Bounds,
    /// The fewest and the most items.
    pub items: Bounds,
    /// A regular expression for the text.
    pub pattern: Option<Word>,
    /// The only texts allowed, in the source's order.
    pub choices: Vec<Word>,
    /// What a number counts: `seconds`, `minutes`, `hours`, `days` or `milliseconds`.
    pub unit: Option<Word>,
    /// What holds where nothing is said: a text, a number or a switch as templates write it.
    pub default: Option<Word>,
    /// The resources that it can refer to; the first attribute of a type is what a handle renders as.
    pub refers: Vec<Refers>,
}

impl Details {
    /// Nothing at all.
    const NONE: Self = Self {
        range: Bounds::NONE,
        length: Bounds::NONE,
        items: Bounds::NONE,
        pattern: None,
        choices: Vec::new(),
        unit: None,
        default: None,
        refers: Vec::new(),
    };
}

impl Property {
    /// A property of which nothing but name and kind is known.
    pub fn new(name: impl Into<Word>, kind: Type) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            replaces: Replaces::No,
            write_only: false,
            unordered: false,
            deprecated: false,
            or_text: false,
            details: None,
        }
    }
}

impl Deref for Property {
    type Target = Details;

    fn deref(&self) -> &Details {
        static NONE: Details = Details::NONE;
        self.details.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Property {
    fn deref_mut(&mut self) -> &mut Details {
        self.details.get_or_insert_default()
    }
}

impl PartialEq for Property {
    fn eq(&self, other: &Self) -> bool {
        let flags = |one: &Self| (one.required, one.replaces, one.write_only, one.unordered, one.deprecated, one.or_text);
        // Details that say nothing are none.
        self.name == other.name && self.kind == other.kind && flags(self) == flags(other) && **self == **other
    }
}

/// What a property or an attribute is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A switch.
    Boolean,
    /// Anything that JSON can say.
    Json,
    /// An IAM policy document.
    Policy,
    /// A nested structure of the same resource type.
    Shape(Word),
    /// A list.
    List(Box<Self>),
    /// A mapping with free keys.
    Map(Box<Self>),
}

impl Type {
    /// What lists and mappings hold, in the end.
    pub fn innermost(&self) -> &Self {
        match self {
            Self::List(item) | Self::Map(item) => item.innermost(),
            Self::String | Self::Integer | Self::Number | Self::Boolean | Self::Json | Self::Policy | Self::Shape(_) => self,
        }
    }
}

/// Whether a change of a property makes a new resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Replaces {
    /// It is changed in place.
    #[default]
    No,
    /// In some cases.
    Maybe,
    /// Always.
    Yes,
}

/// A least and a most, both allowed themselves, as the source writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The least.
    pub least: Option<Word>,
    /// The most.
    pub most: Option<Word>,
}

impl Bounds {
    const NONE: Self = Self { least: None, most: None };

    /// Whether there is neither.
    pub fn is_empty(&self) -> bool {
        self.least.is_none() && self.most.is_none()
    }
}

/// A resource type and the attribute of it that a property wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refers {
    /// `AWS::SQS::Queue`.
    pub resource: Word,
    /// `Arn`; where it is what `Ref` gives, `Ref` is meant.
    pub attribute: Word,
}

/// A CloudWatch metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// `AWS/SQS`.
    pub namespace: Word,
    /// `NumberOfMessagesSent`.
    pub name: Word,
    /// The sets of dimensions that it is kept by, each as the names in it; an empty set is the sum of all.
    pub dimensions: Vec<Vec<Word>>,
}
