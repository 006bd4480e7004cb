//! Templates as text. The same template always gives the same bytes.

mod scalar;
mod yaml;

use serde_json::Value as Json;

pub use yaml::to_yaml;

/// A template as JSON, indented by two spaces, with a line end at the end.
pub fn to_json(template: &Json) -> String {
    // `{:#}` of a JSON value is its indented form and cannot fail, unlike writing to a stream.
    format!("{template:#}\n")
}
