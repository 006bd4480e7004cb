//! What a deploy is going to do, as a value that can be looked at, kept, and carried out later.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Deploy, Intent, OutputRef, StackRef, StackSpec};

/// The version of [`Plan`]'s form. An engine carries out no other.
pub const PLAN_VERSION: u32 = 1;

/// Everything that a deploy is going to do, and what it was decided from.
///
/// It holds the whole request, so that nothing else is needed to carry it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this form: [`PLAN_VERSION`].
    pub version: u32,
    /// The SHA-256 of everything else here but [`Deploy::ask`]: who carries it out finds out whether somebody has edited it.
    pub digest: String,
    /// What is wanted.
    pub deploy: Deploy,
    /// The role that CloudFormation takes on, where there is one.
    pub role: Option<String>,
    /// What is done, in order. A stack stands here twice when it goes a step on the way first.
    pub stacks: Vec<StackPlan>,
    /// What a person should know beside that.
    pub notes: Vec<String>,
}

/// What is done to one stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackPlan {
    /// Which stack.
    #[serde(flatten)]
    pub stack: StackRef,
    /// When: all steps of a wave go side by side, after those of the waves before.
    pub wave: usize,
    /// What it needs.
    pub intent: Intent,
    /// Why, when that is not obvious.
    pub reason: Option<String>,
    /// Each parameter but the digest.
    pub parameters: IndexMap<String, PlannedParameter>,
    /// The SHA-256 of the template.
    pub template_digest: String,
    /// The digest that the stack will keep; none while a parameter is known only later.
    pub deploy_digest: Option<String>,
    /// What was seen of the stack; none when it did not exist.
    pub seen: Option<Seen>,
    /// The stack as it is deployed in this step, where that is not yet what the request wants.
    pub interim: Option<Box<StackSpec>>,
}

/// A parameter's value, and what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedParameter {
    /// What it will be.
    #[serde(flatten)]
    pub value: PlannedValue,
    /// What it is now, where the stack has it.
    pub was: Option<String>,
}

/// A value that a plan knows, or knows the source of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "known", rename_all = "kebab-case")]
pub enum PlannedValue {
    /// The value itself.
    Now {
        /// As CloudFormation gets it.
        value: String,
    },
    /// The output of a stack that changes before.
    Then {
        /// Which output.
        output: OutputRef,
        /// What it gives now, where it does.
        present: Option<String>,
    },
}

impl PlannedParameter {
    /// Whether it is, or may become, another value than now.
    #[must_use]
    pub fn changes(&self) -> bool {
        match &self.value {
            PlannedValue::Now { value } => self.was.as_ref() != Some(value),
            PlannedValue::Then { present, .. } => self.was.is_none() || self.was != *present,
        }
    }
}

/// What was seen of a stack when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its ARN.
    pub id: String,
    /// AWS's word for its state.
    pub status: String,
    /// When it last changed, in RFC 3339.
    pub changed_at: Option<String>,
    /// The digest of what was deployed, where the stack keeps one.
    pub digest: Option<String>,
}
