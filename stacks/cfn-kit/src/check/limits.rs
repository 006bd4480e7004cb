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
    let bytes = report.document.bytes.unwrap_or_else(|| template.to_string().len());
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
