//! The assembler that libjpeg-turbo's SIMD is written for.
//!
//! Without it, the codecs are built all the same, and take nearly twice the time. It is no package of cargo's or Python's (PyPI's `nasm` is
//! another program), so it is the one on the PATH, or else the distribution's, unpacked into the target folder, which takes no root.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs, io};

use super::Error;

/// The oldest version that knows AVX2 as libjpeg-turbo writes it.
const OLDEST: (u32, u32) = (2, 13);

/// Where to look for it, and where to put it.
#[derive(Debug)]
pub(super) struct Place {
    /// The folders to look in, as in `PATH`.
    pub(super) path: OsString,
    /// The folder that it is unpacked into.
    pub(super) folder: PathBuf,
}

impl Place {
    /// As this process was started.
    pub(super) fn in_target(target: &Path) -> Self {
        Self { path: env::var_os("PATH").unwrap_or_default(), folder: target.join("nasm") }
    }

    /// A `PATH` on which it is found; nothing where it is found already.
    ///
    /// The package is the distribution's own, of the version that it has, checked by its package manager's signatures.
    pub(super) fn ensure(&self, say: &dyn Fn(&str)) -> Result<Option<OsString>, Error> {
        if is_new_enough(&self.start(Path::new("nasm"), &["-v"], None)) {
            return Ok(None);
        }
        let programs = self.folder.join("usr/bin");
        let program = programs.join("nasm");
        if !is_new_enough(&self.start(&program, &["-v"], None)) {
            say("nasm: unpacking the distribution's package, for the codecs' SIMD");
            self.unpack()?;
            if !is_new_enough(&self.start(&program, &["-v"], None)) {
                return Err(Error::NoAssembler { why: format!("the distribution's is older than {}.{}", OLDEST.0, OLDEST.1) });
            }
        }
        let folders = std::iter::once(programs).chain(env::split_paths(&self.path));
        env::join_paths(folders).map(Some).map_err(|error| Error::NoAssembler { why: error.to_string() })
    }

    fn unpack(&self) -> Result<(), Error> {
        let files = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Write { path, source }
        };
        // What is half unpacked is never taken for the program.
        let half = self.folder.with_extension("new");
        for folder in [&half, &self.folder] {
            if folder.exists() {
                fs::remove_dir_all(folder).map_err(files(folder))?;
            }
        }
        fs::create_dir_all(&half).map_err(files(&half))?;
        self.run("apt-get", &["download", "nasm"], &half)?;
        let packages = fs::read_dir(&half).map_err(files(&half))?.filter_map(Result::ok).map(|entry| entry.file_name());
        let Some(package) = packages.filter_map(|name| name.into_string().ok()).find(|name| name.ends_with(".deb")) else {
            return Err(Error::NoAssembler { why: "`apt-get download nasm` brought no package".to_owned() });
        };
        self.run("dpkg", &["-x", &package, "."], &half)?;
        fs::rename(&half, &self.folder).map_err(files(&self.folder))
    }

    fn run(&self, program: &str, arguments: &[&str], folder: &Path) -> Result<(), Error> {
        let line = format!("`{program} {}`", arguments.join(" "));
        match self.start(Path::new(program), arguments, Some(folder)) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing");
                Err(Error::NoAssembler { why: format!("there is none on the PATH, and {line} failed: {last}") })
            }
            Err(error) => Err(Error::NoAssembler { why: format!("there is none on the PATH, and {line} cannot be started: {error}") }),
        }
    }

    fn start(&self, program: &Path, arguments: &[&str], folder: Option<&Path>) -> io::Result<Output> {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", &self.path).stdin(Stdio::null());
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        command.output()
    }
}

/// Whether it says so: `NASM version 2.16.01`.
fn is_new_enough(answer: &io::Result<Output>) -> bool {
    let Ok(output) = answer else { return false };
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers = said.strip_prefix("NASM version ").and_then(|rest| {
        let mut numbers = rest.split(|sign: char| !sign.is_ascii_digit()).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    output.status.success() && numbers.is_some_and(|version: (u32, u32)| OLDEST <= version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::write_program;

    /// A machine with these programs and the usual small ones.
    fn machine(programs: &[(&str, &str)]) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("programs");
        fs::create_dir(&mine).unwrap();
        for (name, script) in programs {
            write_program(&mine.join(name), script);
        }
        for name in ["mkdir", "cp", "chmod"] {
            std::os::unix::fs::symlink(Path::new("/bin").join(name), mine.join(name)).unwrap();
        }
        let place = Place { path: mine.into(), folder: folder.path().join("target/nasm") };
        (folder, place)
    }

    const GOOD: &str = "echo NASM version 2.16.01";
    /// Brings a package.
    const APT: &str = "echo x > nasm_2.deb";
    /// Unpacks a program that says the version which stands in the package's folder.
    const DPKG: &str = r#"mkdir -p usr/bin && printf '#!/bin/sh\necho NASM version 2.16.01\n' > usr/bin/nasm && chmod 755 usr/bin/nasm"#;

    #[test]
    fn an_assembler_on_the_path_is_taken_as_it_is() {
        let (_folder, place) = machine(&[("nasm", GOOD)]);

        let path = place.ensure(&|line| panic!("something was installed: {line}")).unwrap();

        assert_eq!(path, None);
    }

    #[test]
    fn without_one_the_distributions_is_unpacked_once() {
        let (_folder, place) = machine(&[("nasm", "echo NASM version 2.10.09"), ("apt-get", APT), ("dpkg", DPKG)]);

        let path = place.ensure(&|_| ()).unwrap().expect("the old one would be taken, and the codecs be built without SIMD");
        let again = place.ensure(&|line| panic!("it was installed twice: {line}")).unwrap();

        assert_eq!(env::split_paths(&path).next(), Some(place.folder.join("usr/bin")), "the old one would come first");
        assert_eq!(again, Some(path));
    }

    #[test]
    fn a_machine_without_packages_of_that_kind_is_told_what_to_install() {
        let (_folder, place) = machine(&[]);

        let error = place.ensure(&|_| ()).unwrap_err();

        assert!(error.to_string().contains("`apt-get download nasm` cannot be started"), "{error}");
        assert!(error.hint().contains("brew install nasm"), "nobody would know what to do next: {}", error.hint());
    }

    #[test]
    fn a_failed_download_says_why() {
        let (_folder, place) = machine(&[("apt-get", "echo 'E: No packages found' >&2; exit 100")]);

        let error = place.ensure(&|_| ()).unwrap_err();

        assert!(error.to_string().ends_with("failed: E: No packages found"), "{error}");
    }
}
