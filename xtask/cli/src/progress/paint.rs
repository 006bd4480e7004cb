//! Colour, where somebody can see it. Every word means the same without.

use std::io;

use anstream::{AutoStream, ColorChoice};
use owo_colors::{OwoColorize, Style};

/// Colours words for one stream, or leaves them as they are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    /// For stderr, as `NO_COLOR`, `CLICOLOR_FORCE` and the terminal want it.
    pub(crate) fn for_stderr() -> Self {
        Self { colour: AutoStream::choice(&io::stderr()) != ColorChoice::Never }
    }

    /// For stdout.
    pub(crate) fn for_stdout() -> Self {
        Self { colour: AutoStream::choice(&io::stdout()) != ColorChoice::Never }
    }

    /// Wrong, lost, or about to be lost.
    pub(crate) fn bad(self, text: &str) -> String {
        self.with(Style::new().red().bold(), text)
    }

    /// Done, or added.
    pub(crate) fn good(self, text: &str) -> String {
        self.with(Style::new().green(), text)
    }

    /// Changed, or worth a look.
    pub(crate) fn notable(self, text: &str) -> String {
        self.with(Style::new().yellow(), text)
    }

    /// What to do.
    pub(crate) fn hint(self, text: &str) -> String {
        self.with(Style::new().cyan(), text)
    }

    /// Names and headings.
    pub(crate) fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Details.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.colour { text.style(style).to_string() } else { text.to_owned() }
    }
}
