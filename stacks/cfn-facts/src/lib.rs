#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod line;
mod lookup;
mod model;
mod parse;
pub mod rust;
mod write;

pub use line::{Part, split};
pub use model::{Attribute, Bounds, Details, Metric, Property, Refers, Replaces, Resource, Service, Shape, Type, Word, module_of};
pub use parse::{ParseError, parse, parse_refers, parse_resource, parse_type};
pub use write::write;
