//! Everything that can go wrong in a command, and what a person can do about it.

use std::path::PathBuf;
use std::{error, io};

use foundation::environment::Mistakes;
use protocol::{Failure, FailureKind, Sent};

use crate::outcome::Outcome;
use crate::{artifacts, bench, codegen, engine, hardening, local, smoke, suite};

/// Why a command did not do what it was asked to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no folder from `{}` upwards holds environments/ and a Cargo.toml", from.display())]
    NoWorkspace { from: PathBuf },

    #[error("there is no environment `{name}`")]
    UnknownEnvironment { name: String, known: Vec<String>, nearest: Option<String> },

    #[error("{}", .0.to_string().trim_end())]
    EnvironmentFile(Mistakes),

    #[error("there is no stack `{name}`")]
    UnknownStack { name: String, known: Vec<String> },

    #[error("without `--out`, one template is printed, but the environment has {}: {}", known.len(), known.join(", "))]
    WhichStack { known: Vec<String> },

    #[error("{} of `{environment}` would be refused", count(*errors, "thing"))]
    Findings { environment: String, errors: usize },

    #[error("`{environment}` cannot be changed without a yes, and nobody can be asked: {missing} is no terminal")]
    NobodyToAsk { environment: String, missing: &'static str },

    #[error("`{environment}` is protected against being destroyed")]
    Protected { environment: String },

    #[error("`{environment}` is protected, so its name has to be typed, and no person is at a terminal")]
    NobodyToType { environment: String },

    #[error("`--lift-protection {named}` does not name `{environment}`")]
    OtherProtection { environment: String, named: String },

    #[error("the local cloud is not running, so there is no `{environment}`")]
    LocalCloudDown { environment: String },

    #[error("no environment lives in the local cloud")]
    NoLocalEnvironment,

    #[error("going back to {release} would lose what nobody has accepted to lose")]
    Losses { release: String, names: Vec<String>, texts: Vec<String> },

    #[error("after the rollback to {release}, these stacks are something else: {}", stacks.join(", "))]
    NotThatRelease { release: String, stacks: Vec<String> },

    #[error("interrupted before anything was sent")]
    Interrupted,

    #[error("`{environment}` is deployed from a commit, and {} here {} in none", count(files.len(), "file"), if files.len() == 1 { "is" } else { "are" })]
    DirtyTree { environment: String, files: Vec<String> },

    #[error("`{environment}` is deployed from a commit, and this folder has none: it is no git checkout, or an empty one")]
    NoCommit { environment: String },

    #[error("{} was not released in `{before}`, which `{environment}` demands", commit.as_deref().map_or("what is here".to_owned(), |commit| format!("commit `{commit}`")))]
    Unreleased { environment: String, before: String, commit: Option<String> },

    #[error("`fleet.model.sha256` of `{environment}` is not set, but its workers take their model only by the SHA-256 of its file")]
    ModelUnknown { environment: String, key: String },

    #[error("`deploy.rollback` of `{environment}` names what cannot bring an update back")]
    RollbackAlarms { environment: String, wrong: Vec<String> },

    #[error("{} of `{environment}` would lose or open something, {}", count(changes.len(), "change"), match given {
        None => "and nobody has accepted that".to_owned(),
        Some(given) => format!("and `{given}` was accepted for other changes"),
    })]
    Unaccepted { environment: String, changes: Vec<String>, token: String, given: Option<String> },

    #[error("`{environment}` would change what must never change")]
    MustNeverChange { environment: String, changes: Vec<String>, name: String },

    #[error("`{}` is no plan", path.display())]
    PlanFile { path: PathBuf, source: serde_json::Error },

    #[error("the engine told no plan")]
    NoPlan,

    #[error("`{environment}` has no repository for container images")]
    NoRepository { environment: String, setting: &'static str },

    #[error("the engine told no name of the image")]
    NoName,

    #[error("`{rev}` has no snapshots of `{environment}`")]
    NoSnapshots { rev: String, environment: String },

    #[error("`git {command}` failed")]
    Git { command: String, source: io::Error },

    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },

    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },

    #[error("{message}")]
    Words { message: String, hint: String },

    #[error("job {job_id} is {state}{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    JobEnded { job_id: String, state: String, reason: Option<String>, environment: String },

    #[error("`{text}` names no resource that can be taken in: {why}")]
    Resource { text: String, why: String },

    #[error("`{}` is no template", path.display())]
    Template { path: PathBuf, source: Box<dyn error::Error + Send + Sync> },

    #[error("templates/{name} cannot be filled in")]
    Text { name: &'static str, source: tera::Error },

    #[error("the answer cannot be written")]
    Output(#[source] io::Error),

    #[error("Ctrl-C cannot be caught")]
    Signals(#[source] ctrlc::Error),

    #[error(transparent)]
    Artifacts(#[from] artifacts::Error),

    #[error(transparent)]
    Engine(#[from] engine::Error),

    #[error(transparent)]
    Local(#[from] local::Error),

    #[error(transparent)]
    Smoke(#[from] smoke::Error),

    #[error(transparent)]
    Hardening(#[from] hardening::Error),

    #[error(transparent)]
    Codegen(#[from] codegen::Error),

    #[error(transparent)]
    Suite(#[from] suite::Error),

    #[error(transparent)]
    Bench(#[from] bench::Error),

    /// What the engine said itself.
    #[error("{}", .0.message)]
    Failed(Box<Failure>),
}

impl Error {
    /// What to do next, and whether anything was sent.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NoWorkspace { .. } => "start it from inside the repository".to_owned(),
            Self::UnknownEnvironment { known, nearest, .. } => {
                let guess = nearest.as_ref().map(|name| format!("did you mean `{name}`? ")).unwrap_or_default();
                format!("{guess}environments/ holds {}; nothing was sent", known.join(", "))
            }
            Self::EnvironmentFile(_) => {
                "nothing was sent; correct the file (`cargo xtask schema` writes a schema that lets an editor point at such mistakes)"
                    .to_owned()
            }
            Self::UnknownStack { known, .. } => format!("the stacks are {}", known.join(", ")),
            Self::WhichStack { .. } => "name one with `--stack`, or a folder for all of them with `--out`".to_owned(),
            Self::Findings { .. } => "nothing was sent; correct what is marked `error` above".to_owned(),
            Self::NobodyToAsk { environment, .. } => {
                format!("nothing was sent; see what would change with `cargo xtask diff --env {environment} --deployed`, then add `--yes`")
            }
            Self::Protected { environment } => {
                format!("nothing was sent; `--lift-protection {environment}` lifts it, once you have typed the name again")
            }
            Self::NobodyToType { environment } => {
                format!("nothing was sent; `--yes` is not enough for `{environment}`: run it where somebody can type")
            }
            Self::OtherProtection { environment, .. } => format!("nothing was sent; `--lift-protection {environment}` would"),
            Self::LocalCloudDown { environment } => {
                format!("nothing was sent; `cargo xtask deploy --env {environment}` starts and fills it")
            }
            Self::NoLocalEnvironment => "give one of environments/*.yaml `endpoint_url: local-cloud`".to_owned(),
            Self::Interrupted => "nothing was sent; start it again when you like".to_owned(),
            Self::Losses { names, .. } => {
                let accept: Vec<String> = names.iter().map(|name| format!("--accept {name}")).collect();
                format!("nothing was changed; if they may go: `{}`", accept.join(" "))
            }
            Self::NotThatRelease { .. } => {
                "the rollback itself succeeded and stands; an output that a parameter is wired to has another value than it had then, or \
                 somebody else deploys: `cargo xtask releases` and `--dry-run` show what differs"
                    .to_owned()
            }
            Self::DirtyTree { .. } => {
                "nothing was sent; commit what belongs to it and put the rest aside, or say `--allow-dirty`: nobody can return to what no commit holds"
                    .to_owned()
            }
            Self::NoCommit { .. } => {
                "nothing was sent; deploy from a clone of the repository, or say `--allow-dirty`: nobody can return to what no commit holds"
                    .to_owned()
            }
            Self::Unreleased { before, .. } => format!(
                "nothing was sent; deploy it to `{before}` first (`cargo xtask deploy --env {before}`), or say `--unreleased` when it cannot wait"
            ),
            Self::ModelUnknown { environment, key } => format!(
                "nothing was sent; write what `sha256sum` says of your GGUF file into environments/{environment}.yaml, and put the file into the \
                 model bucket as `{key}` once the stack `fleet` is there: `cargo xtask outputs --env {environment}` names the bucket"
            ),
            Self::RollbackAlarms { environment, .. } => {
                format!("nothing was sent; correct `deploy.rollback.alarms` in environments/{environment}.yaml")
            }
            Self::Unaccepted { environment, token, .. } => format!(
                "nothing was sent; `cargo xtask diff --env {environment} --deployed` shows all of it; if it has to be: `--accept {token}`, which is good for exactly these changes"
            ),
            Self::MustNeverChange { name, .. } => {
                format!("nothing was sent; the template says why; if it has to be, say so: `--allow-change {name}`")
            }
            Self::PlanFile { .. } => "nothing was sent; `cargo xtask deploy --plan-out` makes one".to_owned(),
            Self::NoPlan => "nothing was sent; the engine may be of another version: unset CLOUDWRIGHT_ENGINE".to_owned(),
            Self::NoRepository { environment, setting } => format!(
                "nothing was sent; set `{setting}: true` in environments/{environment}.yaml and deploy: the stack `artifacts` makes one"
            ),
            Self::NoName => {
                "the image may be in the repository: push again, nothing is sent twice; the engine may be of another version: unset CLOUDWRIGHT_ENGINE".to_owned()
            }
            Self::NoSnapshots { environment, .. } => {
                format!(
                    "snapshots are in snapshots/{environment}/; `git log -- snapshots/{environment}` lists the revisions that have some"
                )
            }
            Self::Git { .. } => "name a revision that `git show` knows, from inside a git checkout".to_owned(),
            Self::Read { .. } => "check that it exists and can be read".to_owned(),
            Self::Write { .. } => "check that the folder exists and can be written".to_owned(),
            Self::Resource { .. } => {
                "nothing was sent; write `--resource LogicalId=name`, with the name that the resource has in AWS".to_owned()
            }
            Self::Words { hint, .. } => hint.clone(),
            Self::JobEnded { job_id, environment, .. } => {
                format!("`cargo xtask logs --env {environment} --job {job_id}` shows its way, `cargo xtask dlq list --env {environment}` what waits for a person")
            }
            Self::Template { .. } => "a template is one YAML or JSON mapping with `Resources`".to_owned(),
            Self::Text { name, .. } => format!("correct templates/{name}; what was done before is done"),
            Self::Output(_) => "check where standard output goes".to_owned(),
            Self::Signals(_) => "nothing was sent; without it, Ctrl-C could leave a deploy behind half told".to_owned(),
            Self::Artifacts(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Local(error) => error.hint(),
            Self::Smoke(error) => error.hint(),
            Self::Hardening(error) => error.hint(),
            Self::Codegen(error) => error.hint(),
            Self::Suite(error) => error.hint(),
            Self::Bench(error) => error.hint(),
            Self::Failed(failure) => hint_of(failure),
        }
    }

    /// The exit code that goes with it.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::UnknownEnvironment { .. }
            | Self::UnknownStack { .. }
            | Self::WhichStack { .. }
            | Self::NobodyToAsk { .. }
            | Self::Resource { .. }
            | Self::Words { .. }
            | Self::Protected { .. }
            | Self::OtherProtection { .. }
            | Self::NobodyToType { .. } => Outcome::Usage,
            Self::Losses { .. }
            | Self::DirtyTree { .. }
            | Self::NoCommit { .. }
            | Self::Unreleased { .. }
            | Self::Unaccepted { .. }
            | Self::MustNeverChange { .. } => Outcome::Different,
            Self::Failed(failure) if failure.kind == FailureKind::RolledBack => Outcome::RolledBack,
            Self::Failed(failure) if failure.kind == FailureKind::Differs => Outcome::Different,
            Self::NoWorkspace { .. }
            | Self::EnvironmentFile(_)
            | Self::Findings { .. }
            | Self::LocalCloudDown { .. }
            | Self::NoLocalEnvironment
            | Self::Interrupted
            | Self::NotThatRelease { .. }
            | Self::RollbackAlarms { .. }
            | Self::ModelUnknown { .. }
            | Self::PlanFile { .. }
            | Self::NoPlan
            | Self::NoRepository { .. }
            | Self::NoName
            | Self::NoSnapshots { .. }
            | Self::Git { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Template { .. }
            | Self::JobEnded { .. }
            | Self::Text { .. }
            | Self::Output(_)
            | Self::Signals(_)
            | Self::Artifacts(_)
            | Self::Engine(_)
            | Self::Local(_)
            | Self::Smoke(_)
            | Self::Hardening(_)
            | Self::Codegen(_)
            | Self::Suite(_)
            | Self::Bench(_)
            | Self::Failed(_) => Outcome::Failed,
        }
    }

    /// The same as the engine says it, so that people and programs read one form of failure.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Failed(failure) => Failure { hint: self.hint(), ..(**failure).clone() },
            Self::Losses { texts, .. } => self.as_failure(texts.clone()),
            Self::NotThatRelease { .. } => Failure { sent: Sent::Something, ..self.as_failure(causes(self)) },
            Self::Artifacts(error) => self.as_failure(error.causes()),
            Self::Engine(error) => self.as_failure(error.causes()),
            Self::Smoke(error) => self.as_failure(error.causes()),
            Self::Hardening(error) => self.as_failure(error.causes()),
            Self::Local(error) => self.as_failure(error.causes()),
            Self::Suite(error) => self.as_failure(error.causes()),
            Self::Bench(error) => self.as_failure(error.causes()),
            Self::DirtyTree { files, .. } => self.as_failure(some(files)),
            Self::RollbackAlarms { wrong, .. } => self.as_failure(wrong.clone()),
            Self::Unaccepted { changes, .. } | Self::MustNeverChange { changes, .. } => self.as_failure(some(changes)),
            Self::NoWorkspace { .. }
            | Self::UnknownEnvironment { .. }
            | Self::EnvironmentFile(_)
            | Self::UnknownStack { .. }
            | Self::WhichStack { .. }
            | Self::Findings { .. }
            | Self::NobodyToAsk { .. }
            | Self::Protected { .. }
            | Self::OtherProtection { .. }
            | Self::NobodyToType { .. }
            | Self::LocalCloudDown { .. }
            | Self::NoLocalEnvironment
            | Self::Interrupted
            | Self::NoCommit { .. }
            | Self::Unreleased { .. }
            | Self::ModelUnknown { .. }
            | Self::PlanFile { .. }
            | Self::NoPlan
            | Self::NoRepository { .. }
            | Self::NoName
            | Self::NoSnapshots { .. }
            | Self::Git { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Resource { .. }
            | Self::Words { .. }
            | Self::JobEnded { .. }
            | Self::Template { .. }
            | Self::Text { .. }
            | Self::Output(_)
            | Self::Signals(_)
            | Self::Codegen(_) => self.as_failure(causes(self)),
        }
    }

    /// Whether the reader of our standard output went away: `cargo xtask diff … | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    fn as_failure(&self, causes: Vec<String>) -> Failure {
        Failure { kind: FailureKind::Request, message: self.to_string(), causes, source: None, hint: self.hint(), sent: Sent::Nothing }
    }
}

/// Every cause below an error, nearest first, in its own words.
pub(crate) fn causes(error: &dyn error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string).collect()
}

/// The first of a list that may be long, and how many more there are.
fn some(all: &[String]) -> Vec<String> {
    const MOST: usize = 10;
    let more = all.len().saturating_sub(MOST);
    let mut some: Vec<String> = all.iter().take(MOST).cloned().collect();
    some.extend((more > 0).then(|| format!("and {more} more")));
    some
}

/// `1 mistake`, `2 mistakes`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// The engine tells apart how far it got and what to do; a person wants both in one sentence.
fn hint_of(failure: &Failure) -> String {
    let sent = match (failure.sent, failure.kind) {
        (Sent::Nothing, FailureKind::Request | FailureKind::Credentials | FailureKind::WrongAccount | FailureKind::Unreachable) => {
            "nothing was sent"
        }
        (Sent::Nothing, _) => "nothing was changed",
        (Sent::Undone, _) => "what was changed is undone",
        (Sent::Something, _) => "a part was changed and stands",
    };
    format!("{sent}; {}", failure.hint)
}
