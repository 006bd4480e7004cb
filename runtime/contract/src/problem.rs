//! What is wrong with a configuration: all of it, each with the value found and the values that would have been right.

use std::fmt;

/// One setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Environment variable that carries the setting.
    pub variable: &'static str,
    /// What was found there; `None` when the variable is not set.
    pub value: Option<String>,
    /// What would have been right, as the end of the sentence "it must be …".
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, value, expected } = self;
        match value {
            None => write!(f, "`{variable}` is not set, it must be {expected}"),
            Some(value) => write!(f, "`{variable}` is `{value}`, it must be {expected}"),
        }
    }
}

/// Everything that is wrong with a configuration; never empty when it comes as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
