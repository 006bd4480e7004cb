//! `cargo xtask bench reproducible`: two people build the same sources, and the same bytes must come of it.
//!
//! The second has the sources, the build and the home in other folders than the first. Both start from nothing, with the functions
//! that a deploy calls, so it takes as long as two first deploys.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::child::timed;
use super::copy::mirror;
use super::difference::{differences, names_folder};
use super::{Error, Figure, Workspace, make_folder, stats};
use crate::artifacts::{self, Machine, Order, Profile, Shipped};
use crate::interrupts::Interrupts;
use crate::progress::{Building, Terminal};

/// What the second person has in the home from before, so that nothing is fetched twice: cargo's downloads, not what it unpacked.
const DOWNLOADS: [&str; 4] = ["registry/index", "registry/cache", "git/db", "config.toml"];

/// Somebody who builds.
struct Person {
    name: &'static str,
    workspace: Workspace,
    /// Another home than ours.
    home: Option<PathBuf>,
}

/// What came of it.
struct Build {
    cpu_seconds: Option<f64>,
    wall_seconds: f64,
    /// For each binary its bytes and the digest of its zip.
    shipped: Vec<(Vec<u8>, String)>,
}

pub(super) fn measure(
    workspace: &Workspace,
    shipped: &[&str],
    terminal: Terminal,
    interrupts: &Interrupts,
    tell: &dyn Fn(&str),
) -> Result<Vec<Figure>, Error> {
    let folder = workspace.scratch().join("bench/reproducible");
    let (ours, theirs) = (folder.join("one"), folder.join("another folder"));
    let people = [
        Person { name: "one", workspace: Workspace::in_folders(&ours.join("sources"), &ours.join("target")), home: None },
        Person {
            name: "another",
            workspace: Workspace::in_folders(&theirs.join("the same sources"), &theirs.join("built here")),
            home: Some(theirs.join("home")),
        },
    ];
    // Both have the same sources, whatever is edited while the first one builds.
    for person in &people {
        mirror(workspace, person.workspace.root())?;
    }
    let mut builds = Vec::new();
    for person in &people {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        let build = build(person, shipped, terminal)?;
        tell(&format!("{} built after {:.0} s", person.name, build.wall_seconds));
        builds.push(build);
    }
    let [one, other] = builds.as_slice() else { return Ok(Vec::new()) };

    let mut figures = Vec::new();
    for (name, (mine, others)) in shipped.iter().zip(one.shipped.iter().zip(&other.shipped)) {
        let different = differences(&mine.0, &others.0);
        different.lines.iter().for_each(|line| tell(&format!("{name}: {line}")));
        let note = if mine.1 == others.1 { format!("the zip is {} both times", mine.1) } else { format!("{} and {}", mine.1, others.1) };
        figures.push(Figure::new(format!("{name}: bytes that differ"), different.bytes as f64, "B").at_most(0.0).note(note));
        // The same zip from two different binaries would be as wrong as two from one.
        let zips = f64::from(u8::from(mine.1 != others.1));
        figures.push(Figure::new(format!("{name}: zips that differ"), zips, "").at_most(0.0));
        let named: Vec<_> = private(&folder).into_iter().filter(|folder| names_folder(&mine.0, folder)).collect();
        named.iter().for_each(|folder| tell(&format!("{name} names `{}`", folder.display())));
        figures.push(Figure::new(format!("{name}: folders of this machine"), named.len() as f64, "").at_most(0.0));
    }
    let cpu: Option<Vec<f64>> = builds.iter().map(|build| build.cpu_seconds).collect();
    let wall: Vec<f64> = builds.iter().map(|build| build.wall_seconds).collect();
    let mut figure =
        Figure::new("a clean build for AWS", stats::median(&wall).unwrap_or_default(), "s").note("median of two, by the clock");
    figure.add("cpu_s", cpu.and_then(|cpu| stats::median(&cpu)));
    figures.push(figure);
    Ok(figures)
}

fn build(person: &Person, shipped: &[&str], terminal: Terminal) -> Result<Build, Error> {
    let target = person.workspace.target();
    for gone in [Some(target), person.home.as_deref()].into_iter().flatten() {
        remove(gone)?;
    }
    if let Some(home) = &person.home {
        furnish(home)?;
    }
    let machine = Machine::host();
    let order = Order { packages: shipped, profile: Profile::Lambda, machine };
    let building = Building::new(format!("the functions for AWS, by {}", person.name), terminal);
    let (took, built) = timed(|| Ok(artifacts::build_for(person.home.as_deref(), &person.workspace, order, &building)?))?;

    // The same check that a deploy makes; a machine that Lambda does not have has failed to build long before.
    let machine = machine.unwrap_or(Machine::X86_64);
    let functions: Vec<_> = shipped.iter().map(|name| Shipped { name, entry: artifacts::BOOTSTRAP, machine }).collect();
    let zips = artifacts::pack(&functions, &built, Profile::Lambda, &target.join("zips"))?;
    let mut shipped = Vec::new();
    for zip in zips {
        let path = built.executable(&zip.name)?;
        let bytes = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        shipped.push((bytes, zip.sha256));
    }
    Ok(Build { cpu_seconds: took.cpu_seconds, wall_seconds: took.wall_seconds, shipped })
}

/// Our folders: none may be named in what is shipped.
fn private(ours: &Path) -> Vec<PathBuf> {
    let variables = ["CARGO_HOME", "RUSTUP_HOME"].map(|name| env::var_os(name).map(PathBuf::from));
    let homes = env::home_dir().into_iter().flat_map(|home| [home.join(".cargo"), home.join(".rustup")]);
    let folders = [ours.to_owned()].into_iter().chain(variables.into_iter().flatten()).chain(homes);
    let mut folders: Vec<_> = folders.collect();
    folders.dedup();
    folders
}

/// A home with cargo's downloads of ours in it. What cargo unpacks, it unpacks there again.
fn furnish(home: &Path) -> Result<(), Error> {
    let ours = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let Some(ours) = ours else { return make_folder(home) };
    for name in DOWNLOADS {
        let (from, to) = (ours.join(name), home.join(".cargo").join(name));
        if from.exists() {
            make_folder(to.parent().unwrap_or(home))?;
            std::os::unix::fs::symlink(&from, &to).map_err(|source| Error::Write { path: to, source })?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Write { path: folder.to_owned(), source }),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_home_has_nothing_of_ours_but_the_downloads() {
        let folder = tempfile::tempdir().unwrap();

        furnish(folder.path()).unwrap();

        assert!(!folder.path().join(".cargo/registry/src").exists(), "both builds would read the same folder, and never differ in it");
    }

    #[test]
    fn a_folder_that_is_not_there_need_not_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        fs::create_dir_all(built.join("lambda")).unwrap();

        remove(&built).unwrap();

        assert!(!built.exists(), "the second build would start from the first");
        remove(&built).unwrap();
    }
}
