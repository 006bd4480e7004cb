//! Why something could not be measured.

use std::io;
use std::path::PathBuf;

use crate::error::causes;
use crate::{artifacts, local, python};

/// Why something could not be measured. Nothing in the working tree was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Python(#[from] python::Error),

    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),

    #[error(transparent)]
    Local(#[from] local::Error),

    #[error(transparent)]
    Command(Box<crate::error::Error>),

    #[error("`{program}` cannot be started")]
    Start { program: String, source: io::Error },

    #[error("`{command}` failed")]
    Failed { command: String, said: Vec<String> },

    #[error("`{}` cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("`{}` cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("what `{program}` says is not what was expected: {what}")]
    Answer { program: &'static str, what: String },

    #[error("`{}` has no line that could be changed", path.display())]
    NoLine { path: PathBuf },

    #[error("the template does not show the change `{word}`")]
    NotRendered { word: String },

    #[error("{tool} renders `{file}` differently from us: {what}")]
    Differs { tool: String, file: String, what: String },

    #[error("interrupted")]
    Interrupted,
}

impl From<crate::error::Error> for Error {
    fn from(error: crate::error::Error) -> Self {
        Self::Command(Box::new(error))
    }
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Python(error) => error.hint(),
            Self::Artifacts(error) => error.hint(),
            Self::Local(error) => error.hint(),
            Self::Command(error) => error.hint(),
            Self::Start { program, .. } if program == "npm" || program == "node" => {
                "install Node.js 20 or newer with npm: AWS CDK runs on nothing else".to_owned()
            }
            Self::Start { program, .. } => format!("check that `{program}` is installed and on the PATH"),
            Self::Failed { .. } => "the program's own words are above, or below as its cause".to_owned(),
            Self::Read { .. } | Self::Write { .. } => "check the permissions and the space of cargo's target folder".to_owned(),
            Self::Answer { .. } => "the program has changed its words: adapt xtask/cli/src/bench".to_owned(),
            Self::NoLine { .. } => "xtask/cli/src/bench/edit.rs changes the description that is given to `Stack::new`".to_owned(),
            Self::NotRendered { .. } => "the build took the old source: remove target/xtask/bench/edit and try again".to_owned(),
            Self::Differs { .. } => {
                "no times were taken: adapt stacks/cfn-kit/benches/peers, or see target/xtask/bench/peers for what each wrote".to_owned()
            }
            Self::Interrupted => "start it again when you like".to_owned(),
        }
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Python(error) => error.causes(),
            Self::Artifacts(error) => error.causes(),
            Self::Local(error) => error.causes(),
            Self::Command(error) => error.failure().causes,
            Self::Failed { said, .. } => said.clone(),
            Self::Start { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Answer { .. }
            | Self::NoLine { .. }
            | Self::NotRendered { .. }
            | Self::Differs { .. }
            | Self::Interrupted => causes(self),
        }
    }
}
