//! Why a binary cannot be built or shipped.

use std::io;
use std::path::PathBuf;

use super::Machine;
use super::elf::{Glibc, NEWEST_CXX, NEWEST_GLIBC};
use super::pack::MAXIMUM_UNZIPPED;
use super::secrets::Secret;
use crate::error::causes;
use crate::python;

/// Why a binary cannot be built or shipped. Whichever it is, nothing has been sent yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("`{program}` cannot be started")]
    NoTool { program: String, source: io::Error },

    #[error(transparent)]
    Python(#[from] python::Error),

    #[error("`{compiler}` cannot be started, and packages with C++ inside need it")]
    NoCompiler { compiler: String, source: io::Error },

    #[error("no assembler for the picture codecs: {why}")]
    NoAssembler { why: String },

    #[error("`{command}` failed")]
    Build { command: String },

    #[error("`{command}` was stopped by signal {signal}")]
    Stopped { command: String, signal: i32 },

    #[error("cargo said something that cannot be understood: `{line}`")]
    Message { line: String, source: serde_json::Error },

    #[error("cargo built no binary called `{name}`")]
    NotBuilt { name: String },

    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("`{}` holds what looks like {}", path.display(), listed(secrets))]
    Secrets { path: PathBuf, secrets: Vec<Secret> },

    #[error("cannot zip `{name}`")]
    Zip { name: String, source: zip::result::ZipError },

    #[error("`{}` is no 64-bit ELF program for Linux", path.display())]
    NotElf { path: PathBuf, source: object::read::Error },

    #[error("`{name}` is built for {}, but its function's architecture is {}", actual.as_ref().map_or("another machine", |machine| machine.name()), expected.name())]
    Machine { name: String, actual: Option<Machine>, expected: Machine },

    #[error("`{name}` needs glibc {needed}, but Amazon Linux 2023 has {NEWEST_GLIBC}")]
    Glibc { name: String, needed: Glibc },

    #[error("`{name}` needs GLIBCXX_3.4.{needed} of libstdc++, but Amazon Linux 2023 has GLIBCXX_3.4.{NEWEST_CXX}")]
    Cxx { name: String, needed: u32 },

    #[error("`{name}` asks for the loader `{actual}`, but Amazon Linux 2023 has `{expected}`")]
    Loader { name: String, actual: String, expected: &'static str },

    #[error("`{name}` needs the library `{library}`, which Amazon Linux 2023 does not have in Lambda")]
    Library { name: String, library: String },

    #[error("cannot pack an image of `{name}`")]
    Image { name: &'static str, source: io::Error },

    #[error("`{}` is neither empty nor an image layout", path.display())]
    NoLayout { path: PathBuf },

    #[error("`{linker}` cannot be started, and it knows where the libraries of an image are")]
    NoLinker { linker: String, source: io::Error },

    #[error("`{linker}` knows no library `{library}`, which the program needs")]
    NoLibrary { linker: String, library: String },

    #[error("`{}` is no library for {}", path.display(), expected.name())]
    LibraryMachine { path: PathBuf, expected: Machine },

    #[error("`{}` is glibc {}, but an image needs {wanted} or newer, which resolves names by itself", path.display(), actual.map_or("of no known version".to_owned(), |actual| actual.to_string()))]
    OldGlibc { path: PathBuf, actual: Option<Glibc>, wanted: Glibc },

    #[error("`{name}` is {} MiB unzipped, but Lambda takes {} MiB", bytes / 1024 / 1024, MAXIMUM_UNZIPPED / 1024 / 1024)]
    TooLarge { name: String, bytes: u64 },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let what = match self {
            // It says itself that nothing was sent.
            Self::Python(error) => return error.hint(),
            Self::NoCompiler { .. } => "install a C++ compiler (Debian: `apt install g++`)".to_owned(),
            Self::NoAssembler { .. } => {
                "install nasm 2.13 or newer (Debian, Ubuntu: `apt update && apt install nasm`, Fedora: `dnf install nasm`, macOS: `brew install nasm`)"
                    .to_owned()
            }
            Self::NoTool { .. } => "install Rust from https://rustup.rs, or set CARGO to the cargo to use (RUSTC: the compiler)".to_owned(),
            Self::Build { .. } => "the compiler's messages are above".to_owned(),
            Self::Stopped { .. } => "build again to go on where it stopped".to_owned(),
            Self::Message { .. } => "is CARGO set to something other than cargo?".to_owned(),
            Self::NotBuilt { name } => format!("the package `{name}` needs a binary of the same name"),
            Self::Read { .. } | Self::Write { .. } | Self::Zip { .. } => {
                "check the space and the permissions of the target folder".to_owned()
            }
            Self::Secrets { .. } => {
                "take it out of the sources and revoke it, since it may be in git already; functions get credentials from their role"
                    .to_owned()
            }
            Self::NotElf { .. } => "Lambda runs Linux programs: build on Linux, or for a Linux target".to_owned(),
            Self::Machine { expected, .. } => format!(
                "change `architecture` in the environment's file, or build for it: `rustup target add {}` and a linker for it",
                expected.target()
            ),
            Self::Glibc { .. } => {
                format!("build where glibc is {NEWEST_GLIBC} or older (Debian 12, Ubuntu 22.04, Amazon Linux 2023), or with cargo-zigbuild")
            }
            Self::Cxx { .. } => "build with GCC 11 or older, or where that is the compiler (Ubuntu 22.04, Amazon Linux 2023)".to_owned(),
            Self::Loader { .. } => "build with the distribution's own toolchain, or for a musl target (which needs no loader)".to_owned(),
            Self::Library { .. } => "link it statically, most crates have a feature for that (`vendored`, `bundled`, `static`)".to_owned(),
            Self::Image { .. } => "check that its files can be read and that memory is left: the image is packed in it".to_owned(),
            Self::NoLayout { .. } => "name a folder that is not there yet with `--out`: what was in it would be replaced".to_owned(),
            Self::NoLinker { .. } | Self::NoLibrary { .. } | Self::LibraryMachine { .. } => {
                "the linker must be a compiler that knows where its libraries are (Debian: `apt install gcc-aarch64-linux-gnu` for arm64); \
                 set CARGO_TARGET_<TRIPLE>_LINKER to it"
                    .to_owned()
            }
            Self::OldGlibc { .. } => "build on Debian 12, Ubuntu 22.04, Amazon Linux 2023, or newer".to_owned(),
            Self::TooLarge { .. } => "the profile `lambda` strips symbols; large data belongs in a bucket".to_owned(),
        };
        format!("nothing was sent; {what}")
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Python(error) => error.causes(),
            Self::NoTool { .. }
            | Self::NoCompiler { .. }
            | Self::NoAssembler { .. }
            | Self::Build { .. }
            | Self::Stopped { .. }
            | Self::Message { .. }
            | Self::NotBuilt { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Secrets { .. }
            | Self::Zip { .. }
            | Self::NotElf { .. }
            | Self::Machine { .. }
            | Self::Glibc { .. }
            | Self::Loader { .. }
            | Self::Library { .. }
            | Self::Cxx { .. }
            | Self::Image { .. }
            | Self::NoLayout { .. }
            | Self::NoLinker { .. }
            | Self::NoLibrary { .. }
            | Self::LibraryMachine { .. }
            | Self::OldGlibc { .. }
            | Self::TooLarge { .. } => causes(self),
        }
    }
}

/// How many credentials are named; whoever finds so many looks for one reason.
const NAMED: usize = 5;

fn listed(secrets: &[Secret]) -> String {
    let mut named: Vec<_> = secrets.iter().take(NAMED).map(ToString::to_string).collect();
    let more = secrets.len().saturating_sub(NAMED);
    named.extend((0 < more).then(|| format!("{more} more")));
    named.join(", ")
}
