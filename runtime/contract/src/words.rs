//! Lists in environment variables.

use std::{convert::Infallible, fmt, str::FromStr};

/// Words with commas between; none is empty, and the list may be.
///
/// ```
/// use contract::Words;
///
/// let words: Words = "g4dn.xlarge, g5.xlarge".parse().unwrap();
/// assert_eq!(words.to_string(), "g4dn.xlarge,g5.xlarge");
/// assert!("none".parse::<Words>().unwrap().0.is_empty(), "an environment variable cannot be empty");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(pub Vec<String>);

/// What stands for an empty list: Lambda takes an empty variable, systemd and CloudFormation's linters do not.
const NONE: &str = "none";

impl Words {
    /// Whether the word is in the list.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { NONE.to_owned() } else { self.0.join(",") }.as_str())
    }
}

impl FromStr for Words {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        Ok(Self(if text.trim() == NONE { Vec::new() } else { words.map(str::to_owned).collect() }))
    }
}

impl<W: Into<String>> FromIterator<W> for Words {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Self {
        Self(words.into_iter().map(Into::into).collect())
    }
}
