//! What a person sees while something happens: on stderr, because stdout is for the answer.

mod bars;
mod building;
mod failure;
mod paint;
mod reporter;
mod table;
mod telling;

pub(crate) use building::Building;
pub(crate) use failure::failure_lines;
pub(crate) use paint::Paint;
pub(crate) use reporter::Reporter;
pub(crate) use table::{Row, Sign, table};
pub(crate) use telling::intention;

use std::io::{self, IsTerminal, Write};

use crate::error::Error;

/// Which of the standard streams a person is at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) stdin: bool,
    pub(crate) stderr: bool,
}

impl Terminal {
    /// As this process was started.
    pub(crate) fn detect() -> Self {
        Self { stdin: io::stdin().is_terminal(), stderr: io::stderr().is_terminal() }
    }

    /// Refuses to go on with a question that nobody could answer.
    pub(crate) fn can_answer(self, asked: bool, environment: &str) -> Result<(), Error> {
        let missing = match (self.stdin, self.stderr) {
            (true, true) => return Ok(()),
            (false, _) => "standard input",
            (true, false) => "standard error",
        };
        if asked { Err(Error::NobodyToAsk { environment: environment.to_owned(), missing }) } else { Ok(()) }
    }
}

/// Says one line to the person.
pub(crate) fn tell(line: &str) {
    // Whoever closed our stderr does not want to be told.
    drop(writeln!(io::stderr().lock(), "{line}"));
}
