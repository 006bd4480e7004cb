//! What the last build looked at: when none of it has changed, cargo need not be asked, which takes it most of a second.
//!
//! Cargo writes beside each binary which files of ours it was made from. Together with the manifests, the lock file, cargo's
//! settings and the environment variables that cargo and rustc listen to, that is everything that a build can depend on. Whatever is
//! in doubt, cargo decides.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use serde::{Deserialize, Serialize};

use super::fresh::Stamp;
use super::reproducible::RULES;
use super::{Built, Order};
use crate::workspace::Workspace;

/// One build, as it was.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    /// By which rules it was built.
    rules: u32,
    /// What was ordered.
    packages: Vec<String>,
    /// What cargo and rustc were told by environment variables.
    variables: BTreeMap<String, String>,
    /// Everything that was looked at; none for what was not there.
    inputs: BTreeMap<PathBuf, Option<Stamp>>,
    /// What came of it.
    executables: BTreeMap<String, (PathBuf, Stamp)>,
}

/// The binaries of the last such build, when cargo would make the same again.
pub(super) fn recall(workspace: &Workspace, order: Order<'_>) -> Option<Built> {
    let memory: Memory = serde_json::from_slice(&fs::read(file(workspace, order)).ok()?).ok()?;
    let same = memory.rules == RULES
        && memory.packages == order.packages
        && memory.variables == variables()
        && memory.inputs.iter().all(|(path, stamp)| Stamp::of(path).ok() == *stamp)
        && memory.executables.values().all(|(path, stamp)| stamp.holds(path));
    same.then(|| Built::of(memory.executables.into_iter().map(|(name, (path, _))| (name, path))))
}

/// Remembers a build that began at `began`. Not when a file was changed since: nobody knows which version was built.
pub(super) fn remember(workspace: &Workspace, order: Order<'_>, built: &Built, began: SystemTime) {
    let Some(memory) = memory(workspace, order, built) else { return };
    if memory.inputs.values().flatten().any(|stamp| began <= stamp.modified()) {
        return;
    }
    // The memory only saves time, so no build fails for want of it.
    let path = file(workspace, order);
    if let (Some(folder), Ok(text)) = (path.parent(), serde_json::to_vec(&memory)) {
        drop(fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)));
    }
}

fn memory(workspace: &Workspace, order: Order<'_>, built: &Built) -> Option<Memory> {
    let mut paths = settings(workspace);
    let mut executables = BTreeMap::new();
    for name in order.packages {
        let path = built.executable(name).ok()?;
        let sources = sources(&fs::read_to_string(path.with_extension("d")).ok()?, workspace.root());
        paths.extend(sources.iter().filter_map(|source| manifest(source, workspace.root())));
        paths.extend(sources);
        executables.insert((*name).to_owned(), (path.to_owned(), Stamp::of(path).ok()?));
    }
    Some(Memory {
        rules: RULES,
        packages: order.packages.iter().map(ToString::to_string).collect(),
        variables: variables(),
        inputs: paths.into_iter().map(|path| (path.clone(), Stamp::of(&path).ok())).collect(),
        executables,
    })
}

/// The files that cargo says a binary was made from: `binary: one two with\ space`.
fn sources(made_from: &str, root: &Path) -> Vec<PathBuf> {
    let Some((_, files)) = made_from.split_once(": ") else { return Vec::new() };
    let files = files.trim_end().replace("\\ ", "\0");
    files.split(' ').filter(|file| !file.is_empty()).map(|file| root.join(file.replace('\0', " "))).collect()
}

/// The manifest of the package that a file belongs to.
fn manifest(source: &Path, root: &Path) -> Option<PathBuf> {
    let folders = source.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    folders.map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// What cargo reads besides sources and manifests, whether it is there or not.
fn settings(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let root = workspace.root();
    let mut paths: BTreeSet<_> = ["Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"].map(|name| root.join(name)).into();
    let homes = [env::var_os("CARGO_HOME").map(PathBuf::from), env::home_dir().map(|home| home.join(".cargo"))];
    let folders = root.ancestors().map(|folder| folder.join(".cargo")).chain(homes.into_iter().flatten());
    paths.extend(folders.flat_map(|folder| ["config.toml", "config"].map(|name| folder.join(name))));
    // Another toolchain is another cargo.
    paths.extend(env::var_os("CARGO").map(PathBuf::from));
    paths
}

fn variables() -> BTreeMap<String, String> {
    let listened_to = |name: &str| name.starts_with("CARGO") || name.starts_with("RUST") || ["CC", "CFLAGS", "PATH"].contains(&name);
    let variables = env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    variables.filter(|(name, _)| listened_to(name)).collect()
}

fn file(workspace: &Workspace, order: Order<'_>) -> PathBuf {
    let machine = order.machine.map_or("here", |machine| machine.name());
    workspace.scratch().join("builds").join(format!("{}-{machine}.json", order.profile.name()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;
    use crate::artifacts::Profile;

    const ORDER: Order<'_> = Order { packages: &["deploy"], profile: Profile::Dev, machine: None };

    /// A repository in which `deploy` was built from two files a minute ago.
    fn repository(folder: &Path) -> (Workspace, Built) {
        for name in ["environments", "deploy/src", "target/debug"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        for name in ["Cargo.toml", "Cargo.lock", "deploy/Cargo.toml", "deploy/src/main.rs", "deploy/src/a b.rs"] {
            fs::write(folder.join(name), "").unwrap();
            let file = File::options().append(true).open(folder.join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        }
        let binary = folder.join("target/debug/deploy");
        fs::write(&binary, "binary").unwrap();
        let root = folder.display();
        let made_from = format!("{root}/target/debug/deploy: {root}/deploy/src/main.rs {root}/deploy/src/a\\ b.rs\n");
        fs::write(binary.with_extension("d"), made_from).unwrap();
        let workspace = Workspace::at(folder);
        let built = Built::of([("deploy".to_owned(), binary)]);
        remember(&workspace, ORDER, &built, SystemTime::now() - Duration::from_secs(30));
        (workspace, built)
    }

    #[test]
    fn cargo_is_not_asked_again_while_nothing_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, built) = repository(folder.path());

        let recalled = recall(&workspace, ORDER).expect("every command would wait for cargo");

        assert_eq!(recalled.executable("deploy").unwrap(), built.executable("deploy").unwrap());
    }

    #[test]
    fn whatever_a_build_depends_on_makes_cargo_look_again() {
        let changed =
            ["deploy/src/main.rs", "deploy/src/a b.rs", "deploy/Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "target/debug/deploy"];

        let recalled = changed.map(|name| {
            let folder = tempfile::tempdir().unwrap();
            let (workspace, _) = repository(folder.path());
            fs::write(folder.path().join(name), "changed").unwrap();
            recall(&workspace, ORDER).is_some()
        });

        assert_eq!(recalled, [false; 6], "yesterday's binary would be deployed: {changed:?}");
    }

    #[test]
    fn another_order_is_another_build() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, _) = repository(folder.path());

        let more = recall(&workspace, Order { packages: &["deploy", "smoke"], ..ORDER });
        let smaller = recall(&workspace, Order { profile: Profile::Lambda, ..ORDER });

        assert!(more.is_none() && smaller.is_none(), "a binary would be missing, or a slow one shipped");
    }

    #[test]
    fn a_file_that_changed_during_the_build_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let (workspace, built) = repository(folder.path());
        fs::remove_file(file(&workspace, ORDER)).unwrap();
        fs::write(folder.path().join("deploy/src/main.rs"), "changed meanwhile").unwrap();

        remember(&workspace, ORDER, &built, SystemTime::now() - Duration::from_secs(30));

        assert!(recall(&workspace, ORDER).is_none(), "nobody knows which version was built");
    }
}
