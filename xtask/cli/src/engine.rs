//! The engine as a child process: one request in, events out, an answer for each question.
//!
//! The engine shares this process's group, so Ctrl-C reaches it directly; an engine that is out of its reach hears of it in a line.
//! This side only goes on listening until the engine has said how things stand. The first Ctrl-C is a wish to stop, the second one to
//! cancel what CloudFormation is at, and the third ends the engine without another word.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use protocol::{Answer, Calls, Event, Outcome, Request, Wish};

use crate::error::{self, causes};
use crate::interrupts::Interrupts;
use crate::surroundings::Surroundings;

/// How many of the engine's last words on stderr are kept, in lines.
const LAST_WORDS: usize = 12;

/// How soon a second Ctrl-C is noticed.
const HEARTBEAT: Duration = Duration::from_millis(50);

/// Why there is no telling how a request ended. What the engine itself calls a failure is an [`error::Error::Failed`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the deploy engine cannot be started as `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("the deploy engine said something that cannot be understood: `{line}`")]
    Words { line: String, source: serde_json::Error },

    #[error("the deploy engine ended in the middle ({status})")]
    Died { status: ExitStatus, last_words: Vec<String> },

    #[error("the deploy engine was ended by a third Ctrl-C")]
    Killed,

    #[error("the deploy engine cannot be waited for")]
    Wait(#[source] io::Error),
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Start { .. } => {
                "nothing was sent; unset CLOUDWRIGHT_ENGINE to use the engine of this repository (`cargo build -p deploy`)".to_owned()
            }
            Self::Words { .. } => {
                "it may be of another version: unset CLOUDWRIGHT_ENGINE; what it did so far stands, `cargo xtask status` shows how".to_owned()
            }
            Self::Died { .. } | Self::Killed | Self::Wait(_) => {
                "what was sent before stands, and CloudFormation goes on by itself: `cargo xtask status` shows how; the next deploy picks it up"
                    .to_owned()
            }
        }
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        match self {
            Self::Died { last_words, .. } if !last_words.is_empty() => vec![last_words.join("\n")],
            Self::Died { .. } | Self::Start { .. } | Self::Words { .. } | Self::Killed | Self::Wait(_) => causes(self),
        }
    }
}

/// Whoever listens to the engine.
pub(crate) trait Listener {
    /// Something happened. An error ends the engine.
    fn hear(&mut self, event: &Event) -> Result<(), error::Error>;

    /// The engine asks, and waits.
    fn answer(&mut self, _question: &str) -> Answer {
        Answer::No
    }

    /// The engine asks whether the changes may be made, by the templates that it has told of, and waits.
    fn review(&mut self) -> Answer {
        Answer::No
    }
}

/// A closure listens to requests that only read, and ask nothing.
impl<F: FnMut(&Event) -> Result<(), error::Error>> Listener for F {
    fn hear(&mut self, event: &Event) -> Result<(), error::Error> {
        self(event)
    }
}

/// How a request ended well.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) calls: Calls,
    pub(crate) seconds: f64,
}

/// A running engine.
#[derive(Debug)]
pub(crate) struct Engine {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: JoinHandle<Vec<String>>,
}

impl Engine {
    /// Starts it and hands it the request.
    pub(crate) fn start(program: &Path, surroundings: &Surroundings, request: &Request) -> Result<Self, Error> {
        let mut command = Command::new(program);
        surroundings.apply(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Error::Start { program: program.to_owned(), source })?;

        let lines = hear(child.stdout.take());
        let stderr = last_words(child.stderr.take());
        let mut engine = Self { stdin: child.stdin.take(), child, lines, stderr };
        engine.say(request);
        Ok(engine)
    }

    /// Listens until the engine ends.
    pub(crate) fn converse(mut self, interrupts: &Interrupts, listener: &mut dyn Listener) -> Result<End, error::Error> {
        let mut last = None;
        let mut heard = 0;
        loop {
            while heard < interrupts.count() {
                heard += 1;
                match heard {
                    1 => self.say(&Wish::Stop),
                    2 => self.say(&Wish::Cancel),
                    _ => {
                        self.end();
                        return Err(Error::Killed.into());
                    }
                }
            }
            let line = match self.lines.recv_timeout(HEARTBEAT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let event: Event = match serde_json::from_str(&line) {
                Ok(event) => event,
                Err(source) => {
                    self.end();
                    return Err(Error::Words { line, source }.into());
                }
            };
            if let Err(error) = listener.hear(&event) {
                self.end();
                return Err(error);
            }
            match event {
                Event::Confirm { question } => {
                    let answer = listener.answer(&question);
                    self.say(&answer);
                }
                Event::Review => {
                    let answer = listener.review();
                    self.say(&answer);
                }
                Event::Done { .. } | Event::Failed(_) => last = Some(event),
                Event::Identity { .. }
                | Event::Plan { .. }
                | Event::ChangeSet { .. }
                | Event::Artifact { .. }
                | Event::Image { .. }
                | Event::Resource { .. }
                | Event::StackDone { .. }
                | Event::Status(_)
                | Event::Outputs { .. }
                | Event::Template { .. }
                | Event::Log { .. }
                | Event::Kept { .. }
                | Event::Note { .. }
                | Event::Release(_)
                | Event::Found(_)
                | Event::Lease(_)
                | Event::Garbage(_)
                | Event::Verified(_)
                | Event::Detected(_)
                | Event::Checked(_)
                | Event::Queue(_)
                | Event::Job(_)
                | Event::DeadLetter(_)
                | Event::Fate(_) => {}
                Event::Planned(_) => {}
            }
        }
        self.conclude(last)
    }

    fn conclude(mut self, last: Option<Event>) -> Result<End, error::Error> {
        drop(self.stdin.take());
        let status = self.child.wait().map_err(Error::Wait)?;
        match last {
            Some(Event::Done { outcome, calls, seconds }) => Ok(End { outcome, calls, seconds }),
            Some(Event::Failed(failure)) => Err(error::Error::Failed(Box::new(failure))),
            Some(_) | None => Err(Error::Died { status, last_words: self.stderr.join().unwrap_or_default() }.into()),
        }
    }

    /// Says one line. An engine that has gone away cannot hear it, and that it has gone is told better by its exit.
    fn say(&mut self, words: &impl serde::Serialize) {
        if let (Some(stdin), Ok(mut line)) = (&mut self.stdin, serde_json::to_vec(words)) {
            line.push(b'\n');
            drop(stdin.write_all(&line).and_then(|()| stdin.flush()));
        }
    }

    fn end(&mut self) {
        // Fails only when it has ended already, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads lines on a thread of its own, so that Ctrl-C is noticed while the engine is silent.
fn hear(stdout: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok);
        for line in lines.filter(|line| !line.is_empty()) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn last_words(stderr: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let mut words = VecDeque::with_capacity(LAST_WORDS);
        for line in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).lines()).map_while(Result::ok) {
            if words.len() == LAST_WORDS {
                words.pop_front();
            }
            words.push_back(line);
        }
        words.into()
    })
}
