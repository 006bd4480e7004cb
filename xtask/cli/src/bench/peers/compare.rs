//! Whether two folders hold the same templates.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::super::{Error, read};

/// Checks that a tool wrote the same templates as we did, whatever the order of their keys.
pub(super) fn same(ours: &Path, tool: &str, theirs: &Path) -> Result<(), Error> {
    let files = templates(ours)?;
    if files.is_empty() {
        return Err(Error::Answer { program: "platform", what: "it wrote no template".to_owned() });
    }
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (one, other) = (template(&path)?, template(&theirs.join(&file))?);
        if let Some(what) = difference(&one, &other, "") {
            return Err(Error::Differs { tool: tool.to_owned(), file, what });
        }
    }
    Ok(())
}

fn templates(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|source| Error::Read { path: folder.to_owned(), source })?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.to_string_lossy().ends_with(".template.json")).collect())
}

fn template(path: &Path) -> Result<Json, Error> {
    let mut template: Json = serde_json::from_str(&read(path)?)
        .map_err(|error| Error::Answer { program: "a peer", what: format!("{}: {error}", path.display()) })?;
    for resource in template["Resources"].as_object_mut().into_iter().flatten().map(|(_, resource)| resource) {
        if let Some(depends) = resource.get_mut("DependsOn") {
            normalise(depends);
        }
    }
    Ok(template)
}

/// One dependency may stand as a text or as a list of one, and several in any order.
fn normalise(depends: &mut Json) {
    if depends.is_string() {
        *depends = Json::Array(vec![depends.take()]);
    }
    if let Json::Array(ids) = depends {
        ids.sort_by_key(ToString::to_string);
    }
}

/// Where two values differ first, and how.
fn difference(one: &Json, other: &Json, path: &str) -> Option<String> {
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            keys.map(|key| {
                let path = format!("{path}/{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => difference(one, other, &path),
                    (Some(_), None) => Some(format!("{path} is missing there")),
                    (None, _) => Some(format!("{path} is there alone")),
                }
            })
            .find_map(|found| found)
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            let items = one.iter().zip(other).enumerate();
            items.map(|(index, (one, other))| difference(one, other, &format!("{path}/{index}"))).find_map(|found| found)
        }
        (one, other) => (one != other).then(|| format!("{path} is {one} with us and {other} there")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(template: &Json) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("jobs-qa.template.json"), template.to_string()).unwrap();
        folder
    }

    #[test]
    fn the_order_of_keys_and_of_dependencies_means_nothing() {
        let ours = folder(&json!({ "Resources": { "A": { "Type": "T", "DependsOn": "B" }, "C": { "DependsOn": ["A", "B"] } } }));
        let theirs = folder(&json!({ "Resources": { "C": { "DependsOn": ["B", "A"] }, "A": { "DependsOn": ["B"], "Type": "T" } } }));

        same(ours.path(), "theirs", theirs.path()).unwrap();
    }

    #[test]
    fn a_peer_that_leaves_something_out_is_not_timed() {
        let ours = folder(&json!({ "Resources": { "A": { "Properties": { "Tags": [{ "Key": "a" }] } } } }));

        let complaint = |theirs: Json| same(ours.path(), "cdk", folder(&theirs).path()).unwrap_err().to_string();

        let missing = complaint(json!({ "Resources": { "A": { "Properties": {} } } }));
        assert!(missing.contains("/Resources/A/Properties/Tags is missing there"), "{missing}");
        let other = complaint(json!({ "Resources": { "A": { "Properties": { "Tags": [{ "Key": "b" }] } } } }));
        assert!(other.contains(r#"/Tags/0/Key is "a" with us and "b" there"#), "{other}");
        let more = complaint(json!({ "Resources": { "A": { "Properties": { "Tags": [{ "Key": "a" }] } }, "B": {} } }));
        assert!(more.contains("/Resources/B is there alone"), "{more}");
    }
}
