//! A cloud that does what CloudFormation does, in memory, and fails where a test says so.
#![allow(dead_code, reason = "every file of tests uses another part of it")]

pub(crate) mod asking;
mod faults;
pub(crate) mod jobs;
pub(crate) mod ledger;
mod objects;
mod play;
pub(crate) mod requests;
mod services;
mod stacks;
mod time;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;

use engine::cloud::*;
use engine::{Wish, Wishes};
use indexmap::IndexMap;
use protocol::{Answer, Calls, Change, ChangeAction, Event, Replacement};

pub(crate) use faults::{Disorder, error};

pub(crate) const ACCOUNT: &str = "111111111111";

/// What an operation makes of a stack: template, parameters, outputs.
#[derive(Debug, Clone, Default)]
struct Content {
    template: String,
    parameters: BTreeMap<String, String>,
    outputs: IndexMap<String, String>,
}

#[derive(Debug, Clone)]
struct Stack {
    state: StackState,
    template: String,
    events: Vec<StackEvent>,
    /// Words that the stack takes one by one, each time somebody looks at its events.
    script: VecDeque<StackEvent>,
    waiting: BTreeMap<String, (String, BTreeMap<String, String>)>,
    /// What it was before the update that is under way.
    before: Option<Content>,
    /// Resources that are not as they should be: status and reason by logical ID.
    halted: BTreeMap<String, (String, String)>,
}

/// The cloud. Stacks live in memory; every change is recorded in `writes`.
#[derive(Debug, Default)]
pub(crate) struct ScriptedCloud {
    stacks: RefCell<BTreeMap<String, Stack>>,
    pub(crate) account: RefCell<Option<String>>,
    faults: RefCell<faults::Faults>,
    /// Output → the value that it has from the next operation on.
    given: RefCell<BTreeMap<String, String>>,
    /// Logical ID → the reason for which its creation fails.
    broken: RefCell<BTreeMap<String, String>>,
    /// Logical ID → the reason for which it cannot be brought back when an update fails.
    irreversible: RefCell<BTreeMap<String, String>>,
    /// Logical ID → the reason for which it cannot be deleted.
    undeletable: RefCell<BTreeMap<String, String>>,
    /// Logical IDs that CloudFormation claims to have made and has not.
    phantoms: RefCell<Vec<String>>,
    /// The events of nested stacks, by ARN.
    nested: RefCell<BTreeMap<String, Vec<StackEvent>>>,
    /// Whether nothing is heard of those.
    pub(crate) silent: Cell<bool>,
    /// Operation and stack → how it was to be gone about.
    pub(crate) manners: RefCell<Vec<(String, Manner)>>,
    /// What was changed, in order: `create-change-set jobs`.
    pub(crate) writes: RefCell<Vec<String>>,
    /// What CloudFormation was asked that a careful engine never asks.
    pub(crate) violations: RefCell<Vec<String>>,
    store: objects::Store,
    clock: time::Clock,
    calls: RefCell<Calls>,
    /// What every log group holds.
    pub(crate) log: RefCell<Vec<LogLine>>,
    /// Change sets that take in.
    imports: RefCell<BTreeSet<String>>,
    /// Operation, words of its parameters, answer.
    answers: RefCell<Vec<(String, Vec<String>, serde_json::Value)>>,
    asked: RefCell<Vec<String>>,
    /// Records and messages.
    pub(crate) jobs: RefCell<jobs::Jobs>,
    /// Stack → what CloudFormation's own detection finds; and how many looks it takes.
    pub(crate) drifted: RefCell<BTreeMap<String, Vec<DriftedResource>>>,
    pub(crate) drift_looks: Cell<u64>,
    counter: Cell<u64>,
    pub(crate) pauses: Cell<u64>,
    interrupt_after: Cell<u64>,
    cancel_after: Cell<u64>,
    interrupt_at_upload: Cell<bool>,
    /// How many more events than it needs every operation has.
    pub(crate) chatter: Cell<usize>,
    silent_end: RefCell<Option<(u64, String, String)>>,
    /// How many of a stack's last events show late, and after how many looks once somebody has seen the stack at rest.
    late: Cell<Option<(usize, u64)>>,
    seen_at_rest: Cell<bool>,
    stop: RefCell<Option<Wishes>>,
}

impl ScriptedCloud {
    /// What an output will be from the next operation on.
    pub(crate) fn will_give(&self, output: &str, value: &str) {
        self.given.borrow_mut().insert(output.to_owned(), value.to_owned());
    }

    pub(crate) fn break_resource(&self, logical_id: &str, reason: &str) {
        self.broken.borrow_mut().insert(logical_id.to_owned(), reason.to_owned());
    }

    /// The resource can be changed but not changed back.
    pub(crate) fn break_rollback_of(&self, logical_id: &str, reason: &str) {
        self.irreversible.borrow_mut().insert(logical_id.to_owned(), reason.to_owned());
    }

    pub(crate) fn break_deletion_of(&self, logical_id: &str, reason: &str) {
        self.undeletable.borrow_mut().insert(logical_id.to_owned(), reason.to_owned());
    }

    /// Ctrl-C comes while a file is uploaded.
    pub(crate) fn interrupt_at_upload(&self, stop: Wishes) {
        self.interrupt_after(u64::MAX, stop);
        self.interrupt_at_upload.set(true);
    }

    /// Ctrl-C comes after so many pauses.
    pub(crate) fn interrupt_after(&self, pauses: u64, stop: Wishes) {
        self.interrupt_after.set(pauses);
        *self.stop.borrow_mut() = Some(stop);
    }

    /// Ctrl-C comes after so many pauses, and once more at the next.
    pub(crate) fn cancel_after(&self, pauses: u64, stop: Wishes) {
        self.interrupt_after(pauses, stop);
        self.cancel_after.set(pauses + 1);
    }

    pub(crate) fn mend(&self) {
        self.broken.borrow_mut().clear();
        self.irreversible.borrow_mut().clear();
        self.undeletable.borrow_mut().clear();
    }

    pub(crate) fn pretend_to_make(&self, logical_id: &str) {
        self.phantoms.borrow_mut().push(logical_id.to_owned());
    }

    /// A stack that is already there, in a state of its own.
    pub(crate) fn put_stack(&self, name: &str, status: &str) {
        let state = StackState {
            name: name.to_owned(),
            id: arn(name, self.next()),
            status: status.to_owned(),
            reason: Some(format!("a reason for {status}")),
            parameters: BTreeMap::new(),
            outputs: IndexMap::new(),
            changed_at: None,
            tags: BTreeMap::new(),
            rollback_alarms: Vec::new(),
            protected: false,
        };
        let stack = Stack {
            state,
            template: "{\"Resources\":{}}".to_owned(),
            events: Vec::new(),
            script: VecDeque::new(),
            waiting: BTreeMap::new(),
            before: None,
            halted: BTreeMap::new(),
        };
        self.stacks.borrow_mut().insert(name.to_owned(), stack);
    }

    /// A resource of a stack is in this state, for a reason.
    pub(crate) fn halt(&self, name: &str, logical_id: &str, status: &str, reason: &str) {
        let mut stacks = self.stacks.borrow_mut();
        let stack = stacks.get_mut(name).unwrap();
        let mut template: serde_json::Value = serde_json::from_str(&stack.template).unwrap();
        template["Resources"][logical_id] = serde_json::json!({ "Type": "AWS::SQS::Queue" });
        stack.template = template.to_string();
        stack.halted.insert(logical_id.to_owned(), (status.to_owned(), reason.to_owned()));
    }

    /// What a stack's events show so far, before anybody looks.
    pub(crate) fn has_shown(&self, name: &str, statuses: &[&str]) {
        let id = self.id_of(name);
        let events: Vec<_> = statuses.iter().map(|status| self.event(name, &id, "AWS::CloudFormation::Stack", status, None)).collect();
        self.stacks.borrow_mut().get_mut(name).unwrap().events.extend(events);
    }

    /// A stack that is deployed, with its template and parameters.
    pub(crate) fn put_template(&self, name: &str, template: &serde_json::Value, parameters: &[(&str, &str)]) {
        self.put_stack(name, "CREATE_COMPLETE");
        let mut stacks = self.stacks.borrow_mut();
        let stack = stacks.get_mut(name).unwrap();
        stack.template = template.to_string();
        stack.state.parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    }

    /// Change what is known of a stack, as somebody else's deploy would.
    pub(crate) fn change(&self, name: &str, how: impl FnOnce(&mut StackState)) {
        self.with(name, |stack| how(&mut stack.state)).unwrap();
    }

    /// What a moving stack will come to.
    pub(crate) fn will_end_in(&self, name: &str, status: &str) {
        let event = self.event(name, &self.id_of(name), "AWS::CloudFormation::Stack", status, None);
        self.stacks.borrow_mut().get_mut(name).unwrap().script.push_back(event);
    }

    pub(crate) fn protect_stack(&self, name: &str) {
        self.stacks.borrow_mut().get_mut(name).unwrap().state.protected = true;
    }

    /// A moving stack comes to this after so many pauses, and no event says so.
    pub(crate) fn ends_silently_after(&self, name: &str, pauses: u64, status: &str) {
        *self.silent_end.borrow_mut() = Some((self.pauses.get() + pauses, name.to_owned(), status.to_owned()));
    }

    /// The last events of an operation are hidden until the stack itself was seen at rest and so many looks have gone by.
    pub(crate) fn show_late(&self, events: usize, looks: u64) {
        self.late.set(Some((events, looks)));
        self.seen_at_rest.set(false);
    }

    /// CloudFormation works while nobody looks: every operation comes to its end.
    pub(crate) fn let_time_pass(&self) {
        let names: Vec<String> = self.stacks.borrow().keys().cloned().collect();
        for name in names {
            while self.advance(&name, usize::MAX) {}
        }
    }

    pub(crate) fn status_of(&self, name: &str) -> Option<String> {
        self.stacks.borrow().get(name).map(|stack| stack.state.status.clone())
    }

    pub(crate) fn change_sets_of(&self, name: &str) -> usize {
        self.stacks.borrow().get(name).map_or(0, |stack| stack.waiting.len())
    }

    pub(crate) fn parameters_of(&self, name: &str) -> BTreeMap<String, String> {
        self.stacks.borrow()[name].state.parameters.clone()
    }

    pub(crate) fn template_of(&self, name: &str) -> String {
        self.stacks.borrow()[name].template.clone()
    }

    /// An output of a stack that is already there.
    pub(crate) fn give(&self, name: &str, output: &str, value: &str) {
        self.with(name, |stack| stack.state.outputs.insert(output.to_owned(), value.to_owned()));
    }

    /// What stands: every stack with its status and template, and how many change sets wait.
    pub(crate) fn content(&self) -> BTreeMap<String, (String, String, usize)> {
        let stacks = self.stacks.borrow();
        let of = |stack: &Stack| (stack.state.status.clone(), stack.template.clone(), stack.waiting.len());
        stacks.iter().map(|(name, stack)| (name.clone(), of(stack))).collect()
    }

    /// Somebody else deploys a stack with another value.
    pub(crate) fn set_parameter(&self, name: &str, parameter: &str, value: &str) {
        self.with(name, |stack| stack.state.parameters.insert(parameter.to_owned(), value.to_owned())).unwrap();
    }

    fn id_of(&self, name: &str) -> String {
        self.stacks.borrow()[name].state.id.clone()
    }

    fn next(&self) -> u64 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    /// A call arrives, or fails before it does.
    fn call(&self, service: &str, operation: &'static str) -> Result<(), CloudError> {
        *self.calls.borrow_mut().entry(service.to_owned()).or_default() += 1;
        self.faults.borrow_mut().before(operation)
    }

    /// The answer of a call that took effect arrives, or is lost.
    fn answer(&self, operation: &'static str) -> Result<(), CloudError> {
        self.faults.borrow_mut().after(operation)
    }

    fn wrote(&self, what: String) {
        self.writes.borrow_mut().push(what);
    }

    fn with<T>(&self, name_or_id: &str, then: impl FnOnce(&mut Stack) -> T) -> Option<T> {
        let mut stacks = self.stacks.borrow_mut();
        stacks.values_mut().find(|stack| stack.state.name == name_or_id || stack.state.id == name_or_id).map(then)
    }

    fn wish(&self, wish: Wish) {
        if let Some(stop) = self.stop.borrow().as_ref() {
            stop.make(wish);
        }
    }
}

impl Cloud for ScriptedCloud {
    async fn identity(&self) -> Result<Identity, CloudError> {
        self.call("sts", "GetCallerIdentity")?;
        let account = self.account.borrow().clone().unwrap_or_else(|| ACCOUNT.to_owned());
        Ok(Identity { arn: format!("arn:aws:iam::{account}:user/maria"), account })
    }

    /// Time costs nothing here; others get their turn.
    async fn pause(&self, time: Duration) {
        // The timer of a lease is no look at anything.
        if Duration::from_secs(20) <= time {
            return self.sleep(time).await;
        }
        self.pauses.set(self.pauses.get() + 1);
        if self.pauses.get() == self.interrupt_after.get() {
            self.wish(Wish::Stop);
        }
        if self.pauses.get() == self.cancel_after.get() {
            self.wish(Wish::Cancel);
        }
        self.sleep(time).await;
        if let Some((at, name, status)) = self.silent_end.borrow().as_ref()
            && *at == self.pauses.get()
        {
            self.with(name, |stack| stack.state.status.clone_from(status));
        }
        tokio::task::yield_now().await;
    }

    fn calls(&self) -> Calls {
        self.calls.borrow().clone()
    }
}

/// A listener that writes everything down and always gives the same answer.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) events: RefCell<Vec<Event>>,
    pub(crate) answer: Answer,
}

impl Listener {
    pub(crate) fn new(answer: Answer) -> Self {
        Self { events: RefCell::default(), answer }
    }
}

impl engine::Talk for Listener {
    fn tell(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    async fn ask(&self, question: String) -> Answer {
        self.tell(Event::Confirm { question });
        self.answer
    }

    async fn review(&self) -> Answer {
        self.tell(Event::Review);
        self.answer
    }
}

/// The ARN of a stack.
fn arn(name: &str, number: u64) -> String {
    format!("arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/{name}/{number}")
}
