//! A cloud that does what CloudFormation does, in memory, and fails where a test says so.
#![allow(dead_code, reason = "each test file uses some of it")]

mod objects;
pub(crate) mod requests;
mod services;
mod stacks;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use engine::cloud::*;
use indexmap::IndexMap;
use protocol::{Answer, Calls, Change, ChangeAction, Event, Replacement};
use tokio::sync::watch;

pub(crate) const ACCOUNT: &str = "111111111111";

#[derive(Debug, Clone)]
struct Stack {
    state: StackState,
    template: String,
    events: Vec<StackEvent>,
    /// Words that the stack takes one by one, each time somebody looks at its events.
    script: VecDeque<StackEvent>,
    waiting: BTreeMap<String, (String, BTreeMap<String, String>)>,
}

/// The cloud. Stacks live in memory; every change is recorded in `writes`.
#[derive(Debug, Default)]
pub(crate) struct ScriptedCloud {
    stacks: RefCell<BTreeMap<String, Stack>>,
    pub(crate) account: RefCell<Option<String>>,
    /// Operation → the error that it answers with, once.
    faults: RefCell<BTreeMap<String, VecDeque<CloudError>>>,
    /// Operations whose next answer gets lost.
    lost: RefCell<Vec<&'static str>>,
    /// Output → the value that it has from the next operation on.
    given: RefCell<BTreeMap<String, String>>,
    /// Logical ID → the reason for which its creation fails.
    broken: RefCell<BTreeMap<String, String>>,
    /// Logical IDs that CloudFormation claims to have made and has not.
    phantoms: RefCell<Vec<String>>,
    /// Whether nothing is heard of those.
    pub(crate) silent: Cell<bool>,
    /// Operation and stack → how it was to be gone about.
    pub(crate) manners: RefCell<Vec<(String, Manner)>>,
    /// What was changed, in order: `create-change-set jobs`.
    pub(crate) writes: RefCell<Vec<String>>,
    pub(crate) objects: RefCell<Vec<String>>,
    calls: RefCell<Calls>,
    /// What every log group holds.
    pub(crate) log: RefCell<Vec<LogLine>>,
    counter: Cell<u64>,
    pauses: Cell<u64>,
    interrupt_after: Cell<u64>,
    interrupt_at_upload: Cell<bool>,
    stop: RefCell<Option<watch::Sender<bool>>>,
}

pub(crate) fn error(operation: &'static str, kind: ErrorKind, message: &str) -> CloudError {
    CloudError { service: "cloudformation", operation, code: None, message: message.to_owned(), kind }
}

impl ScriptedCloud {
    pub(crate) fn fail(&self, operation: &'static str, kind: ErrorKind, message: &str) {
        self.faults.borrow_mut().entry(operation.to_owned()).or_default().push_back(error(operation, kind, message));
    }

    /// The next order is carried out, and its answer gets lost.
    pub(crate) fn lose_answer(&self, operation: &'static str) {
        self.lost.borrow_mut().push(operation);
    }

    fn answer<T>(&self, operation: &'static str, answer: T) -> Result<T, CloudError> {
        let mut lost = self.lost.borrow_mut();
        match lost.iter().position(|one| *one == operation) {
            Some(at) => {
                lost.remove(at);
                Err(error(operation, ErrorKind::Unreachable, "connection reset by peer"))
            }
            None => Ok(answer),
        }
    }

    /// What an output will be from the next operation on.
    pub(crate) fn will_give(&self, output: &str, value: &str) {
        self.given.borrow_mut().insert(output.to_owned(), value.to_owned());
    }

    pub(crate) fn break_resource(&self, logical_id: &str, reason: &str) {
        self.broken.borrow_mut().insert(logical_id.to_owned(), reason.to_owned());
    }

    /// Ctrl-C comes while a file is uploaded.
    pub(crate) fn interrupt_at_upload(&self, stop: watch::Sender<bool>) {
        self.interrupt_after(u64::MAX, stop);
        self.interrupt_at_upload.set(true);
    }

    /// Ctrl-C comes after so many pauses.
    pub(crate) fn interrupt_after(&self, pauses: u64, stop: watch::Sender<bool>) {
        self.interrupt_after.set(pauses);
        *self.stop.borrow_mut() = Some(stop);
    }

    pub(crate) fn mend(&self) {
        self.broken.borrow_mut().clear();
    }

    pub(crate) fn pretend_to_make(&self, logical_id: &str) {
        self.phantoms.borrow_mut().push(logical_id.to_owned());
    }

    /// A stack that is already there, in a state of its own.
    pub(crate) fn put_stack(&self, name: &str, status: &str) {
        let state = StackState {
            name: name.to_owned(),
            id: format!("arn:aws:cloudformation:eu-central-1:{ACCOUNT}:stack/{name}/{}", self.next()),
            status: status.to_owned(),
            reason: Some(format!("a reason for {status}")),
            parameters: BTreeMap::new(),
            outputs: IndexMap::new(),
            changed_at: None,
            tags: BTreeMap::new(),
            rollback_alarms: Vec::new(),
            protected: false,
        };
        let template = "{\"Resources\":{}}".to_owned();
        let stack = Stack { state, template, events: Vec::new(), script: VecDeque::new(), waiting: BTreeMap::new() };
        self.stacks.borrow_mut().insert(name.to_owned(), stack);
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

    pub(crate) fn status_of(&self, name: &str) -> Option<String> {
        self.stacks.borrow().get(name).map(|stack| stack.state.status.clone())
    }

    pub(crate) fn change_sets_of(&self, name: &str) -> usize {
        self.stacks.borrow().get(name).map_or(0, |stack| stack.waiting.len())
    }

    pub(crate) fn parameters_of(&self, name: &str) -> BTreeMap<String, String> {
        self.stacks.borrow()[name].state.parameters.clone()
    }

    fn id_of(&self, name: &str) -> String {
        self.stacks.borrow()[name].state.id.clone()
    }

    fn next(&self) -> u64 {
        self.counter.set(self.counter.get() + 1);
        self.counter.get()
    }

    fn call(&self, service: &str, operation: &str) -> Result<(), CloudError> {
        *self.calls.borrow_mut().entry(service.to_owned()).or_default() += 1;
        match self.faults.borrow_mut().get_mut(operation).and_then(VecDeque::pop_front) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn wrote(&self, what: String) {
        self.writes.borrow_mut().push(what);
    }

    fn event(&self, logical_id: &str, physical_id: &str, kind: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("event-{}", self.next()),
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            at: "2026-11-23T10:00:00Z".to_owned(),
        }
    }

    fn with<T>(&self, name_or_id: &str, then: impl FnOnce(&mut Stack) -> T) -> Option<T> {
        let mut stacks = self.stacks.borrow_mut();
        stacks.values_mut().find(|stack| stack.state.name == name_or_id || stack.state.id == name_or_id).map(then)
    }

    /// Play the execution of a change set as events that show one look at a time.
    fn play(&self, stack: &mut Stack, template: &str, parameters: &BTreeMap<String, String>, on_failure: &str) {
        let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
        let create = matches!(stack.state.status.as_str(), "REVIEW_IN_PROGRESS" | "BORN");
        let verb = if create { "CREATE" } else { "UPDATE" };
        let root = |status: String, reason: Option<&str>| self.event(&name, &id, "AWS::CloudFormation::Stack", &status, reason);
        let parsed: serde_json::Value = serde_json::from_str(template).unwrap();
        stack.state.status = format!("{verb}_IN_PROGRESS");
        stack.script.push_back(root(format!("{verb}_IN_PROGRESS"), None));
        let broken = self.broken.borrow().clone();
        let mut failed = false;
        for (logical_id, resource) in parsed["Resources"].as_object().unwrap() {
            let kind = resource["Type"].as_str().unwrap();
            if let Some(reason) = broken.get(logical_id) {
                stack.script.push_back(self.event("Other", "", kind, &format!("{verb}_FAILED"), Some("Resource creation cancelled")));
                stack.script.push_back(self.event(logical_id, "", kind, &format!("{verb}_FAILED"), Some(reason)));
                failed = true;
            } else if !(self.silent.get() && self.phantoms.borrow().contains(logical_id)) {
                stack.script.push_back(self.event(logical_id, "", kind, &format!("{verb}_IN_PROGRESS"), None));
                stack.script.push_back(self.event(logical_id, &format!("{name}-{logical_id}"), kind, &format!("{verb}_COMPLETE"), None));
            }
        }
        if failed {
            stack.script.push_back(root(format!("{on_failure}_IN_PROGRESS"), Some("The following resource(s) failed")));
            stack.script.push_back(root(format!("{on_failure}_COMPLETE"), None));
            return;
        }
        stack.script.push_back(root(format!("{verb}_COMPLETE"), None));
        stack.template = template.to_owned();
        stack.state.parameters = parameters.clone();
        let outputs = parsed["Outputs"].as_object().cloned().unwrap_or_default();
        let given = self.given.borrow();
        let value = |key: &String| given.get(key).cloned().unwrap_or_else(|| format!("{name}-{key}"));
        stack.state.outputs = outputs.keys().map(|key| (key.clone(), value(key))).collect();
    }
}

impl Cloud for ScriptedCloud {
    async fn identity(&self) -> Result<Identity, CloudError> {
        self.call("sts", "GetCallerIdentity")?;
        let account = self.account.borrow().clone().unwrap_or_else(|| ACCOUNT.to_owned());
        Ok(Identity { arn: format!("arn:aws:iam::{account}:user/maria"), account })
    }

    /// Time costs nothing here; others get their turn.
    async fn pause(&self, _time: Duration) {
        self.pauses.set(self.pauses.get() + 1);
        if self.pauses.get() == self.interrupt_after.get()
            && let Some(stop) = self.stop.borrow().as_ref()
        {
            stop.send(true).unwrap();
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
