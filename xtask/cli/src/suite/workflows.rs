//! Second opinions on the workflows of the pipeline: nothing else runs them before they are merged.
//!
//! jactionlint knows what GitHub would refuse (it is a fork of actionlint, which has no finished package that could be pinned by its
//! hash), zizmor what an outsider could make of a workflow. Both see the files and nothing else: no network, and no program that
//! happens to be installed here.

use std::fs;
use std::path::{Path, PathBuf};

use super::tool::Tool;
use crate::python::{Lookup, Purpose, Venv};

/// Where GitHub looks for them.
const FOLDER: &str = ".github/workflows";

/// Asks both about every workflow; the reason in a few words when one of them has something to say.
pub(super) fn check(root: &Path, target: &Path, say: &dyn Fn(&str)) -> Result<(), String> {
    let files = files(root)?;
    let venv = Venv::ensure(&Purpose::WORKFLOWS, target, &Lookup::from_environment(), say).map_err(|error| {
        error.causes().iter().for_each(|cause| say(cause));
        say(&format!("hint: {}", error.hint()));
        error.to_string()
    })?;
    let mut failures = Vec::new();
    // Whatever the first says, the second is asked too.
    for (program, arguments) in JUDGES {
        let text = format!("{program} {FOLDER}");
        say(&format!("$ {text}"));
        let words = arguments.iter().map(Into::into).chain(files.iter().map(|file| file.as_os_str().to_owned()));
        let tool = Tool::new(std::iter::once(venv.program(program).into_os_string()).chain(words), &text);
        failures.extend(tool.in_folder(root).run().err());
    }
    if failures.is_empty() {
        say(&format!("jactionlint and zizmor find nothing in {} workflows", files.len()));
        return Ok(());
    }
    Err(failures.join("; "))
}

/// The programs, and what they are told beside the files.
const JUDGES: [(&str, &[&str]); 2] = [
    // Both checkers of scripts are switched off: they would be asked only where somebody has installed them.
    ("jactionlint", &["--strict-exit", "--no-hints", "--no-color", "--shellcheck=", "--pyflakes="]),
    ("zizmor", &["--offline", "--no-config", "--no-progress", "--quiet", "--color=never", "--persona=pedantic"]),
];

/// Every workflow, in order, as seen from the repository's root.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error| format!("cannot read `{FOLDER}`: {error}");
    let entries = fs::read_dir(root.join(FOLDER)).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let names = entries.into_iter().map(|entry| Path::new(FOLDER).join(entry.file_name()));
    let mut files: Vec<_> = names.filter(|name| name.extension().is_some_and(|end| end == "yml" || end == "yaml")).collect();
    files.sort();
    if files.is_empty() { Err(format!("`{FOLDER}` holds no workflow")) } else { Ok(files) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn ours() -> Workspace {
        Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// A repository with one workflow of ours, in which one text stands for another.
    fn with(file: &str, text: &str, other: &str) -> Result<(), String> {
        let workspace = ours();
        let right = fs::read_to_string(workspace.root().join(FOLDER).join(file)).unwrap();
        assert!(right.contains(text), "nothing would be tried: {file} has no `{text}`");
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join(FOLDER)).unwrap();
        fs::write(folder.path().join(FOLDER).join(file), right.replace(text, other)).unwrap();
        check(folder.path(), workspace.target(), &|_| {})
    }

    #[test]
    fn the_workflows_of_the_pipeline_are_right() {
        let workspace = ours();

        assert_eq!(check(workspace.root(), workspace.target(), &|_| {}), Ok(()), "GitHub would refuse them, or run what a stranger wrote");
    }

    #[test]
    fn an_input_that_becomes_part_of_a_script_fails_the_step() {
        let said = with("rollback.yml", "--to=\"$TO\"", "--to=\"${{ inputs.to }}\"");

        assert!(
            said.is_err_and(|said| said.contains("`zizmor .github/workflows` ended with 14")),
            "whoever starts a rollback could run anything"
        );
    }

    #[test]
    fn an_action_that_its_owner_can_change_fails_the_step() {
        let said = with("rollback.yml", "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "actions/checkout@v5");

        assert!(said.is_err_and(|said| said.contains("zizmor")), "somebody else's next version would deploy to production");
    }

    #[test]
    fn a_word_that_github_does_not_know_fails_the_step() {
        let said = with("rollback.yml", "timeout-minutes:", "timeout-minuets:");

        assert!(said.is_err_and(|said| said.contains("jactionlint")), "the first to notice would be GitHub, when a rollback is needed");
    }

    #[test]
    fn a_repository_without_workflows_does_not_pass() {
        let folder = tempfile::tempdir().unwrap();

        let said = check(folder.path(), folder.path(), &|_| {});

        assert!(said.is_err_and(|said| said.contains(FOLDER)), "a folder that was moved would never be looked at again");
    }
}
