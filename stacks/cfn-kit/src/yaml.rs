//! Reads YAML and JSON into a tree in which every value knows where it stands.
//!
//! A template or an environment that a person wrote is worth an answer with line and column. So this reader keeps what serde's data
//! model throws away: positions, CloudFormation's short tags (`!Ref`, `!GetAtt`, …), how a scalar was written, and keys that stand
//! twice. It judges nothing: what a tag means, or whether `yes` is a truth, is for the reader of the tree to decide.
//!
//! Aliases are expanded, within a bound; `<<` stays an ordinary key, because CloudFormation merges nothing.
//!
//! ```
//! let document = cfn_kit::yaml::read("Queue:\n  Arn: !GetAtt JobQueue.Arn\n")?;
//! let arn = document.root.get("Queue").and_then(|queue| queue.get("Arn")).unwrap();
//! assert_eq!(arn.tag.as_deref(), Some("!GetAtt"));
//! assert_eq!(arn.as_str(), Some("JobQueue.Arn"));
//! assert_eq!(arn.start.to_string(), "2:8");
//! # Ok::<(), cfn_kit::yaml::Error>(())
//! ```

mod build;
mod json;
mod node;
mod scalar;
#[cfg(test)]
mod tests;

pub use node::{CORE_SCHEMA, Node, Position, Value};
pub use scalar::{Meaning, Scalar, Style};

/// How deep sequences and mappings may lie within each other; more is an error, so that no reader of the tree can run out of stack.
pub const MAXIMUM_DEPTH: usize = 128;

/// How much aliases may add to a document, in bytes of text with 64 more for each value: "billion laughs" ends here.
pub const MAXIMUM_ALIAS_EXPANSION: usize = 16 * 1024 * 1024;

/// What one text holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The outermost value; null, at 1:1, when the text holds nothing.
    pub root: Node,
    /// Keys that stand twice in one mapping, in the order of the text. Both entries are still in the tree, the first one first.
    pub duplicates: Vec<Duplicate>,
    /// Where `*name` stood. The tree holds what each stood for; CloudFormation says that it reads no aliases.
    pub aliases: Vec<Position>,
}

/// A key that stands twice in one mapping: most readers silently drop one of the two values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key, as its text reads.
    pub key: String,
    /// Where the key stands first.
    pub first: Position,
    /// Where it stands again.
    pub again: Position,
}

/// Why a text is no tree. Each says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text breaks YAML's (or JSON's) grammar.
    #[error("{message}")]
    Syntax {
        /// What the grammar wanted there.
        message: String,
        /// Where reading stopped.
        at: Position,
    },
    /// Values lie deeper within each other than [`MAXIMUM_DEPTH`].
    #[error("values lie more than {MAXIMUM_DEPTH} deep within each other")]
    TooDeep {
        /// Where the first value beyond the limit starts.
        at: Position,
    },
    /// Aliases would make more of the document than [`MAXIMUM_ALIAS_EXPANSION`].
    #[error("aliases would make this document more than {} MiB larger", MAXIMUM_ALIAS_EXPANSION / 1024 / 1024)]
    AliasExpansion {
        /// The alias that goes past the limit.
        at: Position,
    },
    /// An alias stands within the value that it names.
    #[error("this alias stands within the value that it names")]
    EndlessAlias {
        /// The alias.
        at: Position,
    },
    /// The text holds a second document, behind `---`.
    #[error("a second document starts here, one was expected")]
    SecondDocument {
        /// Where the second document starts.
        at: Position,
    },
}

impl Error {
    /// Where reading stopped.
    #[must_use]
    pub fn at(&self) -> Position {
        match self {
            Self::Syntax { at, .. }
            | Self::TooDeep { at }
            | Self::AliasExpansion { at }
            | Self::EndlessAlias { at }
            | Self::SecondDocument { at } => *at,
        }
    }
}

/// Reads one document of YAML 1.2 or JSON.
///
/// A text that starts with `{` or `[` is read as JSON first, which is much quicker; when that fails, as YAML.
///
/// # Errors
///
/// The first place at which the text is no such document. Keys that stand twice are no error here: see [`Document::duplicates`].
pub fn read(text: &str) -> Result<Document, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(json) = json::read(text) else { return build::read(text) };
    json.or_else(|json_error| match build::read(text) {
        Ok(document) => Ok(document),
        // What starts like JSON was most likely meant as JSON, and its grammar knows best where that went wrong.
        Err(_) => Err(json_error),
    })
}
