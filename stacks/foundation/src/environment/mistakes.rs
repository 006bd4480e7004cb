//! What is wrong with an environment file, said the way a compiler would.

use cfn_kit::yaml::{Node, Position};
use serde::Serialize;
use std::fmt;

/// Everything that is wrong with one environment file, in the order of its lines; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistakes {
    /// The file, as the caller named it.
    pub file: String,
    /// The mistakes.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// How many characters are wrong; at least 1.
    pub width: usize,
    /// The setting, such as `images.jpeg_quality` or `alerts.emails[1]`; empty when it is the file as a whole.
    pub path: String,
    /// What is wrong, with the value found and the values that would have been right.
    pub message: String,
    /// Another place of the file that has to do with it.
    pub see: Option<Related>,
    /// What to do.
    pub help: Option<String>,
    /// The line of the file that it is in.
    pub source: String,
}

/// Another place that has to do with a mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What it has to do with the mistake.
    pub message: String,
}

impl Related {
    pub(super) fn new(node: &Node, message: String) -> Self {
        Self { line: node.start.line, column: node.start.column, message }
    }
}

impl Mistakes {
    /// Makes mistakes of what serde says, for what the schema cannot know.
    pub(super) fn from_serde(file: &str, text: &str, error: &serde_yaml::Error) -> Self {
        let at = error.location().map_or(Position::START, |at| Position { line: at.line(), column: at.column() });
        let mistake = Mistake::new(text, at, 1, "", format!("this cannot be read: {error}"));
        Self { file: file.to_owned(), mistakes: vec![mistake] }
    }
}

impl Mistake {
    /// A mistake at a place, or at the nearest place that the text has.
    pub(super) fn new(text: &str, at: Position, width: usize, path: &str, message: String) -> Self {
        let lines = text.lines().count().max(1);
        let line = at.line.clamp(1, lines);
        let source = text.lines().nth(line - 1).unwrap_or_default();
        let length = source.chars().count();
        let column = if line == at.line { at.column.clamp(1, length + 1) } else { length + 1 };
        let width = width.clamp(1, (length + 1).saturating_sub(column).max(1));
        // What a terminal would obey instead of showing is shown as a sign.
        let source = source.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
        Self { line, column, width, path: path.to_owned(), message, see: None, help: None, source }
    }

    /// A mistake in a value or key of the tree.
    pub(super) fn of_node(text: &str, node: &Node, path: &str, message: String) -> Self {
        let to_end = || {
            text.lines().nth(node.start.line - 1).map_or(1, |line| (line.trim_end().chars().count() + 1).saturating_sub(node.start.column))
        };
        let width = if node.end.line == node.start.line { node.end.column.saturating_sub(node.start.column) } else { to_end() };
        Self::new(text, node.start, width, path, message)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, mistakes } = self;
        match mistakes.len() {
            1 => writeln!(f, "1 mistake in {file}")?,
            count => writeln!(f, "{count} mistakes in {file}")?,
        }
        for mistake in mistakes {
            f.write_str("\n")?;
            mistake.block(file, f)?;
        }
        Ok(())
    }
}

impl Mistake {
    fn block(&self, file: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, width, path: _, message, see, help, source } = self;
        let margin = line.to_string().len();
        // Tabs keep their width, so that the mark stands under what it means.
        let indent: String = source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{message}")?;
        writeln!(f, "{:margin$}--> {file}:{line}:{column}", "")?;
        writeln!(f, "{:margin$} |", "")?;
        writeln!(f, "{}", format!("{line} | {source}").trim_end())?;
        writeln!(f, "{:margin$} | {indent}{}", "", "^".repeat(*width))?;
        if let Some(Related { line, column, message }) = see {
            writeln!(f, "{:margin$} = see: {file}:{line}:{column}: {message}", "")?;
        }
        if let Some(help) = help {
            writeln!(f, "{:margin$} = help: {help}", "")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
