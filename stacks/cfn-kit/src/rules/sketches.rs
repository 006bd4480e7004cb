//! Texts of which a template says a part.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::view::function;

/// What stands in a text where only CloudFormation knows it.
pub(super) const UNKNOWN: char = '\u{fffd}';

/// A text as far as the template spells it out, with one [`UNKNOWN`] for each part that it does not.
///
/// None where the whole is unknown, such as a `Ref`.
pub(super) fn sketch(value: &Json) -> Option<Cow<'_, str>> {
    match (value, function(value)) {
        (Json::String(text), _) if text.contains("{{resolve:") => None,
        (Json::String(text), _) => Some(Cow::Borrowed(text)),
        (_, Some(("Fn::Sub", Json::String(text)))) => Some(Cow::Owned(blanked(text))),
        (_, Some(("Fn::Sub", Json::Array(arguments)))) => Some(Cow::Owned(blanked(arguments.first()?.as_str()?))),
        (_, Some(("Fn::Join", Json::Array(arguments)))) => {
            let (delimiter, parts) = (arguments.first()?.as_str()?, arguments.get(1)?.as_array()?);
            let parts: Vec<Cow<'_, str>> = parts.iter().map(|part| sketch(part).unwrap_or(Cow::Owned(UNKNOWN.to_string()))).collect();
            Some(Cow::Owned(parts.join(delimiter)))
        }
        _ => None,
    }
}

/// A `Fn::Sub`'s text without what is filled in; `${!Name}` is the text `${Name}`.
fn blanked(text: &str) -> String {
    let mut pieces = text.split("${");
    let mut blanked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((name, rest)) if !name.starts_with('!') => {
                blanked.push(UNKNOWN);
                blanked.push_str(rest);
            }
            _ => {
                blanked.push_str("${");
                blanked.push_str(piece.strip_prefix('!').unwrap_or(piece));
            }
        }
    }
    blanked
}

/// A text as it is shown to people: what is unknown as `…`.
pub(super) fn shown(sketch: &str) -> String {
    sketch.replace(UNKNOWN, "…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sketch;

    #[test]
    fn a_text_is_known_as_far_as_the_template_spells_it_out() {
        let texts = [
            (json!("plain"), Some("plain")),
            (json!({"Fn::Sub": "${Repository.Uri}:latest"}), Some("\u{fffd}:latest")),
            (json!({"Fn::Sub": ["a ${b} ${!c}", {"b": 1}]}), Some("a \u{fffd} ${c}")),
            (json!({"Fn::Join": [":", [{"Ref": "Image"}, "v1"]]}), Some("\u{fffd}:v1")),
            (json!({"Ref": "Image"}), None),
            (json!("{{resolve:ssm:/image}}"), None),
        ];

        for (value, expected) in texts {
            assert_eq!(sketch(&value).as_deref(), expected, "{value} would be misread");
        }
    }
}
