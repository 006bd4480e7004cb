//! Where a walk through a template stands.

use std::fmt;

/// The way from the top of a template to a value, written out only for what is found wrong there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path<'a>(Vec<Step<'a>>);

/// One step down.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Into the entry of a mapping.
    Key(&'a str),
    /// Into the item of a list.
    Index(usize),
}

impl<'a> From<&'a str> for Step<'a> {
    fn from(key: &'a str) -> Self {
        Self::Key(key)
    }
}

impl<'a> From<&'a String> for Step<'a> {
    fn from(key: &'a String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Step<'_> {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl<'a> Path<'a> {
    /// The way over these keys.
    pub(crate) fn of<const N: usize>(keys: [&'a str; N]) -> Self {
        // Deeper than most values lie, so that it grows but rarely.
        let mut steps = Vec::with_capacity(32);
        steps.extend(keys.map(Step::Key));
        Self(steps)
    }

    pub(crate) fn push(&mut self, step: impl Into<Step<'a>>) {
        self.0.push(step.into());
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn steps(&self) -> &[Step<'a>] {
        &self.0
    }

    /// The key that was stepped into last; none for the item of a list.
    pub(crate) fn last_key(&self) -> Option<&'a str> {
        match self.0.last() {
            Some(Step::Key(key)) => Some(key),
            Some(Step::Index(_)) | None => None,
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "/" };
            match step {
                Step::Key(key) => write!(formatter, "{separator}{key}")?,
                Step::Index(index) => write!(formatter, "{separator}{index}")?,
            }
        }
        Ok(())
    }
}
