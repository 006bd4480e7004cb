//! Operations on stacks, as events that show one look at a time.

use super::*;

/// The type under which a stack reports about itself, and about stacks nested in it.
const STACK: &str = "AWS::CloudFormation::Stack";

impl ScriptedCloud {
    pub(super) fn event(&self, logical_id: &str, physical_id: &str, kind: &str, status: &str, reason: Option<&str>) -> StackEvent {
        let number = self.next();
        let second = if self.faults.borrow().disorder == Disorder::SameTime { 0 } else { number };
        let at = jiff::Timestamp::from_second(1_795_428_000).unwrap() + jiff::SignedDuration::from_secs(second.try_into().unwrap());
        StackEvent {
            id: format!("event-{number}"),
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            resource_type: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            at: at.to_string(),
        }
    }

    /// Play the execution of a change set.
    pub(super) fn play(&self, stack: &mut Stack, template: &str, parameters: &BTreeMap<String, String>, on_failure: &str) {
        let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
        let create = matches!(stack.state.status.as_str(), "REVIEW_IN_PROGRESS" | "BORN");
        let verb = if create { "CREATE" } else { "UPDATE" };
        let root = |status: String, reason: Option<&str>| self.event(&name, &id, STACK, &status, reason);
        let parsed: serde_json::Value = serde_json::from_str(template).unwrap();
        stack.before = Some(content(stack));
        stack.state.status = format!("{verb}_IN_PROGRESS");
        stack.script.push_back(root(format!("{verb}_IN_PROGRESS"), Some("User Initiated")));
        let broken = self.broken.borrow().clone();
        let mut failed = false;
        for (logical_id, resource) in parsed["Resources"].as_object().unwrap() {
            let kind = resource["Type"].as_str().unwrap();
            let nested = if kind == STACK { Some(self.play_nested(&name, logical_id, verb, &broken)) } else { None };
            let physical_id = nested.clone().map_or_else(|| format!("{name}-{logical_id}"), |(arn, _)| arn);
            let reason = nested.map_or_else(|| broken.get(logical_id).cloned(), |(_, reason)| reason);
            if let Some(reason) = reason {
                let started = if kind == STACK { physical_id.as_str() } else { "" };
                stack.script.push_back(self.event(logical_id, started, kind, &format!("{verb}_IN_PROGRESS"), None));
                stack.script.push_back(self.event("Other", "", kind, &format!("{verb}_FAILED"), Some("Resource creation cancelled")));
                stack.script.push_back(self.event(logical_id, started, kind, &format!("{verb}_FAILED"), Some(&reason)));
                failed = true;
            } else if !(self.silent.get() && self.phantoms.borrow().contains(logical_id)) {
                stack.script.push_back(self.event(logical_id, "", kind, &format!("{verb}_IN_PROGRESS"), None));
                stack.script.push_back(self.event(logical_id, &physical_id, kind, &format!("{verb}_COMPLETE"), None));
            }
        }
        for number in 0..self.chatter.get() {
            stack.script.push_back(self.event(&format!("Chatter{number:04}"), "", "AWS::SQS::Queue", &format!("{verb}_IN_PROGRESS"), None));
        }
        if failed {
            self.play_rollback(stack, on_failure, "The following resource(s) failed");
            return;
        }
        if let Some(reason) = broken.get(&name).filter(|_| !create) {
            self.play_rollback(stack, on_failure, reason);
            return;
        }
        let undeletable = self.undeletable.borrow().clone();
        let dropped = |id: &&String| !create && stack.template.contains(id.as_str()) && !template.contains(id.as_str());
        for (logical_id, reason) in undeletable.iter().filter(|(id, _)| dropped(id)) {
            let old = format!("{name}-{logical_id}");
            stack.script.push_back(self.event(logical_id, &old, "AWS::SQS::Queue", "DELETE_FAILED", Some(reason)));
        }
        stack.script.push_back(root(format!("{verb}_COMPLETE"), None));
        stack.template = template.to_owned();
        stack.state.parameters = parameters.clone();
        let outputs = parsed["Outputs"].as_object().cloned().unwrap_or_default();
        let given = self.given.borrow();
        let value = |key: &String| given.get(key).cloned().unwrap_or_else(|| format!("{name}-{key}"));
        stack.state.outputs = outputs.keys().map(|key| (key.clone(), value(key))).collect();
    }

    /// A nested stack's own events are there at once; its ARN, and why it fails.
    fn play_nested(&self, name: &str, logical_id: &str, verb: &str, broken: &BTreeMap<String, String>) -> (String, Option<String>) {
        let inner = format!("{logical_id}Inner");
        let own = format!("{name}-{logical_id}");
        let child = arn(&own, 1);
        let mut events = self.nested.borrow_mut().remove(&child).unwrap_or_default();
        events.push(self.event(&own, &child, STACK, &format!("{verb}_IN_PROGRESS"), None));
        events.push(self.event(&inner, "", "AWS::SQS::Queue", &format!("{verb}_IN_PROGRESS"), None));
        let reason = broken.get(&inner);
        let status = if reason.is_some() { "FAILED" } else { "COMPLETE" };
        events.push(self.event(&inner, &inner, "AWS::SQS::Queue", &format!("{verb}_{status}"), reason.map(String::as_str)));
        events.push(self.event(&own, &child, STACK, if reason.is_some() { "ROLLBACK_COMPLETE" } else { "CREATE_COMPLETE" }, None));
        self.nested.borrow_mut().insert(child.clone(), events);
        let why = reason.map(|_| {
            format!("Embedded stack {child} was not successfully created: The following resource(s) failed to create: [{inner}].")
        });
        (child, why)
    }

    /// Play a rollback. It gets stuck at what cannot be brought back.
    pub(super) fn play_rollback(&self, stack: &mut Stack, rollback: &str, reason: &str) {
        let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
        let root = |status: String, reason: Option<&str>| self.event(&name, &id, STACK, &status, reason);
        if let Some(before) = stack.before.take() {
            stack.template = before.template;
            stack.state.parameters = before.parameters;
            stack.state.outputs = before.outputs;
        }
        stack.script.push_back(root(format!("{rollback}_IN_PROGRESS"), Some(reason)));
        let irreversible = self.irreversible.borrow().clone();
        let stuck: Vec<_> =
            irreversible.iter().filter(|(id, _)| rollback == "UPDATE_ROLLBACK" && stack.template.contains(id.as_str())).collect();
        for (logical_id, why) in &stuck {
            stack.halted.insert((*logical_id).clone(), ("UPDATE_FAILED".to_owned(), (*why).clone()));
            stack.script.push_back(self.event(logical_id, "", "AWS::SQS::Queue", "UPDATE_FAILED", Some(why)));
        }
        let end = if stuck.is_empty() { "COMPLETE" } else { "FAILED" };
        stack.script.push_back(root(format!("{rollback}_{end}"), None));
    }

    pub(super) fn play_deletion(&self, stack: &mut Stack, retain: &[String]) {
        let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
        stack.script.clear();
        stack.state.status = "DELETE_IN_PROGRESS".to_owned();
        stack.script.push_back(self.event(&name, &id, STACK, "DELETE_IN_PROGRESS", Some("User Initiated")));
        let undeletable = self.undeletable.borrow().clone();
        let mut end = "DELETE_COMPLETE";
        stack.halted.clear();
        for (logical_id, reason) in undeletable.iter().filter(|(id, _)| stack.template.contains(id.as_str()) && !retain.contains(id)) {
            stack.script.push_back(self.event(logical_id, "bucket", "AWS::S3::Bucket", "DELETE_FAILED", Some(reason)));
            stack.halted.insert(logical_id.clone(), ("DELETE_FAILED".to_owned(), reason.clone()));
            end = "DELETE_FAILED";
        }
        stack.script.push_back(self.event(&name, &id, STACK, end, None));
    }

    /// Somebody else begins to update a stack. Whatever change sets it had are of no use any more.
    pub(super) fn meddle(&self, name_or_id: &str) {
        let Some(mut stack) = self.with(name_or_id, |stack| stack.clone()) else { return };
        if stack.state.status == "REVIEW_IN_PROGRESS" || !stack.state.status.ends_with("_COMPLETE") {
            return;
        }
        stack.waiting.clear();
        let template = stack.template.clone();
        let theirs = BTreeMap::from([("DeployDigest".to_owned(), format!("theirs-{}", self.next()))]);
        self.play(&mut stack, &template, &theirs, "UPDATE_ROLLBACK");
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
    }

    /// Let a stack go on by so many events; whether there were any.
    pub(super) fn advance(&self, name_or_id: &str, events: usize) -> bool {
        let (moved, gone) = self
            .with(name_or_id, |stack| {
                let due = stack.script.len().min(events);
                for event in stack.script.drain(..due).collect::<Vec<_>>() {
                    if event.physical_id == stack.state.id {
                        stack.state.status = event.status.clone();
                        stack.state.reason = event.reason.clone();
                    }
                    stack.events.push(event);
                }
                (0 < due, (stack.state.status == "DELETE_COMPLETE").then(|| stack.state.name.clone()))
            })
            .unwrap_or_default();
        if let Some(name) = gone {
            self.stacks.borrow_mut().remove(&name);
        }
        moved
    }
}

fn content(stack: &Stack) -> Content {
    Content { template: stack.template.clone(), parameters: stack.state.parameters.clone(), outputs: stack.state.outputs.clone() }
}
