//! Questions to a person at the terminal.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use protocol::Answer;

use crate::interrupts::Interrupts;

/// What counts as a yes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Yes<'a> {
    /// `y` or `yes`.
    Word,
    /// This name, typed out: for what cannot be undone.
    Typed(&'a str),
}

/// Asks on stderr and reads one line from stdin. Ctrl-C is a no, and so is the end of the input.
pub(crate) fn ask(question: &str, yes: Yes<'_>, interrupts: &Interrupts) -> Answer {
    let wanted = match yes {
        Yes::Word => "[y/N]".to_owned(),
        Yes::Typed(name) => format!("(type `{name}` to go on)"),
    };
    let mut stderr = io::stderr();
    // A terminal that cannot show the question will not give a yes either.
    drop(write!(stderr, "{question} {wanted} ").and_then(|()| stderr.flush()));

    // Reading cannot be interrupted, so it waits on a thread that nobody waits for.
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        drop(io::stdin().read_line(&mut line));
        sender.send(line)
    });
    let before = interrupts.count();
    loop {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => return meant(&line, yes),
            Err(RecvTimeoutError::Timeout) if interrupts.count() == before => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                drop(writeln!(stderr));
                return Answer::No;
            }
        }
    }
}

fn meant(line: &str, yes: Yes<'_>) -> Answer {
    let said = line.trim();
    let agreed = match yes {
        Yes::Word => said.eq_ignore_ascii_case("y") || said.eq_ignore_ascii_case("yes"),
        Yes::Typed(name) => said == name,
    };
    if agreed { Answer::Yes } else { Answer::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        let said = ["y\n", "Yes\n", "\n", "", "n\n", "yep\n", "yes please\n"];

        let answers = said.map(|line| meant(line, Yes::Word));

        let (yes, no) = (Answer::Yes, Answer::No);
        assert_eq!(answers, [yes, yes, no, no, no, no, no], "pressing return would change production");
    }

    #[test]
    fn what_cannot_be_undone_wants_the_whole_name() {
        let said = ["prod\n", "y\n", "PROD\n", "pro\n"];

        let answers = said.map(|line| meant(line, Yes::Typed("prod")));

        assert_eq!(answers, [Answer::Yes, Answer::No, Answer::No, Answer::No], "a habit of the fingers would delete an environment");
    }
}
