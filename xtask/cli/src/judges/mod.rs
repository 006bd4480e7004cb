//! Second opinions on our templates: cfn-lint and cloudformation-validate, in the versions that we pinned.
//!
//! What they know stands on AWS's own schemas, independent of our kit, so a mistake of the kit does not repeat itself here.

mod finding;

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) use self::finding::Finding;
use crate::error::causes;
use crate::python::{self, Lookup, Purpose, Venv};
use crate::workspace::Workspace;

/// The program that asks both.
const SCRIPT: &str = "xtask/cli/src/judges/judge.py";

/// Why the judges cannot be asked. Nothing of it is the templates' fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Python(#[from] python::Error),

    #[error("there is no template in `{}`", folder.display())]
    NoTemplates { folder: PathBuf },

    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("the judges cannot be started as `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("the judges broke down")]
    Broken { said: String },

    #[error("a judge said something that cannot be understood: `{line}`")]
    Line { line: String, source: serde_json::Error },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        let what = match self {
            Self::Python(error) => return error.hint(),
            Self::NoTemplates { .. } => "render some there: `cargo xtask render --all --out DIR`",
            Self::Read { .. } => "check that it exists and can be read",
            Self::Start { .. } | Self::Broken { .. } => "remove target/python and try again",
            Self::Line { .. } => "xtask/cli/src/judges/judge.py and its reader have come apart",
        };
        format!("nothing was sent; {what}")
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Python(error) => error.causes(),
            Self::Broken { said } => said.lines().map(str::to_owned).collect(),
            Self::NoTemplates { .. } | Self::Read { .. } | Self::Start { .. } | Self::Line { .. } => causes(self),
        }
    }
}

/// What the judges say about a folder of templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How many templates were judged.
    pub(crate) templates: usize,
    /// What must be corrected.
    pub(crate) findings: Vec<Finding>,
}

/// Asks about every `<environment>/<stack>.json` in a folder, as for stacks in these regions.
///
/// The first time, the judges are installed (`say` tells so); then it takes a second or two per template and processor.
pub(crate) fn judge(workspace: &Workspace, folder: &Path, regions: &[String], say: &dyn Fn(&str)) -> Result<Verdict, Error> {
    let templates = templates(folder)?;
    let venv = Venv::ensure(&Purpose::JUDGES, workspace.target(), &Lookup::from_environment(), say)?;
    let program = venv.program("python");
    let output = Command::new(&program)
        .arg("-I")
        .arg(workspace.root().join(SCRIPT))
        .arg(regions.join(","))
        .args(&templates)
        .output()
        .map_err(|source| Error::Start { program, source })?;
    if !output.status.success() {
        return Err(Error::Broken { said: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    let findings = read(&String::from_utf8_lossy(&output.stdout))?;
    Ok(Verdict { templates: templates.len(), findings: findings.into_iter().filter(Finding::counts).collect() })
}

/// The templates, in order. The YAML beside them says the same.
fn templates(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = |folder: &Path| -> Result<Vec<PathBuf>, Error> {
        let all = folder.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let all = all.map_err(|source| Error::Read { path: folder.to_owned(), source })?;
        Ok(all.into_iter().map(|entry| entry.path()).collect())
    };
    let mut templates = Vec::new();
    for environment in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        templates.extend(entries(&environment)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")));
    }
    if templates.is_empty() {
        return Err(Error::NoTemplates { folder: folder.to_owned() });
    }
    templates.sort();
    Ok(templates)
}

/// One finding per line.
fn read(said: &str) -> Result<Vec<Finding>, Error> {
    said.lines().map(|line| serde_json::from_str(line).map_err(|source| Error::Line { line: line.to_owned(), source })).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder with one template of one environment.
    fn rendered(template: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("local")).unwrap();
        fs::write(folder.path().join("local/jobs.json"), template).unwrap();
        fs::write(folder.path().join("local/jobs.yaml"), "not looked at").unwrap();
        folder
    }

    fn judged(template: &str) -> Verdict {
        let workspace = Workspace::find(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        judge(&workspace, rendered(template).path(), &["eu-central-1".to_owned()], &|_| {}).unwrap()
    }

    #[test]
    fn both_judges_find_a_value_out_of_bounds() {
        let verdict = judged(r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 99999999}}}}"#);

        let said: Vec<_> = verdict.findings.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|text| text.contains("E3034") && text.contains("cfn-lint")), "cfn-lint is asleep: {said:?}");
        assert!(said.iter().any(|text| text.contains("cloudformation-validate")), "cloudformation-validate is asleep: {said:?}");
        assert!(said.iter().all(|text| text.contains("Resources/Queue/Properties/VisibilityTimeout")), "{said:?}");
    }

    #[test]
    fn a_good_template_passes() {
        let verdict = judged(r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30}}}}"#);

        assert_eq!(verdict, Verdict { templates: 1, findings: vec![] }, "nothing could ever be merged");
    }

    #[test]
    fn a_file_that_is_no_template_is_a_finding() {
        let verdict = judged("{");

        assert!(!verdict.findings.is_empty(), "a broken render would pass");
    }

    #[test]
    fn an_empty_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();

        let error = templates(folder.path()).unwrap_err();

        assert!(matches!(error, Error::NoTemplates { .. }), "a render that wrote nothing would pass: {error}");
    }
}
