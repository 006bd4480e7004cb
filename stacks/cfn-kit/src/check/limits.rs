//! CloudFormation's quotas for one template.

use serde_json::Value as Json;

use super::Report;
use super::names::Section;
use crate::finding::Severity;

/// The most entries of a section. From the page "CloudFormation quotas"; none of these can be raised.
const MOST_ENTRIES: [(&str, &str, usize); 4] =
    [("Resources", "resources", 500), ("Parameters", "parameters", 200), ("Outputs", "outputs", 200), ("Mappings", "mappings", 200)];

/// The largest template body that CloudFormation takes from S3, in bytes.
const MOST_BYTES: usize = 1_000_000;

/// The longest description, in bytes.
const LONGEST_DESCRIPTION: usize = 1_024;

pub(super) fn check(report: &mut Report<'_>) {
    let document = report.document;
    let template = &document.template;
    for (section, word, most) in MOST_ENTRIES {
        let count = template.get(section).and_then(Json::as_object).map_or(0, serde_json::Map::len);
        limit(report, section, &format!("{count} {word}"), count, most, "move some into another stack");
    }
    for (name, mapping) in Section::of(template, "Mappings").iter() {
        // CloudFormation counts the keys of each level.
        let keys = |value: &Json| value.as_object().map_or(0, serde_json::Map::len);
        let count = mapping.as_object().into_iter().flatten().map(|(_, row)| keys(row)).max().unwrap_or(0).max(keys(mapping));
        mapping_limit(report, name, count);
    }
    let bytes = report.document.bytes.unwrap_or_else(|| json_length(template));
    limit(report, "", &format!("{bytes} bytes"), bytes, MOST_BYTES, "move some resources into another stack");

    if let Some(description) = template.get("Description").and_then(Json::as_str)
        && description.len() > LONGEST_DESCRIPTION
    {
        let message = format!("the description has {} bytes, CloudFormation takes {LONGEST_DESCRIPTION}", description.len());
        report.error("limit", "Description", message, "say it shorter");
    }
}

/// An error above the limit, a warning from four fifths of it on.
fn limit(report: &mut Report<'_>, path: &str, what: &str, count: usize, most: usize, hint: &str) {
    if count > most {
        report.error("limit", path, format!("the template has {what}, CloudFormation takes {most}"), hint);
    } else if count * 5 >= most * 4 {
        let message = format!("the template has {what}, which is near the {most} that CloudFormation takes");
        report.push(Severity::Warning, "limit", path, message, hint.to_owned());
    }
}

/// How long the template is as JSON without white space, which is not worth writing out for its length alone.
fn json_length(value: &Json) -> usize {
    // Brackets around and commas between; a colon and quotes for each key.
    let around = |count: usize| 2 + count.saturating_sub(1);
    match value {
        Json::Null | Json::Bool(true) => 4,
        Json::Bool(false) => 5,
        Json::Number(number) => match number.as_u64() {
            Some(number) => number.checked_ilog10().map_or(1, |digits| digits as usize + 1),
            None => number.to_string().len(),
        },
        Json::String(text) => text_length(text),
        Json::Array(items) => around(items.len()) + items.iter().map(json_length).sum::<usize>(),
        Json::Object(entries) => {
            let entry = |(key, value): (&String, &Json)| text_length(key) + 1 + json_length(value);
            around(entries.len()) + entries.iter().map(entry).sum::<usize>()
        }
    }
}

fn text_length(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        // `\u001b`
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escaped).sum::<usize>()
}

/// The most keys on each level of one mapping.
const MOST_KEYS: usize = 200;

fn mapping_limit(report: &mut Report<'_>, name: &str, count: usize) {
    let path = format!("Mappings/{name}");
    if count > MOST_KEYS {
        let message = format!("the mapping `{name}` has {count} keys on one level, CloudFormation takes {MOST_KEYS}");
        report.error("limit", &path, message, "split it into two mappings");
    } else if count * 5 >= MOST_KEYS * 4 {
        let message =
            format!("the mapping `{name}` has {count} keys on one level, which is near the {MOST_KEYS} that CloudFormation takes");
        report.warn("limit", &path, message, "split it into two mappings");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json_length;

    #[test]
    fn the_length_of_a_template_is_that_of_its_json() {
        let template = json!({
            "": [], "numbers": [0, 9, 10, -1, 1.5, 1e300, u64::MAX, i64::MIN], "words": [null, true, false],
            "texts": ["", "é😀", "\"\\/\n\r\t\u{8}\u{c}\u{1b}\u{7f}"], "within": { "a": {}, "b\n": [[1], {}] }
        });

        assert_eq!(json_length(&template), template.to_string().len(), "a template at the limit would be refused, or sent in vain");
    }
}
