//! Finding a Python that is new enough and complete.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs, io};

use super::Error;

/// The variable with which a person chooses the Python.
pub(super) const CHOICE: &str = "CLOUDWRIGHT_PYTHON";

/// The oldest Python that everything we install supports.
pub(super) const OLDEST: Version = Version(3, 11);

/// The names that Python goes by, in the order in which they are tried.
const NAMES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];

/// Says the version, then which module for virtual environments is missing. Understood by every Python there is.
const QUESTION: &str = "\
import sys
print('%d %d' % sys.version_info[:2])
for module in ('venv', 'ensurepip'):
    try:
        __import__(module)
    except ImportError:
        print(module)
        break
";

/// A Python's version: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u16, u16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Where to look for Python.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The program that a person chose; no other one is tried then.
    pub(crate) chosen: Option<OsString>,
    /// The folders to look in, as in `PATH`.
    pub(crate) path: OsString,
}

impl Lookup {
    /// As this process was started.
    pub(crate) fn from_environment() -> Self {
        Self { chosen: env::var_os(CHOICE).filter(|program| !program.is_empty()), path: env::var_os("PATH").unwrap_or_default() }
    }
}

/// A Python that can make virtual environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Python {
    pub(super) program: PathBuf,
    pub(super) version: Version,
}

/// The first Python that will do, or what is wrong with the best of those that will not.
pub(super) fn find(lookup: &Lookup) -> Result<Python, Error> {
    if let Some(chosen) = &lookup.chosen {
        let program = PathBuf::from(chosen);
        return match ask(&program) {
            Ok(answer) => answer.judge(program),
            Err(source) => Err(Error::Chosen { program, source }),
        };
    }
    let mut worst = Error::Missing;
    for program in candidates(&lookup.path) {
        // What cannot be started (a version manager's empty shell of a program, say) is as good as absent.
        let Ok(answer) = ask(&program) else { continue };
        match answer.judge(program) {
            Ok(python) => return Ok(python),
            // One that only lacks a module is nearer to what is needed than one that is too old.
            Err(error) if matches!(worst, Error::NoVenv { .. }) => drop(error),
            Err(error) => worst = error,
        }
    }
    Err(worst)
}

/// Every program of one of the names, each once however many links lead to it.
fn candidates(path: &OsString) -> impl Iterator<Item = PathBuf> {
    let mut seen = BTreeSet::new();
    let folders: Vec<_> = env::split_paths(path).collect();
    NAMES
        .into_iter()
        .flat_map(move |name| folders.iter().map(|folder| folder.join(name)).collect::<Vec<_>>())
        .filter(move |program| fs::canonicalize(program).is_ok_and(|real| seen.insert((program.file_name().map(OsString::from), real))))
}

/// What a Python says of itself.
#[derive(Debug)]
struct Answer {
    version: Version,
    missing: Option<String>,
}

impl Answer {
    fn judge(self, program: PathBuf) -> Result<Python, Error> {
        let Self { version, missing } = self;
        match missing {
            _ if version < OLDEST => Err(Error::TooOld { program, version }),
            Some(module) => Err(Error::NoVenv { program, version, module }),
            None => Ok(Python { program, version }),
        }
    }
}

fn ask(program: &Path) -> io::Result<Answer> {
    let output = Command::new(program).args(["-c", QUESTION]).env_remove("PYTHONHOME").env_remove("PYTHONPATH").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut lines = said.lines();
    let version = lines.next().and_then(|line| {
        let (major, minor) = line.split_once(' ')?;
        Some(Version(major.parse().ok()?, minor.parse().ok()?))
    });
    match version {
        Some(version) if output.status.success() => Ok(Answer { version, missing: lines.next().map(str::to_owned) }),
        Some(_) | None => Err(io::Error::other(format!("it does not say its version ({})", output.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::write_program;
    use super::*;

    /// A folder with programs that answer as a Python would.
    fn path_with(programs: &[(&str, &str)]) -> (tempfile::TempDir, Lookup) {
        let folder = tempfile::tempdir().unwrap();
        for (name, says) in programs {
            write_program(&folder.path().join(name), says);
        }
        let lookup = Lookup { chosen: None, path: folder.path().into() };
        (folder, lookup)
    }

    #[test]
    fn a_machine_without_python_is_told_what_to_install() {
        let (_folder, lookup) = path_with(&[]);

        let error = find(&lookup).unwrap_err();

        assert!(matches!(error, Error::Missing), "{error}");
        assert!(error.hint().contains("apt install python3"), "nobody would know what to do next: {}", error.hint());
    }

    #[test]
    fn a_python_that_is_too_old_is_named_with_its_version() {
        let (folder, lookup) = path_with(&[("python3", "echo 3 9")]);

        let error = find(&lookup).unwrap_err();

        assert!(matches!(&error, Error::TooOld { program, version: Version(3, 9) } if program.starts_with(folder.path())), "{error}");
    }

    #[test]
    fn a_newer_python_under_another_name_is_taken_when_python3_is_too_old() {
        let (folder, lookup) = path_with(&[("python3", "echo 3 9"), ("python3.12", "echo 3 12")]);

        let python = find(&lookup).unwrap();

        let expected = Python { program: folder.path().join("python3.12"), version: Version(3, 12) };
        assert_eq!(python, expected, "a machine with a good Python would be told that it has none");
    }

    #[test]
    fn a_debian_without_python3_venv_is_told_the_package() {
        let (_folder, lookup) = path_with(&[("python3", "echo 3 11; echo ensurepip"), ("python3.12", "echo 3 9")]);

        let error = find(&lookup).unwrap_err();

        assert!(matches!(&error, Error::NoVenv { module, .. } if module == "ensurepip"), "{error}");
        assert!(error.hint().contains("apt install python3.11-venv"), "nobody would know what to do next: {}", error.hint());
    }

    #[test]
    fn a_program_that_only_carries_the_name_is_passed_over() {
        let (folder, lookup) = path_with(&[("python3", "exit 127"), ("python3.13", "echo 3 13")]);

        let python = find(&lookup).unwrap();

        assert_eq!(python.program, folder.path().join("python3.13"), "an empty shell of a version manager would stop everything");
    }

    #[test]
    fn a_chosen_python_is_the_only_one_that_is_tried() {
        let (folder, lookup) = path_with(&[("python3", "echo 3 13"), ("mine", "echo 3 8")]);

        let error = find(&Lookup { chosen: Some(folder.path().join("mine").into()), ..lookup.clone() }).unwrap_err();
        let absent = find(&Lookup { chosen: Some(folder.path().join("absent").into()), ..lookup }).unwrap_err();

        assert!(matches!(error, Error::TooOld { version: Version(3, 8), .. }), "another Python would be used than the one chosen: {error}");
        assert!(matches!(absent, Error::Chosen { .. }), "a typing mistake in CLOUDWRIGHT_PYTHON would go unnoticed: {absent}");
    }
}
