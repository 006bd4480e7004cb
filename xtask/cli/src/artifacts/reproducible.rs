//! Builds whose bytes depend on the sources, the lock file and the toolchain, and on nothing else of the machine that builds.
//!
//! Left alone, a binary carries the folder of every source file (panics name them), and what a person has set for himself changes it
//! unseen. So folders get names that are the same everywhere, and only what stands in the repository decides how a binary is made.
//! Cargo's own answer, `trim-paths`, is not stable yet.
//!
//! None of it touches the edit loop: these builds have a profile, and so a folder, of their own.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::Error;
use super::cargo::cargo;
use super::native::C_PROCESSOR;
use crate::progress::Building;
use crate::workspace::Workspace;

/// Counts the changes of this file that change bytes, so that no build from before is taken for one of now.
pub(super) const RULES: u32 = 2;

/// 1 January 1980, as everywhere in the zips: C's `__DATE__` and build scripts that write the time of a build go by it.
const SOURCE_DATE_EPOCH: &str = "315532800";

/// Between the flags in `CARGO_ENCODED_RUSTFLAGS`, so that folders may have spaces in their names.
const SEPARATOR: &str = "\u{1f}";

/// Where this machine keeps what a binary is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    workspace: PathBuf,
    target: PathBuf,
    /// The folders that hold the unpacked sources of dependencies, one folder per crate. With a mirror, a folder of another name.
    registries: Vec<PathBuf>,
    /// The folders of checked out git dependencies.
    checkouts: Vec<PathBuf>,
    /// The sources of the standard library, when they are installed: only then does rustc name their folder.
    library: PathBuf,
    /// What rustc calls that folder when they are not.
    library_name: String,
}

/// The parts of `cargo metadata` that matter here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    source: Option<String>,
    manifest_path: PathBuf,
}

impl Places {
    /// Asks cargo and rustc for them. Cargo fetches what is missing, since nobody knows where that will lie before.
    pub(super) fn find(workspace: &Workspace, home: Option<&Path>, building: &Building) -> Result<Self, Error> {
        let metadata = answer(at_home(cargo(), home).args(["metadata", "--format-version", "1"]), workspace, building)?;
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let sysroot = answer(at_home(Command::new(&rustc), home).args(["--print", "sysroot"]), workspace, building)?;
        let version = answer(at_home(Command::new(&rustc), home).arg("-vV"), workspace, building)?;
        let metadata = serde_json::from_str(&metadata).map_err(|source| Error::Message { line: shortened(&metadata), source })?;
        Ok(Self::of(metadata, Path::new(sysroot.trim_end()), &version))
    }

    fn of(metadata: Metadata, sysroot: &Path, version: &str) -> Self {
        let (mut registries, mut checkouts) = (Vec::new(), Vec::new());
        for package in &metadata.packages {
            let folder = package.manifest_path.parent();
            match package.source.as_deref() {
                None => {}
                // `…/git/checkouts/<name>-<hash of its address>/<commit>/…`: the same everywhere from there on.
                Some(source) if source.starts_with("git+") => {
                    checkouts.extend(package.manifest_path.ancestors().find(|folder| folder.ends_with("checkouts")).map(Path::to_owned));
                }
                Some(_) => registries.extend(folder.and_then(Path::parent).map(Path::to_owned)),
            }
        }
        for folders in [&mut registries, &mut checkouts] {
            folders.sort();
            folders.dedup();
        }
        let said = |key: &str| version.lines().find_map(|line| line.strip_prefix(key)).map(str::trim).filter(|word| *word != "unknown");
        let commit = said("commit-hash:").or_else(|| said("release:")).unwrap_or("unknown");
        Self {
            workspace: metadata.workspace_root,
            target: metadata.target_directory,
            registries,
            checkouts,
            library: sysroot.join("lib/rustlib/src/rust"),
            library_name: format!("/rustc/{commit}"),
        }
    }

    /// Each folder with the name that it gets. Compilers take the last that fits, so inner folders come after those around them.
    fn names(&self) -> Vec<(&Path, &str)> {
        let mut names = vec![(self.workspace.as_path(), "/workspace"), (self.target.as_path(), "/target")];
        names.extend(self.registries.iter().map(|folder| (folder.as_path(), "/registry")));
        names.extend(self.checkouts.iter().map(|folder| (folder.as_path(), "/git")));
        names.push((self.library.as_path(), self.library_name.as_str()));
        names.sort_by_key(|(folder, _)| folder.components().count());
        names
    }

    /// What rustc is told.
    fn rustflags(&self) -> OsString {
        let remaps = self.names().into_iter().map(|(folder, name)| joined("--remap-path-prefix=", folder, name));
        // A build ID says nothing that the digest of the zip does not; some distributions' C compilers ask for one, others do not.
        // Other systems' linkers do not know the word, and what they link is refused by Lambda anyway.
        let linker = cfg!(target_os = "linux").then(|| OsString::from("-Clink-arg=-Wl,--build-id=none"));
        remaps.chain(linker).collect::<Vec<_>>().join(OsStr::new(SEPARATOR))
    }

    /// What C compilers are told: `__FILE__` in an assertion is a folder too. Quoted as for a shell.
    fn cflags(&self) -> OsString {
        let remaps = self.names().into_iter().map(|(folder, name)| quoted(&joined("-ffile-prefix-map=", folder, name)));
        remaps.collect::<Vec<_>>().join(OsStr::new(" "))
    }

    /// Makes a `cargo build` deaf to the machine: its folders get their names, and what the environment says about how to compile is
    /// dropped, whether it would change bytes or not.
    pub(super) fn settle(&self, command: &mut Command) {
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(is_personal) {
                command.env_remove(name);
            }
        }
        command
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustflags())
            .env("CC_SHELL_ESCAPED_FLAGS", "1")
            .env("CFLAGS", self.cflags())
            .env("CXXFLAGS", self.cflags())
            .env(C_PROCESSOR.0, C_PROCESSOR.1)
            .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH);
    }
}

/// Whether a variable would make one person's binaries other than everybody's. A linker, or a C compiler for another machine, may be
/// needed to build at all and stays.
fn is_personal(variable: &str) -> bool {
    variable == "RUSTFLAGS"
        || variable.starts_with("CARGO_PROFILE_")
        // llama.cpp's settings, and those that CMake hands on to it.
        || variable.starts_with("GGML_")
        || variable.starts_with("CMAKE_")
        || (variable.starts_with("CARGO_") && variable.ends_with("_RUSTFLAGS"))
}

/// The command as somebody with another home would start it: nothing of theirs but the toolchains, which are the same.
pub(super) fn at_home(mut command: Command, home: Option<&Path>) -> Command {
    let Some(home) = home else { return command };
    let rustup = env::var_os("RUSTUP_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".rustup")));
    if let Some(rustup) = rustup.filter(|folder| folder.is_dir()) {
        command.env("RUSTUP_HOME", rustup);
    }
    command.env("HOME", home).env("CARGO_HOME", home.join(".cargo"));
    command
}

/// What a program says on stdout; what it says on stderr is told when it fails.
fn answer(command: &mut Command, workspace: &Workspace, building: &Building) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let line = format!("{program} {}", words.join(" "));
    // The target folder is named in every build, so cargo is asked with the same one.
    let command = command.current_dir(workspace.root()).env("CARGO_TARGET_DIR", workspace.target()).stdin(Stdio::null());
    let output = command.output().map_err(|source| Error::NoTool { program, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    String::from_utf8_lossy(&output.stderr).lines().for_each(|line| building.line(line));
    building.end();
    Err(Error::Build { command: line })
}

fn joined(flag: &str, folder: &Path, name: &str) -> OsString {
    let mut joined = OsString::from(flag);
    joined.push(folder);
    joined.push("=");
    joined.push(name);
    joined
}

/// One word for whoever splits as a shell does; as it is where that makes no difference, for those who split at spaces.
fn quoted(word: &OsStr) -> OsString {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_=.,+:@%".contains(byte) || !byte.is_ascii();
    if word.as_encoded_bytes().iter().all(plain) {
        return word.to_owned();
    }
    OsString::from(format!("'{}'", word.to_string_lossy().replace('\'', r"'\''")))
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
