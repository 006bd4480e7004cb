//! A cloud that does what CloudFormation does, in memory, and fails where a test says so.

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
    /// Logical ID → the reason for which its creation fails.
    broken: RefCell<BTreeMap<String, String>>,
    /// Logical IDs that CloudFormation claims to have made and has not.
    phantoms: RefCell<Vec<String>>,
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
            id: format!("arn:{name}/{}", self.next()),
            status: status.to_owned(),
            reason: Some(format!("a reason for {status}")),
            parameters: BTreeMap::new(),
            outputs: IndexMap::new(),
            changed_at: None,
        };
        let template = "{\"Resources\":{}}".to_owned();
        let stack = Stack { state, template, events: Vec::new(), script: VecDeque::new(), waiting: BTreeMap::new() };
        self.stacks.borrow_mut().insert(name.to_owned(), stack);
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
    fn play(&self, stack: &mut Stack, template: &str, parameters: &BTreeMap<String, String>) {
        let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
        let create = stack.state.status == "REVIEW_IN_PROGRESS";
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
            } else {
                stack.script.push_back(self.event(logical_id, "", kind, &format!("{verb}_IN_PROGRESS"), None));
                stack.script.push_back(self.event(logical_id, &format!("{name}-{logical_id}"), kind, &format!("{verb}_COMPLETE"), None));
            }
        }
        let rollback = if create { "ROLLBACK" } else { "UPDATE_ROLLBACK" };
        if failed {
            stack.script.push_back(root(format!("{rollback}_IN_PROGRESS"), Some("The following resource(s) failed")));
            stack.script.push_back(root(format!("{rollback}_COMPLETE"), None));
            return;
        }
        stack.script.push_back(root(format!("{verb}_COMPLETE"), None));
        stack.template = template.to_owned();
        stack.state.parameters = parameters.clone();
        let outputs = parsed["Outputs"].as_object().cloned().unwrap_or_default();
        stack.state.outputs = outputs.keys().map(|key| (key.clone(), format!("{name}-{key}"))).collect();
    }
}

impl Cloud for ScriptedCloud {
    async fn identity(&self) -> Result<Identity, CloudError> {
        self.call("sts", "GetCallerIdentity")?;
        let account = self.account.borrow().clone().unwrap_or_else(|| ACCOUNT.to_owned());
        Ok(Identity { arn: format!("arn:aws:iam::{account}:user/maria"), account })
    }

    async fn stacks(&self) -> Result<Vec<StackState>, CloudError> {
        self.call("cloudformation", "DescribeStacks")?;
        Ok(self.stacks.borrow().values().map(|stack| stack.state.clone()).collect())
    }

    async fn stack(&self, name: &str) -> Result<Option<StackState>, CloudError> {
        self.call("cloudformation", "DescribeStacks")?;
        Ok(self.with(name, |stack| stack.state.clone()))
    }

    async fn create_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError> {
        self.call("cloudformation", "CreateChangeSet")?;
        self.wrote(format!("create-change-set {}", new.stack));
        let TemplateSource::Body(body) = new.template else { panic!("these templates are short") };
        if new.create && self.status_of(new.stack).is_none() {
            self.put_stack(new.stack, "REVIEW_IN_PROGRESS");
        }
        let parameters = new.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let added = self.with(new.stack, |stack| {
            let fits = if new.create { stack.state.status == "REVIEW_IN_PROGRESS" } else { stack.state.status.ends_with("_COMPLETE") };
            assert!(fits, "CloudFormation would refuse a change set from {}", stack.state.status);
            stack.waiting.insert(new.name.to_owned(), (body.to_owned(), parameters)).is_none()
        });
        match added {
            Some(true) => Ok(ChangeSetId { id: new.name.to_owned(), stack_id: self.id_of(new.stack) }),
            Some(false) => Err(error("CreateChangeSet", ErrorKind::Exists, "ChangeSet already exists")),
            None => Err(error("CreateChangeSet", ErrorKind::NotFound, "Stack does not exist")),
        }
    }

    async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        self.call("cloudformation", "DescribeChangeSet")?;
        let (old, (new, parameters)) = self
            .with(&id.stack_id, |stack| ((stack.template.clone(), stack.state.parameters.clone()), stack.waiting[&id.id].clone()))
            .unwrap();
        let same = old.0 == new && old.1.get("Size") == parameters.get("Size");
        if same {
            let reason =
                Some("The submitted information didn't contain changes. Submit different information to create a change set.".to_owned());
            return Ok(ChangeSetState { status: "FAILED".to_owned(), reason, changes: Vec::new() });
        }
        let parsed: serde_json::Value = serde_json::from_str(&new).unwrap();
        let changes = parsed["Resources"].as_object().unwrap().iter().map(|(logical_id, resource)| Change {
            action: ChangeAction::Add,
            logical_id: logical_id.clone(),
            resource_type: resource["Type"].as_str().unwrap().to_owned(),
            physical_id: None,
            replacement: Replacement::No,
            properties: Vec::new(),
            source: None,
        });
        Ok(ChangeSetState { status: "CREATE_COMPLETE".to_owned(), reason: None, changes: changes.collect() })
    }

    async fn execute(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.call("cloudformation", "ExecuteChangeSet")?;
        let mut stack = self.with(&id.stack_id, |stack| stack.clone()).unwrap();
        self.wrote(format!("execute {}", stack.state.name));
        let (template, parameters) = stack.waiting.remove(&id.id).unwrap();
        stack.waiting.clear();
        self.play(&mut stack, &template, &parameters);
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        Ok(())
    }

    async fn delete_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.call("cloudformation", "DeleteChangeSet")?;
        self.with(&id.stack_id, |stack| stack.waiting.remove(&id.id));
        Ok(())
    }

    async fn delete_stack(&self, name: &str) -> Result<(), CloudError> {
        self.call("cloudformation", "DeleteStack")?;
        let mut stack = self.with(name, |stack| stack.clone()).unwrap();
        self.wrote(format!("delete {}", stack.state.name));
        if stack.state.status == "REVIEW_IN_PROGRESS" {
            self.stacks.borrow_mut().remove(&stack.state.name);
            return Ok(());
        }
        let (own, id) = (stack.state.name.clone(), stack.state.id.clone());
        stack.state.status = "DELETE_IN_PROGRESS".to_owned();
        let stuck = self.broken.borrow().iter().next().map(|(id, reason)| (id.clone(), reason.clone()));
        let status = if let (Some((logical_id, reason)), false) = (stuck, stack.state.parameters.is_empty()) {
            stack.script.push_back(self.event(&logical_id, "bucket", "AWS::S3::Bucket", "DELETE_FAILED", Some(&reason)));
            "DELETE_FAILED"
        } else {
            "DELETE_COMPLETE"
        };
        stack.script.push_back(self.event(&own, &id, "AWS::CloudFormation::Stack", status, None));
        self.stacks.borrow_mut().insert(own, stack);
        Ok(())
    }

    async fn protect(&self, name: &str, on: bool) -> Result<(), CloudError> {
        self.call("cloudformation", "UpdateTerminationProtection")?;
        self.wrote(format!("protect {name} {on}"));
        Ok(())
    }

    async fn events(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        self.call("cloudformation", "DescribeStackEvents")?;
        let (events, gone) = self
            .with(stack_id, |stack| {
                // Two events a look, so that the engine sees operations in pieces as it does in AWS.
                for event in stack.script.drain(..stack.script.len().min(2)) {
                    if event.physical_id == stack.state.id {
                        stack.state.status = event.status.clone();
                    }
                    stack.events.push(event);
                }
                (stack.events.clone(), (stack.state.status == "DELETE_COMPLETE").then(|| stack.state.name.clone()))
            })
            .unwrap_or_default();
        if let Some(name) = gone {
            self.stacks.borrow_mut().remove(&name);
        }
        let skip = after.and_then(|id| events.iter().position(|event| event.id == id)).map_or(0, |at| at + 1);
        Ok(events.into_iter().skip(skip).collect())
    }

    async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, CloudError> {
        self.call("cloudformation", "DescribeStackEvents")?;
        Ok(self.with(stack_id, |stack| stack.events.last().map(|event| event.id.clone())).flatten())
    }

    async fn resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError> {
        self.call("cloudformation", "ListStackResources")?;
        let template = self.with(name, |stack| stack.template.clone()).unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&template).unwrap();
        let resources = parsed["Resources"].as_object().unwrap().iter();
        let real = resources.filter(|(id, _)| !self.phantoms.borrow().contains(id));
        let resource = |(id, body): (&String, &serde_json::Value)| StackResource {
            logical_id: id.clone(),
            physical_id: format!("{name}-{id}"),
            resource_type: body["Type"].as_str().unwrap().to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
        };
        Ok(real.map(resource).collect())
    }

    async fn template(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.call("cloudformation", "GetTemplate")?;
        Ok(self.with(name, |stack| stack.template.clone()))
    }

    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.call("s3", "HeadObject")?;
        Ok(self.objects.borrow().contains(&format!("{bucket}/{key}")))
    }

    async fn put_file(&self, bucket: &str, key: &str, _path: &Path, _sha256: &str) -> Result<(), CloudError> {
        self.call("s3", "PutObject")?;
        self.wrote(format!("put {key}"));
        if self.interrupt_at_upload.get()
            && let Some(stop) = self.stop.borrow().as_ref()
        {
            stop.send(true).unwrap();
        }
        self.objects.borrow_mut().push(format!("{bucket}/{key}"));
        Ok(())
    }

    async fn put_text(&self, bucket: &str, key: &str, _text: &str) -> Result<(), CloudError> {
        self.put_file(bucket, key, Path::new(""), "").await
    }

    fn object_url(&self, bucket: &str, key: &str) -> String {
        format!("https://s3.example/{bucket}/{key}")
    }

    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError> {
        self.call("s3", "DeleteObjects")?;
        self.wrote(format!("empty {bucket}"));
        Ok(3)
    }

    async fn log_lines(&self, _group: &str, _from: i64, _filter: Option<&str>) -> Result<Vec<LogLine>, CloudError> {
        self.call("logs", "FilterLogEvents")?;
        Ok(self.log.borrow().clone())
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
}
