//! Why the facts could not be refreshed.

use std::io;
use std::path::PathBuf;

use crate::python;

/// Why the facts could not be refreshed. The committed ones are as they were, unless it says otherwise.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Python(#[from] python::Error),

    #[error("`{program}` cannot be started")]
    Start { program: &'static str, source: io::Error },

    #[error("`{command}` failed: {said}")]
    Failed { command: String, said: String },

    #[error("`{}` cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("`{}` cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("`{}` is not the JSON that was expected", path.display())]
    Json { path: PathBuf, source: serde_json::Error },

    #[error("`{}` lacks `{what}`", path.display())]
    Shape { path: PathBuf, what: &'static str },

    #[error("the npm package has the digest {found}, not {expected}")]
    Digest { expected: &'static str, found: String },

    #[error("AWS publishes no service `{name}`")]
    UnknownService { name: String },

    #[error("corrections that do not apply:\n{}", .0.join("\n"))]
    Corrections(Vec<String>),
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Python(error) => error.hint(),
            Self::Start { program: "npm", .. } => {
                "install Node.js with npm: the package aws-service-spec is published there alone".to_owned()
            }
            Self::Start { program, .. } => format!("check that `{program}` is installed and on the PATH"),
            Self::Failed { .. } => "packages come from the registries that pip and npm are configured for; nothing was written".to_owned(),
            Self::Read { .. } | Self::Write { .. } => "check that the folder exists, its permissions and the space".to_owned(),
            Self::Json { .. } | Self::Shape { .. } => {
                "the package changed its form: adapt xtask/cli/src/codegen, or remove target/xtask/codegen and try again".to_owned()
            }
            Self::Digest { .. } => "remove target/xtask/codegen and try again; should it stay so, do not trust the package".to_owned(),
            Self::UnknownService { .. } => "write it as its types' names begin, such as `AWS::SQS`".to_owned(),
            Self::Corrections(_) => {
                "correct or remove these lines of stacks/cfn-kit/schema/corrections.overlay: the sources have changed; nothing was written"
                    .to_owned()
            }
        }
    }
}
