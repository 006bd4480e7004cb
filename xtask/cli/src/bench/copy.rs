//! Copies of the sources, so that the working tree stays as it is, whatever happens meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::answer;
use super::metadata::in_root;
use super::{Error, Workspace, make_folder, write};

/// Brings the copy to what git would take from the working tree.
///
/// Only what differs is written: a new time on an old file would make cargo build it again.
pub(super) fn mirror(workspace: &Workspace, copy: &Path) -> Result<(), Error> {
    let listed =
        answer(in_root(&mut Command::new("git"), workspace).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    make_folder(copy)?;
    let files: BTreeSet<&str> = listed.split('\0').filter(|file| !file.is_empty()).collect();
    let list = copy.with_extension("list");
    if let Ok(before) = fs::read_to_string(&list) {
        for gone in before.split('\0').filter(|file| !file.is_empty() && !files.contains(file)) {
            drop(fs::remove_file(copy.join(gone)));
        }
    }
    for file in &files {
        copy_if_changed(&workspace.root().join(file), &copy.join(file))?;
    }
    write(&list, listed)
}

fn copy_if_changed(from: &Path, to: &Path) -> Result<(), Error> {
    // A file that git knows and somebody has just removed.
    let Ok(content) = fs::read(from) else { return Ok(()) };
    if fs::read(to).is_ok_and(|found| found == content) {
        return Ok(());
    }
    make_folder(&to.parent().map_or_else(PathBuf::new, Path::to_owned))?;
    write(to, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_the_same_keeps_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("sub/to"));
        fs::write(&from, "one").unwrap();
        copy_if_changed(&from, &to).unwrap();
        let before = fs::metadata(&to).unwrap().modified().unwrap();

        copy_if_changed(&from, &to).unwrap();

        assert_eq!(fs::metadata(&to).unwrap().modified().unwrap(), before, "every round would build everything");
        fs::write(&from, "two").unwrap();
        copy_if_changed(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "two");
    }
}
