//! Families of models: those of one family take the same requests and answer alike.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose requests and answers a model speaks, and how much it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Stable Image Core and Ultra, Stable Diffusion 3.5: a prompt and an aspect ratio.
    Stability,
    /// Titan Image Generator, Nova Canvas and whatever speaks like them: a task `TEXT_IMAGE` and a size in pixels.
    Amazon,
}

impl Family {
    /// All of them, as their words.
    pub const WORDS: &'static [&'static str] = &["stability", "amazon"];

    /// The word in settings, which is also the provider in the ids of the family's models.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stability => "stability",
            Self::Amazon => "amazon",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Stability, Self::Amazon].into_iter().find(|family| family.as_str() == word)
    }

    /// Whether a model of this id speaks like the family: ids begin with their provider.
    ///
    /// ```
    /// use contract::imagegen::Family;
    ///
    /// assert!(Family::Stability.has("stability.stable-image-core-v1:1"));
    /// assert!(!Family::Stability.has("amazon.nova-canvas-v1:0"));
    /// ```
    #[must_use]
    pub fn has(self, model: &str) -> bool {
        model.split_once('.').is_some_and(|(provider, name)| provider == self.as_str() && !name.is_empty())
    }

    /// Longest prompt, and longest list of what shall not be seen, in characters. Of Amazon's it is Nova Canvas's limit.
    #[must_use]
    pub fn most_characters(self) -> usize {
        match self {
            Self::Stability => 10_000,
            Self::Amazon => 1_024,
        }
    }

    /// Greatest seed. Of Amazon's it is Nova Canvas's, which is less than Titan's.
    #[must_use]
    pub fn most_seed(self) -> u32 {
        match self {
            Self::Stability => u32::MAX,
            Self::Amazon => 858_993_459,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_read_as_it_is_written() {
        for word in Family::WORDS {
            assert_eq!(Family::of(word).map(Family::as_str), Some(*word), "the function would not start in this environment");
        }
        assert!(!Family::Amazon.has("amazon.") && !Family::Amazon.has("amazon"), "an id without a name would pass");
    }
}
