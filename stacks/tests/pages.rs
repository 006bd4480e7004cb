//! What pages for people say of settings, held against what there is.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page for people: the documentation of the API, the runbooks, the front page.
fn pages() -> Vec<(String, String)> {
    let folders = ["docs/api", "docs/runbooks"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let files = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).chain([root().join("README.md")]);
    let pages = files.filter(|file| file.extension().is_some_and(|end| end == "md"));
    pages.map(|file| (file.display().to_string(), fs::read_to_string(&file).unwrap())).collect()
}

/// `api.per_minute` of a page's "`api.per_minute: 20`"; nothing of code that is no setting.
fn setting(code: &str) -> Option<Vec<&str>> {
    let path = code.split(':').next()?;
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let words: Vec<_> = path.split('.').collect();
    (1 < words.len() && words.iter().all(|part| word(part))).then_some(words)
}

#[test]
fn every_setting_that_a_page_names_is_there() {
    let schema: Json = serde_json::from_str(&fs::read_to_string(root().join("environments/schema.json")).unwrap()).unwrap();
    let mut named = 0;

    for (page, text) in pages() {
        let settings = text.split('`').skip(1).step_by(2).filter_map(setting).filter(|words| !schema["properties"][words[0]].is_null());
        for words in settings {
            let found = words.iter().fold(&schema, |at, word| &at["properties"][word]);
            assert!(!found.is_null(), "{page} sends people to `{}`, which no environment has", words.join("."));
            named += 1;
        }
    }

    assert!(30 < named, "only {named} were found: the test does not read the pages any more");
}
