//! What a binary asks of the machine that will run it, read from the binary itself.
//!
//! A function that cannot be loaded deploys without a complaint and fails at its first event, with a message about a file that does
//! not exist. All of it stands in the ELF headers, so it is said before anything is sent.

use std::fmt;
use std::fs::File;
use std::path::Path;

use object::read::ReadCache;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, elf};
use serde::{Deserialize, Serialize};

use super::Error;

/// The newest glibc that Amazon Linux 2023 has.
pub(crate) const NEWEST_GLIBC: Glibc = Glibc(2, 34);

/// The newest `GLIBCXX_3.4.…` that its C++ library has, which is GCC 11's.
pub(crate) const NEWEST_CXX: u32 = 29;

/// Shared libraries of Amazon Linux 2023 that a Rust binary may need: glibc's own and the compiler's runtime.
const LIBRARIES: [&str; 11] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
];

/// A machine that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Machine {
    X86_64,
    Arm64,
}

impl Machine {
    /// The machine that this program itself was built for, and so the one that cargo builds for when not told otherwise.
    pub(crate) const fn host() -> Option<Self> {
        if cfg!(target_arch = "x86_64") {
            Some(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Some(Self::Arm64)
        } else {
            None
        }
    }

    /// Lambda's word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Rust's word for it.
    pub(crate) const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// Where the loader of programs is that are linked with glibc.
    pub(super) const fn loader(self) -> &'static str {
        match self {
            Self::X86_64 => "/lib64/ld-linux-x86-64.so.2",
            Self::Arm64 => "/lib/ld-linux-aarch64.so.1",
        }
    }
}

/// A version of glibc: `2.34`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Glibc(u32, u32);

impl Glibc {
    pub(super) const fn new(major: u32, minor: u32) -> Self {
        Self(major, minor)
    }

    /// Reads a symbol version such as `GLIBC_2.34` or `GLIBC_2.2.5`; none for other words, such as `GLIBC_PRIVATE`.
    fn of_symbol(version: &str) -> Option<Self> {
        let mut numbers = version.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a binary asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Needs {
    /// None for a machine that Lambda does not have.
    machine: Option<Machine>,
    /// None for a static binary, which needs none.
    loader: Option<String>,
    glibc: Option<Glibc>,
    /// The last number of the newest `GLIBCXX_3.4.…`; none for a program without C++.
    cxx: Option<u32>,
    libraries: Vec<String>,
}

impl Needs {
    /// Reads them from a binary.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&ReadCache::new(file)).map_err(|source| Error::NotElf { path: path.to_owned(), source })
    }

    fn parse(data: &ReadCache<File>) -> object::read::Result<Self> {
        let header = elf::FileHeader64::<Endianness>::parse(data)?;
        let endian = header.endian()?;
        let machine = match header.e_machine(endian) {
            elf::EM_X86_64 => Some(Machine::X86_64),
            elf::EM_AARCH64 => Some(Machine::Arm64),
            _ => None,
        };

        let mut loader = None;
        for segment in header.program_headers(endian, data)? {
            if let Some(path) = segment.interpreter(endian, data)? {
                loader = Some(text(path));
            }
        }

        let sections = header.sections(endian, data)?;
        let (mut glibc, mut cxx) = (None, None);
        if let Some((mut files, link)) = sections.gnu_verneed(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            while let Some((_, mut versions)) = files.next()? {
                while let Some(version) = versions.next()? {
                    let name = text(version.name(endian, strings)?);
                    glibc = glibc.max(Glibc::of_symbol(&name));
                    cxx = cxx.max(name.strip_prefix("GLIBCXX_3.4.").and_then(|number| number.parse().ok()));
                }
            }
        }

        let mut libraries = Vec::new();
        if let Some((entries, link)) = sections.dynamic(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            for entry in entries.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED) {
                libraries.push(text(entry.string(endian, strings)?));
            }
        }

        Ok(Self { machine, loader, glibc, cxx, libraries })
    }

    /// The shared objects that it names itself.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &str> {
        self.libraries.iter().map(String::as_str)
    }

    /// Whether something has to load it.
    pub(super) const fn has_loader(&self) -> bool {
        self.loader.is_some()
    }

    /// Whether a machine can run it.
    pub(super) fn is_for(&self, machine: Machine) -> bool {
        self.machine == Some(machine)
    }

    /// Whether Lambda's Amazon Linux 2023 has all of it.
    pub(crate) fn check(&self, name: &str, expected: Machine) -> Result<(), Error> {
        let name = || name.to_owned();
        if self.machine != Some(expected) {
            return Err(Error::Machine { name: name(), actual: self.machine, expected });
        }
        if let Some(actual) = self.loader.as_ref().filter(|loader| *loader != expected.loader()) {
            return Err(Error::Loader { name: name(), actual: actual.clone(), expected: expected.loader() });
        }
        if let Some(needed) = self.glibc.filter(|needed| NEWEST_GLIBC < *needed) {
            return Err(Error::Glibc { name: name(), needed });
        }
        if let Some(needed) = self.cxx.filter(|needed| NEWEST_CXX < *needed) {
            return Err(Error::Cxx { name: name(), needed });
        }
        match self.libraries.iter().find(|library| !LIBRARIES.contains(&library.as_str())) {
            Some(library) => Err(Error::Library { name: name(), library: library.clone() }),
            None => Ok(()),
        }
    }
}

/// The newest version of glibc that a library says it is; none for one that is not glibc's.
pub(super) fn newest_defined(path: &Path) -> Result<Option<Glibc>, Error> {
    let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    defined(&ReadCache::new(file)).map_err(|source| Error::NotElf { path: path.to_owned(), source })
}

fn defined(data: &ReadCache<File>) -> object::read::Result<Option<Glibc>> {
    let header = elf::FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut newest = None;
    if let Some((mut versions, link)) = sections.gnu_verdef(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        while let Some((_, mut names)) = versions.next()? {
            // The first name is the version's own; others are those that it follows.
            if let Some(name) = names.next()? {
                newest = newest.max(Glibc::of_symbol(&text(name.name(endian, strings)?)));
            }
        }
    }
    Ok(newest)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordinary() -> Needs {
        Needs {
            machine: Some(Machine::X86_64),
            loader: Some("/lib64/ld-linux-x86-64.so.2".to_owned()),
            glibc: Glibc::of_symbol("GLIBC_2.34"),
            cxx: None,
            libraries: vec!["libc.so.6".to_owned(), "libgcc_s.so.1".to_owned()],
        }
    }

    fn refusal(needs: &Needs, expected: Machine) -> String {
        needs.check("transcode", expected).unwrap_err().to_string()
    }

    #[test]
    fn this_very_test_is_read_as_a_program_of_this_machine() {
        let this = std::env::current_exe().unwrap();

        let needs = Needs::read(&this).unwrap();

        assert_eq!(needs.machine, Machine::host(), "every function would be refused, or none");
        assert!(needs.glibc.is_some_and(|glibc| Glibc(2, 0) < glibc), "a glibc that is too new would go unnoticed: {needs:?}");
        assert!(needs.loader.is_some_and(|loader| loader.contains("ld-linux")), "a loader from elsewhere would go unnoticed");
        assert!(needs.libraries.contains(&"libc.so.6".to_owned()), "a missing library would go unnoticed");
    }

    #[test]
    fn a_shell_script_is_not_a_program() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "#!/bin/sh\nexit 0\n").unwrap();

        let error = Needs::read(file.path()).unwrap_err();

        assert!(error.to_string().contains("is no 64-bit ELF program"), "{error}");
    }

    #[test]
    fn what_amazon_linux_has_is_accepted() {
        let newest = ordinary();

        let answer = newest.check("transcode", Machine::X86_64);

        assert!(answer.is_ok(), "nothing could ever be deployed: {answer:?}");
    }

    #[test]
    fn a_binary_for_another_machine_is_refused_naming_both() {
        let needs = ordinary();

        let error = refusal(&needs, Machine::Arm64);

        assert_eq!(error, "`transcode` is built for x86_64, but its function's architecture is arm64");
    }

    #[test]
    fn a_newer_glibc_is_refused_although_ten_sorts_before_nine_as_text() {
        let needs = Needs { glibc: Glibc::of_symbol("GLIBC_2.100"), ..ordinary() };

        let error = refusal(&needs, Machine::X86_64);

        assert_eq!(error, "`transcode` needs glibc 2.100, but Amazon Linux 2023 has 2.34");
    }

    #[test]
    fn a_newer_cxx_library_is_refused() {
        let error = refusal(&Needs { cxx: Some(30), ..ordinary() }, Machine::X86_64);

        assert_eq!(error, "`transcode` needs GLIBCXX_3.4.30 of libstdc++, but Amazon Linux 2023 has GLIBCXX_3.4.29");
        assert!(Needs { cxx: Some(29), ..ordinary() }.check("transcode", Machine::X86_64).is_ok());
    }

    #[test]
    fn a_loader_that_exists_on_one_machine_only_is_refused() {
        let needs = Needs { loader: Some("/nix/store/x-glibc-2.34/lib/ld-linux-x86-64.so.2".to_owned()), ..ordinary() };

        let error = refusal(&needs, Machine::X86_64);

        assert!(error.contains("asks for the loader `/nix/store/"), "Lambda would say that bootstrap does not exist: {error}");
    }

    #[test]
    fn a_library_that_lambda_lacks_is_refused_by_name() {
        let needs = Needs { libraries: vec!["libc.so.6".to_owned(), "libturbojpeg.so.0".to_owned()], ..ordinary() };

        let error = refusal(&needs, Machine::X86_64);

        assert!(error.contains("`libturbojpeg.so.0`"), "the first picture would find out: {error}");
    }

    #[test]
    fn words_that_are_no_versions_are_passed_over() {
        let words = ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_2", ""];

        let versions = words.map(Glibc::of_symbol);

        assert_eq!(versions, [None; 4], "a word would be taken for a version");
        assert_eq!(Glibc::of_symbol("GLIBC_2.2.5"), Some(Glibc(2, 2)), "the third number does not matter, but must not hide the others");
    }
}
