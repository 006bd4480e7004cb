//! What is wrong with a template.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// CloudFormation would refuse the template, or deploy something else than it says.
    Error,
    /// It deploys, and somebody should look at it.
    Warning,
}

/// One thing that is wrong with a template, with all that a person needs to put it right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name, in kebab case; it never changes once released.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The logical ID that it is about, where it is about one.
    pub resource: Option<String>,
    /// Where in the template, from the top, with `/` between the keys: `Resources/JobQueue/Properties/KmsMasterKeyId`.
    pub path: String,
    /// What is wrong, with the value that is wrong.
    pub message: String,
    /// Why it matters; empty where the message says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do about it; empty where the message says it all.
    pub hint: String,
    /// `file:line` of the Rust line or of the template's text that it comes from, where known.
    pub source: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(formatter, "{severity}: {} [{}]", self.message, self.rule)?;
        match &self.source {
            Some(source) => write!(formatter, "\n  at {source}, {}", self.path)?,
            None if !self.path.is_empty() => write!(formatter, "\n  at {}", self.path)?,
            None => {}
        }
        if !self.why.is_empty() {
            write!(formatter, "\n  why: {}", self.why)?;
        }
        if !self.hint.is_empty() {
            write!(formatter, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}
