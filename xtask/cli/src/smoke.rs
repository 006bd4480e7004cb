//! The smoke test as a child process: told on stdin what to test, it tells on stdout how it goes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use contract::smoke::{Api, Event, JobOutcome, Request, Wanted};
use indexmap::IndexMap;
use protocol::Outputs;

use crate::error::{self, causes};
use crate::session::Session;
use crate::told;

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
    converse(program, session, &request(session, outputs, Wanted::Everything, None), hear)
}

/// Asks it anything.
pub(crate) fn converse(
    program: &Path,
    session: &Session,
    request: &Request,
    hear: &mut dyn FnMut(&Event) -> Result<(), error::Error>,
) -> Result<(), error::Error> {
    let mut child = start(program, session, request)?;
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

/// What it is asked about an environment whose outputs are known.
pub(crate) fn request(session: &Session, outputs: &IndexMap<String, Outputs>, wanted: Wanted, model_file: Option<&Path>) -> Request {
    let environment = &session.environment;
    let by_name = |outputs: &Outputs| outputs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let setting = |variable: &str| told::setting(&session.platform, variable);
    let usual = Api::default();
    Request {
        environment: environment.name.clone(),
        endpoint: session.surroundings.endpoint().map(str::to_owned),
        region: environment.region.to_string(),
        outputs: outputs.iter().map(|(stack, outputs)| (stack.clone(), by_name(outputs))).collect::<BTreeMap<_, _>>(),
        boxes: environment.images.boxes.clone(),
        wanted,
        // As the templates tell the front door, the worker and the reconciler themselves.
        api: Api {
            token_use: setting("FRONT_DOOR_TOKEN_USE").unwrap_or(usual.token_use),
            per_minute: setting("FRONT_DOOR_PER_MINUTE").and_then(|text| text.parse().ok()).unwrap_or(usual.per_minute),
            idle_minutes: setting("RECONCILER_IDLE_MINUTES").and_then(|text| text.parse().ok()),
            model_key: setting("WORKER_MODEL_KEY").filter(|key| key != "none"),
            model_file: model_file.map(Path::to_owned),
        },
    }
}

fn start(program: &Path, session: &Session, request: &Request) -> Result<Child, Error> {
    let mut command = Command::new(program);
    session.surroundings.apply(&mut command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Error::Start { program: program.to_owned(), source })?;
    if let Some(stdin) = child.stdin.take() {
        serde_json::to_writer(stdin, request).map_err(|error| Error::Talk(error.into()))?;
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
        Event::Token { user, made, .. } => format!("smoke: a token for `{user}`{}", if *made { ", made for this" } else { "" }),
        Event::Model { bucket, key, put: true } => format!("smoke: put the model s3://{bucket}/{key}"),
        Event::Model { bucket, key, put: false } => format!("smoke: the model is at s3://{bucket}/{key}"),
        Event::Answered { case, status } => format!("smoke: {case}: {status}, as it should be"),
        Event::State { job_id, state, milliseconds } => format!("smoke: job {job_id} is {state} after {} s", milliseconds / 1000),
        Event::Fleet { workers, milliseconds } => {
            format!(
                "smoke: the fleet wants {} after {} s",
                error::count(usize::try_from(*workers).unwrap_or(usize::MAX), "worker"),
                milliseconds / 1000
            )
        }
        Event::Picture { job_id, width, height, bytes, milliseconds } => {
            format!("smoke: job {job_id} is a picture of {width}×{height}, {bytes} bytes, there after {milliseconds} ms")
        }
        Event::Text { job_id, text, tokens, milliseconds } => {
            format!("smoke: job {job_id} has {tokens} tokens after {milliseconds} ms: {}", text.escape_debug())
        }
        Event::Skipped { what, why } => format!("smoke: left out {what}: {why}"),
        Event::Done { milliseconds } => format!("smoke: everything works, after {milliseconds} ms"),
        Event::Failed { .. } => return None,
    })
}
