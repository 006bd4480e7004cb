//! CloudFormation.

use super::*;

impl Stacks for ScriptedCloud {
    async fn stacks(&self) -> Result<Vec<StackState>, CloudError> {
        self.call("cloudformation", "DescribeStacks")?;
        Ok(self.stacks.borrow().values().map(|stack| stack.state.clone()).collect())
    }

    async fn stack(&self, name: &str) -> Result<Option<StackState>, CloudError> {
        self.call("cloudformation", "DescribeStacks")?;
        let state = self.with(name, |stack| stack.state.clone());
        let at_rest = |state: &StackState| !state.status.ends_with("_IN_PROGRESS") && state.status != "BORN";
        self.seen_at_rest.set(state.as_ref().is_some_and(at_rest));
        Ok(state)
    }

    async fn create_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError> {
        self.call("cloudformation", "CreateChangeSet")?;
        let uploaded = |url: &str| {
            let (bucket, key) = url.strip_prefix("https://s3.example/")?.split_once('/')?;
            String::from_utf8(self.newest(bucket, key)?.bytes).ok()
        };
        let body = match new.template {
            TemplateSource::Body(body) => body.to_owned(),
            TemplateSource::Url(url) => uploaded(&url).unwrap_or_else(|| panic!("CloudFormation would find no template at {url}")),
        };
        let status = self.status_of(new.stack);
        let fits = match status.as_deref() {
            None => new.create,
            Some(status) if new.create => status == "REVIEW_IN_PROGRESS",
            Some(status) => status.ends_with("_COMPLETE") && status != "ROLLBACK_COMPLETE",
        };
        if !fits {
            if new.create {
                self.violations.borrow_mut().push(format!("a second create of {} in {status:?}", new.stack));
            }
            return Err(error("CreateChangeSet", ErrorKind::Refused, &format!("Stack is in {status:?} state and can not be updated")));
        }
        if status.is_none() {
            self.put_stack(new.stack, "REVIEW_IN_PROGRESS");
        }
        let parameters = new.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        self.manners.borrow_mut().push((format!("change {}", new.stack), new.manner.clone()));
        self.with(new.stack, |stack| stack.state.tags.clone_from(new.tags));
        let added = self.with(new.stack, |stack| match stack.waiting.entry(new.name.to_owned()) {
            std::collections::btree_map::Entry::Occupied(_) => false,
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((body.to_owned(), parameters));
                true
            }
        });
        if added == Some(false) {
            return Err(error("CreateChangeSet", ErrorKind::Exists, "ChangeSet already exists"));
        }
        self.wrote(format!("create-change-set {}", new.stack));
        self.answer("CreateChangeSet")?;
        Ok(ChangeSetId { id: new.name.to_owned(), stack_id: self.id_of(new.stack) })
    }

    async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        self.call("cloudformation", "DescribeChangeSet")?;
        let found = self.with(&id.stack_id, |stack| {
            Some(((stack.template.clone(), stack.state.parameters.clone()), stack.waiting.get(&id.id)?.clone()))
        });
        let Some((old, (new, parameters))) = found.flatten() else {
            return Err(error("DescribeChangeSet", ErrorKind::NotFound, "ChangeSet does not exist"));
        };
        // A digest alone is nothing that CloudFormation would have to change.
        let seen = |parameters: &BTreeMap<String, String>| {
            let mut parameters = parameters.clone();
            parameters.remove("DeployDigest");
            parameters
        };
        let same = old.0 == new && seen(&old.1) == seen(&parameters);
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
        let meddled = self.faults.borrow_mut().meddled.iter().position(|operation| operation == "ExecuteChangeSet");
        if let Some(at) = meddled {
            self.faults.borrow_mut().meddled.remove(at);
            self.meddle(&id.stack_id);
        }
        let found = self.with(&id.stack_id, |stack| stack.waiting.remove(&id.id).map(|change_set| (stack.clone(), change_set)));
        let Some((mut stack, (template, parameters))) = found.flatten() else {
            return Err(error("ExecuteChangeSet", ErrorKind::NotFound, "ChangeSet does not exist"));
        };
        self.wrote(format!("execute {}", stack.state.name));
        if self.imports.borrow_mut().remove(&id.id) {
            let (name, id) = (stack.state.name.clone(), stack.state.id.clone());
            stack.script.push_back(self.event(&name, &id, "AWS::CloudFormation::Stack", "IMPORT_COMPLETE", None));
            (stack.template, stack.state.parameters) = (template, parameters);
            self.stacks.borrow_mut().insert(name, stack);
            return Ok(());
        }
        stack.waiting.clear();
        let on_failure = if stack.state.status == "REVIEW_IN_PROGRESS" { "ROLLBACK" } else { "UPDATE_ROLLBACK" };
        self.play(&mut stack, &template, &parameters, on_failure);
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        self.answer("ExecuteChangeSet")
    }

    async fn delete_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.call("cloudformation", "DeleteChangeSet")?;
        self.with(&id.stack_id, |stack| stack.waiting.remove(&id.id));
        self.answer("DeleteChangeSet")
    }

    async fn delete_stack(&self, name: &str) -> Result<(), CloudError> {
        self.delete_stack_except(name, &[]).await
    }

    async fn protect(&self, name: &str, on: bool) -> Result<(), CloudError> {
        self.call("cloudformation", "UpdateTerminationProtection")?;
        self.wrote(format!("protect {name} {on}"));
        self.with(name, |stack| stack.state.protected = on);
        self.answer("UpdateTerminationProtection")
    }

    async fn events(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        self.call("cloudformation", "DescribeStackEvents")?;
        if let Some(events) = self.nested.borrow().get(stack_id) {
            let skip = after.and_then(|id| events.iter().position(|event| event.id == id)).map_or(0, |at| at + 1);
            return Ok(events[skip..].to_vec());
        }
        // Two events a look, so that the engine sees operations in pieces as it does in AWS.
        let gone = self.with(stack_id, |stack| stack.clone());
        let per_look = if gone.as_ref().is_some_and(|stack| 100 < stack.script.len()) { 150 } else { 2 };
        self.advance(stack_id, per_look);
        // What a look shows last is shown even when it is that the stack is gone.
        let events =
            self.with(stack_id, |stack| stack.events.clone()).or_else(|| gone.map(|stack| [stack.events, stack.script.into()].concat()));
        let events = events.unwrap_or_default();
        let skip = after.and_then(|id| events.iter().position(|event| event.id == id)).map_or(0, |at| at + 1);
        let mut shown = events[skip..].to_vec();
        let ended = self.with(stack_id, |stack| stack.script.is_empty()).unwrap_or(true);
        if let Some((hidden, looks)) = self.late.get().filter(|_| ended) {
            match looks.checked_sub(u64::from(self.seen_at_rest.get())) {
                Some(0) | None => self.late.set(None),
                Some(left) => {
                    self.late.set(Some((hidden, left)));
                    shown.truncate(shown.len().saturating_sub(hidden));
                }
            }
        }
        // AWS gives a hundred events a call.
        for _ in 0..shown.len().saturating_sub(1) / 100 {
            self.call("cloudformation", "DescribeStackEvents")?;
        }
        match self.faults.borrow().disorder {
            Disorder::None | Disorder::SameTime => {}
            Disorder::Reversed => {
                let from = shown.len().saturating_sub(6);
                shown[from..].reverse();
            }
            Disorder::Twice => shown = shown.into_iter().flat_map(|event| [event.clone(), event]).collect(),
        }
        Ok(shown)
    }

    async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, CloudError> {
        self.call("cloudformation", "DescribeStackEvents")?;
        Ok(self.with(stack_id, |stack| stack.events.last().map(|event| event.id.clone())).flatten())
    }

    async fn resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError> {
        self.call("cloudformation", "ListStackResources")?;
        let found = self.with(name, |stack| (stack.template.clone(), stack.halted.clone(), stack.state.name.clone()));
        let Some((template, halted, name)) = found else {
            return Err(error("ListStackResources", ErrorKind::NotFound, "Stack does not exist"));
        };
        let parsed: serde_json::Value = serde_json::from_str(&template).unwrap();
        let resources = parsed["Resources"].as_object().unwrap().iter();
        let real = resources.filter(|(id, _)| !self.phantoms.borrow().contains(id));
        let resource = |(id, body): (&String, &serde_json::Value)| StackResource {
            logical_id: id.clone(),
            physical_id: format!("{name}-{id}"),
            resource_type: body["Type"].as_str().unwrap().to_owned(),
            status: halted.get(id).map_or_else(|| "CREATE_COMPLETE".to_owned(), |(status, _)| status.clone()),
            reason: halted.get(id).map(|(_, reason)| reason.clone()),
        };
        Ok(real.map(resource).collect())
    }

    async fn template(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.call("cloudformation", "GetTemplate")?;
        Ok(self.with(name, |stack| stack.template.clone()))
    }

    async fn create_import(&self, new: NewImport<'_>) -> Result<ChangeSetId, CloudError> {
        self.call("cloudformation", "CreateChangeSet")?;
        self.wrote(format!("import {}", new.stack));
        if self.status_of(new.stack).is_none() {
            self.put_stack(new.stack, "REVIEW_IN_PROGRESS");
        }
        let had = self.with(new.stack, |stack| stack.state.parameters.clone()).unwrap_or_default();
        let value = |(name, value): (&String, &Option<String>)| {
            let value = value.clone().or_else(|| had.get(name).cloned()).expect("CloudFormation would refuse a parameter without a value");
            (name.clone(), value)
        };
        let parameters = new.parameters.iter().map(value).collect();
        self.imports.borrow_mut().insert(new.name.to_owned());
        self.with(new.stack, |stack| stack.waiting.insert(new.name.to_owned(), (new.template.to_owned(), parameters)));
        Ok(ChangeSetId { id: new.name.to_owned(), stack_id: self.id_of(new.stack) })
    }

    async fn cancel_update(&self, stack_id: &str) -> Result<(), CloudError> {
        self.call("cloudformation", "CancelUpdateStack")?;
        let Some(mut stack) = self.with(stack_id, |stack| stack.clone()).filter(|stack| stack.state.status == "UPDATE_IN_PROGRESS") else {
            let words = "CancelUpdateStack cannot be called from current stack status";
            return Err(error("CancelUpdateStack", ErrorKind::Refused, words));
        };
        self.wrote(format!("cancel {}", stack.state.name));
        stack.script.clear();
        self.play_rollback(&mut stack, "UPDATE_ROLLBACK", "User Initiated");
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        self.answer("CancelUpdateStack")
    }

    async fn continue_rollback(&self, stack_id: &str, skip: &[String]) -> Result<(), CloudError> {
        self.call("cloudformation", "ContinueUpdateRollback")?;
        let Some(mut stack) = self.with(stack_id, |stack| stack.clone()).filter(|stack| stack.state.status == "UPDATE_ROLLBACK_FAILED")
        else {
            return Err(error("ContinueUpdateRollback", ErrorKind::Refused, "Stack is not in UPDATE_ROLLBACK_FAILED state"));
        };
        self.wrote(format!("continue {} skipping {skip:?}", stack.state.name));
        stack.halted.clear();
        let kept = self.irreversible.borrow().clone();
        self.irreversible.borrow_mut().retain(|id, _| !skip.contains(id));
        stack.state.status = "UPDATE_ROLLBACK_IN_PROGRESS".to_owned();
        self.play_rollback(&mut stack, "UPDATE_ROLLBACK", "User Initiated");
        *self.irreversible.borrow_mut() = kept;
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        self.answer("ContinueUpdateRollback")
    }

    async fn roll_back(&self, stack_id: &str) -> Result<(), CloudError> {
        self.call("cloudformation", "RollbackStack")?;
        let Some(mut stack) = self.with(stack_id, |stack| stack.clone()).filter(|stack| stack.state.status == "UPDATE_FAILED") else {
            return Err(error("RollbackStack", ErrorKind::Refused, "Stack is not in a state that can be rolled back"));
        };
        self.wrote(format!("roll-back {}", stack.state.name));
        stack.state.status = "UPDATE_ROLLBACK_IN_PROGRESS".to_owned();
        self.play_rollback(&mut stack, "UPDATE_ROLLBACK", "User Initiated");
        self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        self.answer("RollbackStack")
    }

    async fn delete_stack_except(&self, name: &str, retain: &[String]) -> Result<(), CloudError> {
        self.call("cloudformation", "DeleteStack")?;
        let Some(mut stack) = self.with(name, |stack| stack.clone()) else { return Ok(()) };
        if stack.state.protected {
            let words = format!("Stack [{}] cannot be deleted while TerminationProtection is enabled", stack.state.name);
            return Err(error("DeleteStack", ErrorKind::Refused, &words));
        }
        if !retain.is_empty() && stack.state.status != "DELETE_FAILED" {
            return Err(error(
                "DeleteStack",
                ErrorKind::Refused,
                "Invalid operation on stack: specify which resources to retain only when the stack is in the DELETE_FAILED state",
            ));
        }
        if stack.state.status == "DELETE_IN_PROGRESS" {
            return self.answer("DeleteStack");
        }
        let without = if retain.is_empty() { String::new() } else { format!(" retaining {}", retain.join(", ")) };
        self.wrote(format!("delete {}{without}", stack.state.name));
        if stack.state.status == "REVIEW_IN_PROGRESS" {
            self.stacks.borrow_mut().remove(&stack.state.name);
        } else {
            self.play_deletion(&mut stack, retain);
            self.stacks.borrow_mut().insert(stack.state.name.clone(), stack);
        }
        self.answer("DeleteStack")
    }

    async fn detect_drift(&self, name: &str) -> Result<String, CloudError> {
        self.call("cloudformation", "DetectStackDrift")?;
        Ok(name.to_owned())
    }

    async fn drift_detection(&self, id: &str) -> Result<DriftDetection, CloudError> {
        self.call("cloudformation", "DescribeStackDriftDetectionStatus")?;
        let looks = self.drift_looks.get();
        self.drift_looks.set(looks.saturating_sub(1));
        let status = if looks == 0 { "DETECTION_COMPLETE" } else { "DETECTION_IN_PROGRESS" };
        let drifted = self.drifted.borrow().contains_key(id);
        let drift = Some(if drifted { "DRIFTED" } else { "IN_SYNC" }.to_owned());
        Ok(DriftDetection { status: status.to_owned(), reason: None, drift })
    }

    async fn drifted_resources(&self, name: &str) -> Result<Vec<DriftedResource>, CloudError> {
        self.call("cloudformation", "DescribeStackResourceDrifts")?;
        Ok(self.drifted.borrow().get(name).cloned().unwrap_or_default())
    }

    async fn create_stack(&self, new: NewStack<'_>) -> Result<String, CloudError> {
        self.call("cloudformation", "CreateStack")?;
        self.manners.borrow_mut().push((format!("create {}", new.name), new.manner.clone()));
        let uploaded = |url: &str| {
            let (bucket, key) = url.strip_prefix("https://s3.example/")?.split_once('/')?;
            String::from_utf8(self.newest(bucket, key)?.bytes).ok()
        };
        let body = match new.template {
            TemplateSource::Body(body) => body.to_owned(),
            TemplateSource::Url(url) => uploaded(&url).unwrap_or_else(|| panic!("CloudFormation would find no template at {url}")),
        };
        if let Some(status) = self.status_of(new.name) {
            // The same order given twice is told from another one by its token; here, by what it would deploy.
            let wanted = new.parameters.get("DeployDigest");
            if wanted.is_none() || self.parameters_of(new.name).get("DeployDigest") != wanted {
                self.violations.borrow_mut().push(format!("a second create of {} in {status}", new.name));
            }
            return Err(error("CreateStack", ErrorKind::Exists, &format!("Stack [{}] already exists ({status})", new.name)));
        }
        self.wrote(format!("create {}", new.name));
        self.put_stack(new.name, "BORN");
        let mut stack = self.with(new.name, |stack| stack.clone()).unwrap();
        stack.state.tags = new.tags.clone();
        let parameters: BTreeMap<String, String> = new.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        stack.state.parameters.clone_from(&parameters);
        let on_failure = if new.protected { "ROLLBACK" } else { "DELETE" };
        self.play(&mut stack, &body, &parameters, on_failure);
        if new.protected {
            stack.state.protected = true;
            self.wrote(format!("protect {} true", new.name));
        }
        let id = stack.state.id.clone();
        self.stacks.borrow_mut().insert(new.name.to_owned(), stack);
        self.answer("CreateStack")?;
        Ok(id)
    }
}
