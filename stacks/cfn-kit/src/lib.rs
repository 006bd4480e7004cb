#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod check;
mod condition;
pub mod context;
pub mod diff;
mod document;
pub mod execution;
pub mod facts;
#[cfg(feature = "ecs")]
pub mod fargate;
mod finding;
mod generated;
mod handle;
mod intrinsics;
mod parameter;
mod path;
pub mod policy;
#[cfg(feature = "sqs")]
pub mod queue;
mod read;
pub mod relations;
mod render;
mod resource;
pub mod rules;
mod template;
pub mod units;
mod value;
mod walk;
pub mod yaml;

pub use check::{Options as CheckOptions, check, check_with};
pub use condition::{Condition, If, NoValue, Test, all, any, equals, if_, not};
pub use diff::{
    Action, Area, Change, Class, DIFF_VERSION, Diff, Direction, EntryDiff, Fate, GuardedChange, Level, Line, Mark, Replacement,
    ResourceDiff, SecurityChange, diff, diff_documents,
};
pub use document::{Document, Sources};
pub use finding::{Finding, Severity};
#[doc(hidden)]
pub use generated::pair_value;
pub use generated::{MetricName, MetricOf};
pub use handle::{By, Handle, HasLogicalId};
pub use intrinsics::{
    account_id, availability_zones, base64, cidr, holes, import_value, join, partition, region, select, split, stack_id, stack_name,
    sub_raw, substitute, url_suffix,
};
pub use parameter::{Output, Parameter, ParameterType};
pub use read::{ReadError, read};
pub use render::{to_json, to_yaml};
pub use resource::{Body, Build, Construct, Policy, Resource, Untyped};
pub use serde_json::Value as Json;
pub use template::{Mapping, Template};
pub use value::{Accepts, Dictionary, Raw, Shape, Takes, Text, To, Value, raw, text};

/// What almost every stack needs: `use cfn_kit::prelude::*;`.
pub mod prelude {
    pub use crate::handle::Handle;
    pub use crate::policy::{Operator, PolicyDocument, Principal, Statement};
    pub use crate::resource::{Build, Construct, Resource};
    pub use crate::{
        NoValue, Output, Parameter, Template, To, Value, account_id, equals, if_, join, partition, raw, region, stack_name, sub, template,
        text,
    };
}

// The resource types and the tables, written by `build.rs` from the facts in `schema/`.
include!(concat!(env!("OUT_DIR"), "/services.rs"));
