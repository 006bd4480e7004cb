//! One request, from the first call to the last event.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Instant;

use protocol::{Answer, Event, Failure, Outcome, Request, Sent, Target};

use crate::cloud::{Cloud, Identity};
use crate::failure;
use crate::interrupt::Interrupt;
use crate::ledger::Desk;
use crate::patient::{Patient, Standing};

/// Somebody who listens to the engine and answers its questions.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Talk {
    /// Take note of an event.
    fn tell(&self, event: Event);
    /// Put a question to a person. Silence, or nobody there, is [`Answer::No`].
    async fn ask(&self, question: String) -> Answer;
    /// Tell [`Event::Review`] and wait for what a program makes of the templates that it was told of. Silence is [`Answer::No`].
    async fn review(&self) -> Answer;
}

/// The engine, with the cloud it works on and the listener it tells.
#[derive(Debug)]
pub struct Engine<'a, C, T> {
    pub(crate) cloud: Patient<'a, C, T>,
    pub(crate) talk: &'a T,
    pub(crate) interrupt: Interrupt,
    said: RefCell<BTreeSet<String>>,
    pub(crate) desk: Desk,
}

impl<'a, C: Cloud, T: Talk> Engine<'a, C, T> {
    /// An engine that works on `cloud`, tells `talk`, and stops when `interrupt` says so.
    pub fn new(cloud: &'a C, talk: &'a T, interrupt: Interrupt) -> Self {
        let patient = Patient::new(cloud, talk, interrupt.clone());
        Self { cloud: patient, talk, interrupt, said: RefCell::default(), desk: Desk::default() }
    }

    /// Fulfil a request. The last event told is [`Event::Done`] or [`Event::Failed`]; true for the former.
    pub async fn run(&self, request: &Request) -> bool {
        let started = Instant::now();
        let result = match request {
            Request::Deploy(deploy) => self.release(async || self.deploy(deploy).await).await,
            Request::Destroy(destroy) => self.destroy(destroy).await,
            Request::Status(stacks) => self.status(stacks).await,
            Request::Outputs(stacks) => self.outputs(stacks).await,
            Request::Templates(stacks) => self.templates(stacks).await,
            Request::Logs(logs) => self.logs(logs).await,
            Request::Import(import) => self.import(import).await,
            Request::Publish(publish) => self.publish(publish).await,
            Request::Push(push) => self.push(push).await,
            Request::Releases(list) => self.releases(list).await,
            Request::Release(find) => self.find_release(find).await,
            Request::Unlock(unlock) => self.unlock(unlock).await,
            Request::Collect(collect) => self.collect(collect).await,
            Request::Verify(verify) => self.verify(verify).await,
            Request::Drift(drift) => self.drift(drift).await,
            Request::Preflight(preflight) => self.preflight(preflight).await,
            Request::Queues(stacks) => self.queues(stacks).await,
            Request::Send(send) => self.send(send).await,
            Request::Overview(overview) => self.overview(overview).await,
            Request::Submit(submit) => self.submit(submit).await,
            Request::Jobs(list) => self.list_jobs(list).await,
            Request::Job(find) => self.find_job(find).await,
            Request::DeadLetters(letters) => self.dead_letters(letters).await,
            Request::Plan(deploy) => self.only_plan(deploy).await,
            Request::Execute(plan) => self.release(async || self.execute_plan(plan).await).await,
        };
        match result {
            Ok(outcome) => {
                self.talk.tell(Event::Done { outcome, calls: self.cloud.calls(), seconds: started.elapsed().as_secs_f64() });
                true
            }
            Err(failure) => {
                self.talk.tell(Event::Failed(self.with_what_stands(failure)));
                false
            }
        }
    }

    /// A failure that says what this request has changed and not undone, whichever step failed.
    fn with_what_stands(&self, failure: Failure) -> Failure {
        let standing = self.cloud.standing();
        if standing.is_empty() {
            return failure;
        }
        let leftover = |(name, what): (&String, &Standing)| match what {
            Standing::ChangeSet => Some(format!("a change set of `{name}` that nobody executed")),
            Standing::Shell => Some(format!("the empty stack `{name}`")),
            Standing::Operation => None,
        };
        let left: Vec<_> = standing.iter().filter_map(leftover).collect();
        let hint = if left.is_empty() {
            failure.hint
        } else {
            format!("{}; left behind, until the next deploy replaces it: {}", failure.hint, left.join(", "))
        };
        Failure { sent: Sent::Something, hint, ..failure }
    }

    /// Tell something that concerns all stacks at work, only once.
    pub(crate) fn say_once(&self, text: &str) {
        if self.said.borrow_mut().insert(text.to_owned()) {
            self.talk.tell(Event::Note { text: text.to_owned() });
        }
    }

    /// Tell whose credentials these are, and refuse those of another account.
    pub(crate) fn accept(&self, identity: Identity, target: &Target) -> Result<(), Failure> {
        if identity.account != target.account {
            return Err(failure::wrong_account(target, &identity));
        }
        self.desk.caller(&identity);
        self.talk.tell(Event::Identity { account: identity.account, arn: identity.arn, region: target.region.clone() });
        Ok(())
    }

    /// Check the identity for a request that only reads, beside the first read.
    pub(crate) async fn read_states(&self, target: &Target) -> Result<Vec<crate::cloud::StackState>, Failure> {
        let (identity, states) = futures_util::join!(self.cloud.identity(), self.cloud.stacks());
        self.accept(identity.map_err(|error| failure::of(error, target))?, target)?;
        states.map_err(|error| failure::of(error, target))
    }

    pub(crate) fn read(&self) -> Outcome {
        Outcome::Read
    }
}
