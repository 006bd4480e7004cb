//! Passes events on in the form that was asked for: bars, lines or JSON.

use std::io::{self, ErrorKind, Write};

use protocol::Event;
use serde::Serialize;

use super::bars::Bars;
use super::{Paint, Terminal, tell, telling};
use crate::error::Error;

/// Shows the events of one request.
#[derive(Debug)]
pub(crate) struct Reporter {
    form: Form,
    paint: Paint,
}

#[derive(Debug)]
enum Form {
    Bars(Bars),
    Lines,
    Json {
        /// Whether the reader of stdout is gone.
        unheard: bool,
    },
}

impl Reporter {
    /// Bars for a person at a terminal, lines for a log, and with `json` one event per line on stdout.
    pub(crate) fn new(json: bool, terminal: Terminal) -> Self {
        let form = match (json, terminal.stderr) {
            (true, _) => Form::Json { unheard: false },
            (false, true) => Form::Bars(Bars::new()),
            (false, false) => Form::Lines,
        };
        Self { form, paint: Paint::for_stderr() }
    }

    /// Shows one event. A reader that went away stops the showing, never the deploy that is shown.
    pub(crate) fn event(&mut self, event: &Event, out: &mut dyn Write) -> Result<(), Error> {
        match &mut self.form {
            Form::Json { .. } => self.write(event, out),
            // What ends a request badly is told once, by whoever ends the command.
            Form::Lines => {
                if !matches!(event, Event::Failed(_)) {
                    telling::lines(event, self.paint).iter().for_each(|line| tell(line));
                }
                Ok(())
            }
            Form::Bars(bars) => {
                let shown = bars.event(event);
                if !shown && !matches!(event, Event::Failed(_)) {
                    telling::lines(event, self.paint).iter().for_each(|line| bars.print(line));
                }
                Ok(())
            }
        }
    }

    /// Whether programs read it.
    pub(crate) fn is_for_programs(&self) -> bool {
        matches!(self.form, Form::Json { .. })
    }

    /// Passes on what another program of ours tells, in the form of an event called `name`.
    pub(crate) fn foreign(&mut self, name: &str, event: &impl Serialize, text: Option<&str>, out: &mut dyn Write) -> Result<(), Error> {
        match &mut self.form {
            Form::Json { .. } => self.write(&serde_json::json!({ "event": name, name: event }), out),
            Form::Bars(_) | Form::Lines => {
                if let Some(text) = text {
                    self.note(text);
                }
                Ok(())
            }
        }
    }

    /// Ends the stream of events as every stream ends, also when this side is what failed.
    pub(crate) fn failed<T>(&mut self, error: Error, out: &mut dyn Write) -> Result<T, Error> {
        if !matches!(error, Error::Failed(_)) {
            self.event(&Event::Failed(error.failure()), out)?;
        }
        Err(error)
    }

    /// Says one line that is no event.
    pub(crate) fn note(&self, line: &str) {
        match &self.form {
            Form::Bars(bars) => bars.print(line),
            Form::Lines | Form::Json { .. } => tell(line),
        }
    }

    fn write(&mut self, value: &impl Serialize, out: &mut dyn Write) -> Result<(), Error> {
        let Form::Json { unheard } = &mut self.form else { return Ok(()) };
        if *unheard {
            return Ok(());
        }
        match write_json(value, out) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                *unheard = true;
                Ok(())
            }
            written => written.map_err(Error::Output),
        }
    }

    /// Lets something else use the terminal for a moment.
    pub(crate) fn aside<T>(&self, other: impl FnOnce() -> T) -> T {
        match &self.form {
            Form::Bars(bars) => bars.aside(other),
            Form::Lines | Form::Json { .. } => other(),
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        if let Form::Bars(bars) = &mut self.form {
            bars.clear();
        }
    }
}

fn write_json(event: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")?;
    // Whoever reads this wants each event when it happens.
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: Terminal = Terminal { stdin: false, stderr: false };

    /// A pipe whose reader has gone.
    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn json_is_one_event_per_line_and_reads_back_as_the_same() {
        let event = Event::Note { text: "two\nlines".to_owned() };
        let mut out = Vec::new();

        Reporter::new(true, NOBODY).event(&event, &mut out).unwrap();

        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 1, "a reader takes it line by line: {text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn a_deploy_goes_on_when_nobody_reads_its_events_any_more() {
        let event = Event::Note { text: "half way".to_owned() };
        let mut reporter = Reporter::new(true, NOBODY);

        let answers = [reporter.event(&event, &mut Closed), reporter.event(&event, &mut Closed)];

        assert!(answers.iter().all(Result::is_ok), "`deploy --json | head -1` would abandon a deploy half way: {answers:?}");
    }
}
