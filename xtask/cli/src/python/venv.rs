//! Virtual environments that are made once and then cost nothing.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use sha2::{Digest, Sha256};

use super::Error;
use super::find::{Lookup, Python, find};

/// How many of the last lines of a failed installation are shown.
const LAST_LINES: usize = 12;

/// What a virtual environment is for, and so what is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose {
    /// The folder's name under `target/python/`.
    name: &'static str,
    /// As people say it: "the local cloud".
    what: &'static str,
    /// The packages, pinned and hashed, as pip reads them.
    requirements: &'static str,
}

impl Purpose {
    /// The local cloud: MiniStack.
    pub(crate) const LOCAL_CLOUD: Self =
        Self { name: "local-cloud", what: "the local cloud", requirements: include_str!("../../requirements/local-cloud.txt") };

    /// The judges of templates: cfn-lint and cloudformation-validate.
    pub(crate) const JUDGES: Self =
        Self { name: "judges", what: "the judges of templates", requirements: include_str!("../../requirements/judges.txt") };

    /// What looks at the workflows of the pipeline: jactionlint and zizmor.
    pub(crate) const WORKFLOWS: Self =
        Self { name: "workflows", what: "the judges of workflows", requirements: include_str!("../../requirements/workflows.txt") };

    /// What C++ inside a crate takes beyond a compiler: CMake and libclang.
    pub(crate) const NATIVE: Self =
        Self { name: "native", what: "building C++", requirements: include_str!("../../requirements/native.txt") };

    /// What is compared with our engine: llama.cpp's own server.
    pub(crate) const LLAMA_SERVER: Self = Self {
        name: "llama-server",
        what: "llama.cpp's server to compare with",
        requirements: include_str!("../../requirements/llama-server.txt"),
    };

    /// What is compared with us and written in Python: troposphere.
    pub(crate) const PEERS: Self =
        Self { name: "peers", what: "the comparison with other tools", requirements: include_str!("../../requirements/peers.txt") };

    /// What is compared with our deploys: the AWS CLI.
    pub(crate) const AWS_CLI: Self =
        Self { name: "aws-cli", what: "the AWS CLI to compare with", requirements: include_str!("../../requirements/aws-cli.txt") };

    /// What is compared with our deploys: AWS SAM.
    pub(crate) const SAM: Self =
        Self { name: "sam", what: "AWS SAM to compare with", requirements: include_str!("../../requirements/sam.txt") };

    /// What makes pictures to transcode, and judges the results: numpy and Pillow.
    pub(crate) const PICTURES: Self =
        Self { name: "pictures", what: "pictures to transcode", requirements: include_str!("../../requirements/pictures.txt") };

    /// The digest of the packages: another one means that something of them changed.
    pub(crate) fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(self.requirements))
    }
}

/// A virtual environment that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Makes the environment when it is not there, half made, for other packages, or moved; else reads one small file and is done.
    ///
    /// `say` gets a line now and then while something is made, which takes about half a minute.
    pub(crate) fn ensure(purpose: &Purpose, target: &Path, lookup: &Lookup, say: &dyn Fn(&str)) -> Result<Self, Error> {
        let shelf = target.join("python");
        let venv = Self { folder: shelf.join(purpose.name) };
        let seal = venv.seal(purpose);
        if venv.is_sealed(&seal) {
            return Ok(venv);
        }
        fs::create_dir_all(&shelf).map_err(|source| Error::Files { what: "make the folder", path: shelf.clone(), source })?;
        let _lock = lock(&shelf.join(format!("{}.lock", purpose.name)))?;
        // Whoever held the lock before may have made it.
        if !venv.is_sealed(&seal) {
            venv.make(purpose, &find(lookup)?, say)?;
            venv.write_seal(&seal)?;
        }
        Ok(venv)
    }

    /// A program of the environment, such as `python`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// The folder that holds the packages, which has the version of Python in its name.
    pub(crate) fn packages(&self) -> Result<PathBuf, Error> {
        let shelf = self.folder.join("lib");
        let folders = fs::read_dir(&shelf).map_err(|source| self.files("look into", source))?;
        let mut packages = folders.filter_map(Result::ok).map(|entry| entry.path().join("site-packages"));
        packages.find(|folder| folder.is_dir()).ok_or_else(|| self.files("find packages in", std::io::ErrorKind::NotFound.into()))
    }

    fn make(&self, purpose: &Purpose, python: &Python, say: &dyn Fn(&str)) -> Result<(), Error> {
        let Python { program, version } = python;
        say(&format!("making a private Python {version} environment for {} (once; about half a minute)", purpose.what));
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(|source| self.files("remove", source))?;
        }
        run(Command::new(program).args(["-m", "venv"]).arg(&self.folder), say)?;
        let requirements = self.folder.join("requirements.txt");
        fs::write(&requirements, purpose.requirements).map_err(|source| Error::Files {
            what: "write",
            path: requirements.clone(),
            source,
        })?;
        // Only finished packages: building one would run code that no hash of ours covers. The lists are whole, so nothing is resolved
        // again; pip takes `boto3` and `boto3[crt]` for two packages when it does, and wants both of them pinned.
        let pip = [
            "-m",
            "pip",
            "install",
            "--require-hashes",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--disable-pip-version-check",
            "-r",
        ];
        run(Command::new(self.program("python")).args(pip).arg(requirements), say)
    }

    /// What the marker of a finished environment holds: the packages, and where it stands, for an environment cannot be moved.
    fn seal(&self, purpose: &Purpose) -> String {
        let mut digest = Sha256::new();
        digest.update(purpose.requirements);
        digest.update(self.folder.as_os_str().as_encoded_bytes());
        hexadecimal(&digest.finalize())
    }

    fn seal_file(&self) -> PathBuf {
        self.folder.join("ready")
    }

    fn is_sealed(&self, seal: &str) -> bool {
        // The interpreter is a link to the machine's own, which may have been removed or replaced since.
        fs::read_to_string(self.seal_file()).is_ok_and(|found| found == seal) && self.program("python").exists()
    }

    /// The last step, and in one piece: without the marker, an environment counts as half made.
    fn write_seal(&self, seal: &str) -> Result<(), Error> {
        let draft = self.folder.join("ready.draft");
        fs::write(&draft, seal).and_then(|()| fs::rename(&draft, self.seal_file())).map_err(|source| self.files("write in", source))
    }

    fn files(&self, what: &'static str, source: std::io::Error) -> Error {
        Error::Files { what, path: self.folder.clone(), source }
    }
}

/// Waits until no other process makes the same environment. Released with the returned file, and by the system when we die.
fn lock(path: &Path) -> Result<File, Error> {
    File::create(path).and_then(|file| file.lock().map(|()| file)).map_err(|source| Error::Files {
        what: "lock",
        path: path.to_owned(),
        source,
    })
}

/// Runs a program to its end, saying what a person waits for and keeping the last lines in case that it fails.
fn run(command: &mut Command, say: &dyn Fn(&str)) -> Result<(), Error> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    let text = words.join(" ");
    let start = |source| Error::Start { command: text.clone(), source };
    // Variables that make Python or pip look or install elsewhere than in the environment.
    for name in ["PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"] {
        command.env_remove(name);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(start)?;
    let complaints = child.stderr.take().map(|stderr| thread::spawn(move || last_lines(stderr)));
    let mut said = VecDeque::new();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
        if let Some(progress) = progress(&line) {
            say(&progress);
        }
        keep(&mut said, line);
    }
    let status = child.wait().map_err(start)?;
    let complaints = complaints.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    Err(Error::Make { command: text, said: if complaints.is_empty() { said.into() } else { complaints.into() } })
}

/// What to say when pip prints this line; nothing for most.
fn progress(line: &str) -> Option<String> {
    if let Some(rest) = line.strip_prefix("Collecting ") {
        let package = rest.split_whitespace().next()?;
        return Some(format!("  fetching {}", package.replace("==", " ")));
    }
    line.starts_with("Installing collected packages").then(|| "  installing".to_owned())
}

fn last_lines(from: impl Read) -> VecDeque<String> {
    let mut lines = VecDeque::new();
    BufReader::new(from).lines().map_while(Result::ok).for_each(|line| keep(&mut lines, line));
    lines
}

fn keep(lines: &mut VecDeque<String>, line: String) {
    if lines.len() == LAST_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::{Duration, Instant};

    use super::super::fake::{GOOD, write_program};
    use super::*;

    const NOTHING: Purpose = Purpose { name: "nothing", what: "a test", requirements: "# no packages\n" };

    /// A Python that takes no time.
    fn fake(target: &Path, script: &str) -> Lookup {
        let program = target.join("python3");
        write_program(&program, script);
        Lookup { chosen: Some(program.into()), path: "".into() }
    }

    fn ensure(purpose: &Purpose, target: &Path, lookup: &Lookup) -> (Result<Venv, Error>, Vec<String>) {
        let said = RefCell::new(Vec::new());
        let venv = Venv::ensure(purpose, target, lookup, &|line| said.borrow_mut().push(line.to_owned()));
        (venv, said.into_inner())
    }

    #[test]
    fn an_environment_is_made_once_and_then_costs_nothing() {
        let target = tempfile::tempdir().unwrap();
        let (first, said) = ensure(&NOTHING, target.path(), &fake(target.path(), GOOD));

        let started = Instant::now();
        let (second, silence) = ensure(&NOTHING, target.path(), &Lookup { chosen: Some("/nowhere/python".into()), path: "".into() });
        let elapsed = started.elapsed();

        assert_eq!(first.unwrap(), second.unwrap());
        assert!(said[0].contains("for a test"), "a person would wait without knowing for what: {said:?}");
        assert!(silence.is_empty(), "every command would tell of Python again: {silence:?}");
        assert!(elapsed < Duration::from_millis(50), "every local deploy would wait for Python: {elapsed:?}");
    }

    #[test]
    fn a_half_made_environment_is_made_again() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("python/nothing");
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(folder.join("bin/python"), "half a program").unwrap();
        fs::write(folder.join("leftover"), "").unwrap();

        // The real Python of this machine, so that what comes out is known to work.
        let venv = ensure(&NOTHING, target.path(), &Lookup::from_environment()).0.unwrap();

        let output = Command::new(venv.program("python")).args(["-c", "print(40 + 2)"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n", "a Ctrl-C in the first run would break every later one");
        assert!(!folder.join("leftover").exists(), "half of one installation would be mixed with another");
    }

    #[test]
    fn other_packages_make_another_environment() {
        let target = tempfile::tempdir().unwrap();
        let lookup = fake(target.path(), GOOD);
        ensure(&NOTHING, target.path(), &lookup).0.unwrap();

        let (_, said) = ensure(&Purpose { requirements: "# still no packages\n", ..NOTHING }, target.path(), &lookup);

        assert!(!said.is_empty(), "after a `git pull` with a newer version pinned, the old one would go on being used");
    }

    #[test]
    fn an_environment_whose_python_is_gone_is_made_again() {
        let target = tempfile::tempdir().unwrap();
        let lookup = fake(target.path(), GOOD);
        let venv = ensure(&NOTHING, target.path(), &lookup).0.unwrap();
        fs::remove_file(venv.program("python")).unwrap();

        let (again, said) = ensure(&NOTHING, target.path(), &lookup);

        assert!(again.unwrap().program("python").exists(), "an upgrade of the machine's Python would break the local cloud");
        assert!(!said.is_empty());
    }

    #[test]
    fn an_environment_that_was_moved_is_made_again() {
        let target = tempfile::tempdir().unwrap();
        let lookup = fake(target.path(), GOOD);
        ensure(&NOTHING, target.path(), &lookup).0.unwrap();
        fs::create_dir(target.path().join("moved")).unwrap();
        fs::rename(target.path().join("python"), target.path().join("moved/python")).unwrap();

        let (_, said) = ensure(&NOTHING, &target.path().join("moved"), &lookup);

        assert!(!said.is_empty(), "its programs would still look for the folder that it was made in");
    }

    #[test]
    fn a_failed_installation_shows_what_pip_said_and_leaves_no_marker() {
        let target = tempfile::tempdir().unwrap();
        let lookup = fake(target.path(), &GOOD.replace("exit 0", "echo THESE PACKAGES DO NOT MATCH THE HASHES >&2; exit 1"));

        let (error, _) = ensure(&NOTHING, target.path(), &lookup);

        assert_eq!(error.unwrap_err().causes(), ["THESE PACKAGES DO NOT MATCH THE HASHES"], "nobody would know why");
        assert!(!target.path().join("python/nothing/ready").exists(), "the next run would take it for finished");
    }

    #[test]
    fn a_person_sees_which_package_is_waited_for() {
        let lines =
            ["Collecting ministack==1.5.33 (from -r requirements.txt (line 5))", "  Downloading x", "Installing collected packages: a, b"];

        let said: Vec<_> = lines.into_iter().filter_map(progress).collect();

        assert_eq!(said, ["  fetching ministack 1.5.33", "  installing"], "half a minute of silence looks like a hang");
    }

    #[test]
    fn every_package_that_we_install_is_pinned_with_its_hash() {
        for purpose in [
            Purpose::LOCAL_CLOUD,
            Purpose::JUDGES,
            Purpose::WORKFLOWS,
            Purpose::NATIVE,
            Purpose::LLAMA_SERVER,
            Purpose::PEERS,
            Purpose::AWS_CLI,
            Purpose::SAM,
        ] {
            let packages: Vec<_> =
                purpose.requirements.lines().filter(|line| line.starts_with(|first: char| first.is_alphanumeric())).collect();

            let loose: Vec<_> = packages.iter().filter(|line| !line.contains("==") || !line.ends_with('\\')).collect();

            assert!(!packages.is_empty());
            assert!(loose.is_empty(), "what is installed would depend on the day: {loose:?}");
            assert!(!purpose.requirements.contains("://"), "packages would come from one registry, whatever pip is configured for");
        }
    }
}
