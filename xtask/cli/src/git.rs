//! What git knows of the repository: what another revision held, and whether this one is all there is.

use std::io;
use std::process::Command;

use protocol::Commit;

use crate::error::Error;
use crate::workspace::Workspace;

/// The snapshots of an environment in a revision: stack → text as it was reviewed, in the order of their names.
pub(crate) fn snapshots(workspace: &Workspace, rev: &str, environment: &str) -> Result<Vec<(String, String)>, Error> {
    // From here on, no word is taken for an option, whatever a revision is called.
    let folder = format!("snapshots/{environment}/");
    let files = git(workspace, &["ls-tree", "--name-only", "--end-of-options", rev, &folder])?;
    let files: Vec<_> = files.lines().filter(|file| file.ends_with(".snap")).collect();
    if files.is_empty() {
        return Err(Error::NoSnapshots { rev: rev.to_owned(), environment: environment.to_owned() });
    }
    files
        .into_iter()
        .map(|file| {
            let stack = file.trim_start_matches(&folder).trim_end_matches(".snap").to_owned();
            let text = git(workspace, &["show", "--end-of-options", &format!("{rev}:./{file}")])?;
            Ok((stack, body(&text)))
        })
        .collect()
}

/// The commit that is checked out; none outside of a git checkout, or without git.
pub(crate) fn head(workspace: &Workspace) -> Option<Commit> {
    let said = |arguments: &[&str]| git(workspace, arguments).ok();
    let text = said(&["log", "--max-count=1", "--format=%H%n%s"])?;
    let (id, subject) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
    let tags = said(&["tag", "--points-at", "HEAD"])?.lines().map(str::to_owned).collect();
    let dirty = !said(&["status", "--porcelain"])?.is_empty();
    Some(Commit { id: id.to_owned(), subject: subject.to_owned(), tags, dirty })
}

/// The commit that is checked out; none outside a checkout.
pub(crate) fn commit(workspace: &Workspace) -> Result<Option<String>, Error> {
    if !is_checkout(workspace)? {
        return Ok(None);
    }
    Ok(Some(git(workspace, &["rev-parse", "HEAD"])?.trim().to_owned()))
}

/// The files that are not as the commit has them, new ones too, as `git status` names them.
pub(crate) fn changed_files(workspace: &Workspace) -> Result<Vec<String>, Error> {
    if !is_checkout(workspace)? {
        return Ok(Vec::new());
    }
    let status = git(workspace, &["status", "--porcelain"])?;
    Ok(status.lines().map(|line| line.get(3..).unwrap_or(line).to_owned()).collect())
}

/// Whether git knows this folder. Any other trouble that git has with it is an error.
fn is_checkout(workspace: &Workspace) -> Result<bool, Error> {
    match git(workspace, &["rev-parse", "--is-inside-work-tree"]) {
        Ok(answer) => Ok(answer.trim() == "true"),
        Err(Error::Git { source, .. }) if source.to_string().contains("not a git repository") => Ok(false),
        Err(error) => Err(error),
    }
}

fn git(workspace: &Workspace, arguments: &[&str]) -> Result<String, Error> {
    let failed = |source| Error::Git { command: arguments.join(" "), source };
    let output = Command::new("git").args(arguments).current_dir(workspace.root()).env("LC_ALL", "C").output().map_err(failed)?;
    if !output.status.success() {
        return Err(failed(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A snapshot without what insta writes above it, between two lines of three dashes: empty lines, so that the others keep their numbers.
fn body(snapshot: &str) -> String {
    match snapshot.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((head, body)) => "\n".repeat(head.lines().count() + 2) + body,
        None => snapshot.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_insta_writes_above_a_snapshot_is_no_part_of_the_template() {
        let snapshot =
            "---\nsource: snapshots/every_stack.rs\n---\nResources:\n  Queue:\n    Description: |\n      a\n      ---\n      b\n";

        let template = body(snapshot);

        assert!(
            template.starts_with("\n\n\nResources:\n") && template.ends_with("---\n      b\n"),
            "every diff would be wrong: {template}"
        );
        assert_eq!(body("Resources: {}\n"), "Resources: {}\n", "a text without a head would lose its beginning");
    }
}
