//! The smoke test as a child process: told on stdin what to test, it tells on stdout how it goes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use contract::smoke::{Event, JobOutcome, Request};
use indexmap::IndexMap;
use protocol::Outputs;

use crate::error::{self, causes};
use crate::session::Session;

/// Why an environment cannot be said to work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the smoke test cannot be started as `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("the smoke test said something that cannot be understood: `{line}`")]
    Words { line: String, source: serde_json::Error },

    #[error("the smoke test ended in the middle ({status})")]
    Died { status: ExitStatus },

    #[error("the smoke test cannot be talked to")]
    Talk(#[source] io::Error),

    #[error("the smoke test failed: {message}")]
    Failed { message: String, hint: String },
}

impl Error {
    /// What to do next.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Start { .. } | Self::Words { .. } | Self::Talk(_) => "the stacks stand; `cargo build -p smoke` makes it anew".to_owned(),
            Self::Died { .. } => "the stacks stand; what it wrote before is above".to_owned(),
            Self::Failed { hint, .. } => format!("the stacks stand; {hint}"),
        }
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        causes(self)
    }
}

/// Runs it against an environment whose outputs are known; `hear` is told every event.
pub(crate) fn run(
    program: &Path,
    session: &Session,
    outputs: &IndexMap<String, Outputs>,
    hear: &mut dyn FnMut(&Event) -> Result<(), error::Error>,
) -> Result<(), error::Error> {
    let mut child = start(program, session, outputs)?;
    let mut failed = None;
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line.map_err(Error::Talk)?;
        let event: Event = match serde_json::from_str(&line) {
            Ok(event) => event,
            Err(source) => return Err(end(child, Error::Words { line, source }).into()),
        };
        hear(&event)?;
        if let Event::Failed { message, hint } = event {
            failed = Some(Error::Failed { message, hint });
        }
    }
    let status = child.wait().map_err(Error::Talk)?;
    match failed {
        Some(failed) => Err(failed.into()),
        None if status.success() => Ok(()),
        None => Err(Error::Died { status }.into()),
    }
}

fn start(program: &Path, session: &Session, outputs: &IndexMap<String, Outputs>) -> Result<Child, Error> {
    let environment = &session.environment;
    let by_name = |outputs: &Outputs| outputs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let request = Request {
        environment: environment.name.clone(),
        endpoint: session.surroundings.endpoint().map(str::to_owned),
        region: environment.region.to_string(),
        outputs: outputs.iter().map(|(stack, outputs)| (stack.clone(), by_name(outputs))).collect::<BTreeMap<_, _>>(),
        boxes: environment.images.boxes.clone(),
    };
    let mut command = Command::new(program);
    session.surroundings.apply(&mut command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Start { program: program.to_owned(), source })?;
    if let Some(stdin) = child.stdin.take() {
        serde_json::to_writer(stdin, &request).map_err(|error| Error::Talk(error.into()))?;
    }
    Ok(child)
}

fn end(mut child: Child, error: Error) -> Error {
    // Fails only when it has ended already, which is what is wanted.
    drop(child.kill());
    drop(child.wait());
    error
}

/// An event in words; none for what is told by whoever ends the command.
pub(crate) fn text(event: &Event) -> Option<String> {
    Some(match event {
        Event::Put { bucket, key, bytes } => format!("smoke: put s3://{bucket}/{key} ({bytes} bytes)"),
        Event::Waiting { found, expected, milliseconds } => format!("smoke: {found} of {expected} proxies after {} s", milliseconds / 1000),
        Event::Proxy { bucket, key, width, height, milliseconds, .. } => {
            format!("smoke: s3://{bucket}/{key} is a picture of {width}×{height}, there after {milliseconds} ms")
        }
        Event::Job { job_id, outcome, .. } => {
            let end = match outcome {
                JobOutcome::Received => "came back as it was sent",
                JobOutcome::TakenByWorker => "was taken by a worker",
                JobOutcome::Queued => "waits behind other jobs",
            };
            format!("smoke: job {job_id} went through the job queue and {end}")
        }
        Event::Done { milliseconds } => format!("smoke: everything works, after {milliseconds} ms"),
        Event::Failed { .. } => return None,
    })
}
