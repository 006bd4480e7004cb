//! Why a resource is as it is, and what of it may change: CloudFormation's `com.aws.cloudformation.Context` metadata.
//!
//! What is written here travels with the template, so that whoever changes the stack in a year, person or program, reads it where it
//! counts; [`diff`](crate::diff) refuses to change what must never change.
//!
//! ```
//! use cfn_kit::context::Context;
//! use cfn_kit::prelude::*;
//! use cfn_kit::sqs;
//!
//! let mut template = template!("Jobs wait here");
//! let queue = template.add("JobQueue", sqs::Queue::new().fifo_queue(true));
//! template.explain(&queue, Context::why("in order per user, so that a short job never overtakes").never("FifoQueue"));
//! ```

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

/// The key in the `Metadata` of a template and of a resource.
pub const METADATA_KEY: &str = "com.aws.cloudformation.Context";

/// How safely something can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mutability {
    /// Whatever it costs to leave it.
    MustNeverChange,
    /// Only so that what the resource must hold still holds.
    ChangeWithConstraints,
    /// Somebody who knows it has to agree.
    ReviewRequired,
    /// As measurements suggest.
    FreeToTune,
}

impl Mutability {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::MustNeverChange => "must-never-change",
            Self::ChangeWithConstraints => "change-with-constraints",
            Self::ReviewRequired => "review-required",
            Self::FreeToTune => "free-to-tune",
        }
    }
}

/// What a reader of one resource should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    why: String,
    must: Vec<String>,
    mutable: Option<Mutability>,
    properties: IndexMap<String, Mutability>,
}

impl Context {
    /// Purpose, notable choices and what was rejected, in few words; never what the type or the properties say already.
    #[must_use]
    pub fn why(text: impl Into<String>) -> Self {
        Self { why: text.into(), must: Vec::new(), mutable: None, properties: IndexMap::new() }
    }

    /// Adds something that has to hold: whoever breaks it breaks the system.
    #[must_use]
    pub fn must(mut self, text: impl Into<String>) -> Self {
        self.must.push(text.into());
        self
    }

    /// Says how safely the resource as a whole can be changed.
    #[must_use]
    pub fn mutable(self, level: Mutability) -> Self {
        Self { mutable: Some(level), ..self }
    }

    /// Says how safely one property can be changed, by its name in the template.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, level: Mutability) -> Self {
        self.properties.insert(name.into(), level);
        self
    }

    /// Says that a property must never change.
    #[must_use]
    pub fn never(self, name: impl Into<String>) -> Self {
        self.property(name, Mutability::MustNeverChange)
    }

    pub(crate) fn into_json(self) -> Json {
        let mut json = json!({ "why": self.why });
        if !self.must.is_empty() {
            json["must"] = json!(self.must);
        }
        if let Some(level) = self.mutable {
            json["mutable"] = level.word().into();
        }
        if !self.properties.is_empty() {
            json["mutability"] = self.properties.into_iter().map(|(name, level)| (name, Json::from(level.word()))).collect();
        }
        json
    }
}

/// What a reader of the whole template should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    arch: String,
    must: Vec<String>,
}

impl Outline {
    /// The shape of it all, such as `queue -> function -> bucket; dead letters aside`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { arch: text.into(), must: Vec::new() }
    }

    /// Adds something that has to hold everywhere in it.
    #[must_use]
    pub fn must(mut self, text: impl Into<String>) -> Self {
        self.must.push(text.into());
        self
    }

    pub(crate) fn into_json(self) -> Json {
        let mut json = json!({ "arch": self.arch });
        if !self.must.is_empty() {
            json["must"] = json!(self.must);
        }
        json
    }
}
