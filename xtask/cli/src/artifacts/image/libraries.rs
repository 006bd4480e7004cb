//! The shared objects that a program needs, and those that they need, where the linker found them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::elf::{Glibc, Needs, newest_defined};
use super::super::{Error, Machine};

/// The glibc from which on `libc.so.6` resolves names without a library that is loaded for it while running.
const RESOLVES_BY_ITSELF: Glibc = Glibc::new(2, 34);

const LIBC: &str = "libc.so.6";

/// Name → content of every shared object, the loader among them. None for a static program.
pub(super) fn gather(needs: &Needs, machine: Machine) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let linker = linker(machine);
    let found = closure(needs, machine, |name| ask(&linker, name))?;
    if let Some(libc) = found.get(LIBC) {
        let actual = newest_defined(libc)?;
        if actual.is_none_or(|actual| actual < RESOLVES_BY_ITSELF) {
            return Err(Error::OldGlibc { path: libc.clone(), actual, wanted: RESOLVES_BY_ITSELF });
        }
    }
    let read = |(name, path): (String, PathBuf)| match fs::read(&path) {
        Ok(content) => Ok((name, content)),
        Err(source) => Err(Error::Read { path, source }),
    };
    found.into_iter().map(read).collect()
}

/// Where each of them is.
fn closure(needs: &Needs, machine: Machine, find: impl Fn(&str) -> Result<PathBuf, Error>) -> Result<BTreeMap<String, PathBuf>, Error> {
    let mut found = BTreeMap::new();
    let mut open: Vec<String> = needs.libraries().map(str::to_owned).collect();
    open.extend(needs.has_loader().then(|| file_name(machine.loader())));
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let path = find(&name)?;
        let own = Needs::read(&path)?;
        if !own.is_for(machine) {
            return Err(Error::LibraryMachine { path, expected: machine });
        }
        open.extend(own.libraries().map(str::to_owned));
        found.insert(name, path);
    }
    Ok(found)
}

fn file_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// What rustc links with for a machine, and so whoever knows where the libraries are: named as cargo wants it, or as distributions do.
fn linker(machine: Machine) -> OsString {
    let triple = machine.target().to_uppercase().replace('-', "_");
    env::var_os(format!("CARGO_TARGET_{triple}_LINKER")).unwrap_or_else(|| {
        let name = match machine {
            _ if Some(machine) == Machine::host() => "cc",
            Machine::X86_64 => "x86_64-linux-gnu-gcc",
            Machine::Arm64 => "aarch64-linux-gnu-gcc",
        };
        OsString::from(name)
    })
}

/// Where a compiler would take a library from; it repeats the bare name of one that it does not know.
fn ask(linker: &OsString, name: &str) -> Result<PathBuf, Error> {
    let program = || linker.to_string_lossy().into_owned();
    let missing = || Error::NoLibrary { linker: program(), library: name.to_owned() };
    let output = Command::new(linker)
        .arg(format!("-print-file-name={name}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::NoLinker { linker: program(), source })?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() && path.is_absolute() { fs::canonicalize(&path).map_err(|_| missing()) } else { Err(missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Machine = match Machine::host() {
        Some(machine) => machine,
        None => Machine::X86_64,
    };

    fn this_test() -> Needs {
        Needs::read(&env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn what_a_library_needs_comes_with_it() {
        let found = gather(&this_test(), HERE).unwrap();

        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        let loader = file_name(HERE.loader());
        assert!(names.contains(&LIBC) && names.contains(&loader.as_str()), "the program could not be loaded: {names:?}");
        assert!(found.values().all(|content| content.starts_with(b"\x7fELF")), "a linker script would be shipped for a library");
    }

    #[test]
    fn a_library_that_the_linker_does_not_know_is_named() {
        let error = ask(&OsString::from("cc"), "libnobody-has-it.so.7").unwrap_err();

        assert_eq!(error.to_string(), "`cc` knows no library `libnobody-has-it.so.7`, which the program needs");
    }

    #[test]
    fn a_library_of_another_machine_is_refused() {
        let other = if HERE == Machine::X86_64 { Machine::Arm64 } else { Machine::X86_64 };
        let here = |name: &str| ask(&OsString::from("cc"), if name.starts_with("ld-") { LIBC } else { name });

        let error = closure(&this_test(), other, here).unwrap_err();

        assert!(error.to_string().ends_with(&format!("is no library for {}", other.name())), "the container would never start: {error}");
    }
}
