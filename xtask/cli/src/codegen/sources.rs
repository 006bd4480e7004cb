//! The two packages, pinned.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::Error;
use crate::python::{Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// The npm package and its version.
const SPEC_PACKAGE: &str = "@aws-cdk/aws-service-spec";
const SPEC_VERSION: &str = "0.1.216";

/// What the database in that version is, since npm pins names, not contents.
const SPEC_DIGEST: &str = "3e4003a5a44324bea1841c8f0b7cf7190ee5e66a4cd5c93caad1ad7ad75c4dd2";

/// Where both sources lie.
#[derive(Debug, Clone)]
pub(super) struct Sources {
    /// cfn-lint's folder of schemas, with `providers` and `resources` in it.
    pub(super) schemas: PathBuf,
    /// aws-service-spec's database, unpacked.
    pub(super) spec: PathBuf,
    /// The version of cfn-lint.
    pub(super) lint_version: String,
}

impl Sources {
    /// The sources as an earlier run left them in the target folder, if it did.
    #[cfg(test)]
    pub(super) fn present(target: &Path) -> Option<Self> {
        let packages = target.join("python/judges/lib");
        let python = fs::read_dir(packages).ok()?.filter_map(Result::ok).next()?.path();
        let site = python.join("site-packages");
        let info = fs::read_dir(&site).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let lint_version = info.filter_map(|name| Some(name.strip_prefix("cfn_lint-")?.strip_suffix(".dist-info")?.to_owned())).next()?;
        let folder = target.join("xtask/codegen");
        let spec = folder.join("node_modules").join(SPEC_PACKAGE).join("db.json");
        let pinned = fs::read_to_string(folder.join("version")).is_ok_and(|version| version == SPEC_VERSION);
        (pinned && spec.exists()).then(|| Self { schemas: site.join("cfnlint/data/schemas"), spec, lint_version })
    }

    /// One line for the head of every file.
    pub(super) fn origin(&self) -> String {
        format!("Sources: cfn-lint {}, {SPEC_PACKAGE} {SPEC_VERSION}.", self.lint_version)
    }
}

/// Finds the packages, or fetches them into the target folder.
pub(super) fn fetch(workspace: &Workspace, tell: &dyn Fn(&str)) -> Result<Sources, Error> {
    // The judges of templates hold the very package; its version is pinned with theirs.
    let venv = Venv::ensure(&Purpose::JUDGES, workspace.target(), &Lookup::from_environment(), tell)?;
    let python = venv.program("python");
    let question = "import importlib.metadata, importlib.util, os\n\
                    print(os.path.dirname(importlib.util.find_spec('cfnlint').origin))\n\
                    print(importlib.metadata.version('cfn-lint'))";
    let answer = run("python", Command::new(&python).args(["-c", question]))?;
    let mut lines = answer.lines();
    let (package, lint_version) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let schemas = Path::new(package).join("data/schemas");
    Ok(Sources { schemas, spec: spec(&workspace.scratch().join("codegen"), &python, tell)?, lint_version: lint_version.to_owned() })
}

fn spec(folder: &Path, python: &Path, tell: &dyn Fn(&str)) -> Result<PathBuf, Error> {
    let package = folder.join("node_modules").join(SPEC_PACKAGE);
    let (packed, unpacked) = (package.join("db.json.gz"), package.join("db.json"));
    let version = folder.join("version");
    if fs::read_to_string(&version).is_ok_and(|found| found == SPEC_VERSION) && unpacked.exists() {
        return Ok(unpacked);
    }
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    tell(&format!("fetching {SPEC_PACKAGE} {SPEC_VERSION}"));
    let arguments = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"];
    run("npm", Command::new("npm").args(arguments).arg(folder).arg(format!("{SPEC_PACKAGE}@{SPEC_VERSION}")))?;
    let bytes = fs::read(&packed).map_err(|source| Error::Read { path: packed.clone(), source })?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != SPEC_DIGEST {
        return Err(Error::Digest { expected: SPEC_DIGEST, found });
    }
    // Python is there anyway, and saves a decompressor in every build of this program.
    run("python", Command::new(python).args(["-m", "gzip", "-d"]).arg(&packed))?;
    fs::write(&version, SPEC_VERSION).map_err(|source| Error::Write { path: version, source })?;
    Ok(unpacked)
}

fn run(program: &'static str, command: &mut Command) -> Result<String, Error> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| Error::Start { program, source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    Err(Error::Failed { command: words.join(" "), said: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}
