//! Other programs as steps: their output is the person's to read, their exit status is ours.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, io, iter};

/// A program to run in the repository's root.
#[derive(Debug)]
pub(super) struct Tool {
    command: Command,
    /// As a person would type it.
    text: String,
}

impl Tool {
    /// The cargo that runs us.
    pub(super) fn cargo(arguments: &[&str]) -> Self {
        let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let words = iter::once(program).chain(arguments.iter().map(OsString::from));
        Self::new(words, &[&["cargo"], arguments].concat().join(" "))
    }

    /// A program with its arguments, and what a person would type instead.
    pub(super) fn new(words: impl IntoIterator<Item = OsString>, text: &str) -> Self {
        let mut words = words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words);
        Self { command, text: text.to_owned() }
    }

    pub(super) fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.command.current_dir(folder.into());
        self
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    /// As a person would type it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it can be run at all: asked with arguments that change nothing.
    pub(super) fn exists(mut self) -> bool {
        let status = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// Runs it, its output going where ours goes. An error says in a few words how it ended.
    pub(super) fn run(mut self) -> Result<(), String> {
        match self.command.stdin(Stdio::null()).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(match status.code() {
                Some(code) => format!("`{}` ended with {code}", self.text),
                None => format!("`{}` was ended by a signal", self.text),
            }),
            Err(error) => Err(cannot_start(&self.text, &error)),
        }
    }
}

fn cannot_start(text: &str, error: &io::Error) -> String {
    format!("`{text}` cannot be started: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Tool {
        Tool::new(["sh", "-c", script].map(OsString::from), "sh")
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_exit_code() {
        assert_eq!(sh("exit 0").run(), Ok(()));
        assert_eq!(sh("exit 3").run(), Err("`sh` ended with 3".to_owned()));
        assert_eq!(sh("kill -9 $$").run(), Err("`sh` was ended by a signal".to_owned()));
    }

    #[test]
    fn a_program_that_is_missing_is_a_failure_and_no_panic() {
        let missing = || Tool::new(["/nowhere/cargo", "fmt"].map(OsString::from), "cargo fmt");

        let error = missing().run().unwrap_err();

        assert!(error.starts_with("`cargo fmt` cannot be started"), "{error}");
        assert!(!missing().exists());
    }

    #[test]
    fn a_program_gets_its_folder_and_its_environment() {
        let folder = tempfile::tempdir().unwrap();

        let result = sh("test \"$WORD\" = yes && touch here").in_folder(folder.path()).with("WORD", "yes").run();

        assert_eq!(result, Ok(()));
        assert!(folder.path().join("here").exists(), "the local cloud under test would be the developer's own");
    }
}
