//! CloudFormation.

use super::*;

impl Stacks for ScriptedCloud {
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
        self.manners.borrow_mut().push((format!("change {}", new.stack), new.manner.clone()));
        let TemplateSource::Body(body) = new.template else { panic!("these templates are short") };
        if new.create && self.status_of(new.stack).is_none() {
            self.put_stack(new.stack, "REVIEW_IN_PROGRESS");
        }
        let parameters = new.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let added = self.with(new.stack, |stack| {
            let fits = if new.create { stack.state.status == "REVIEW_IN_PROGRESS" } else { stack.state.status.ends_with("_COMPLETE") };
            assert!(fits, "CloudFormation would refuse a change set from {}", stack.state.status);
            stack.state.tags = new.tags.clone();
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
        let mut stack = self.with(&id.stack_id, |stack| stack.clone()).unwrap();
        self.wrote(format!("execute {}", stack.state.name));
        let (template, parameters) = stack.waiting.remove(&id.id).unwrap();
        stack.waiting.clear();
        let on_failure = if stack.state.status == "REVIEW_IN_PROGRESS" { "ROLLBACK" } else { "UPDATE_ROLLBACK" };
        self.play(&mut stack, &template, &parameters, on_failure);
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
        if stack.state.protected {
            return Err(error("DeleteStack", ErrorKind::Refused, "Stack cannot be deleted while TerminationProtection is enabled"));
        }
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
        self.with(name, |stack| stack.state.protected = on);
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

    async fn create_stack(&self, new: NewStack<'_>) -> Result<String, CloudError> {
        self.call("cloudformation", "CreateStack")?;
        self.wrote(format!("create {}", new.name));
        self.manners.borrow_mut().push((format!("create {}", new.name), new.manner.clone()));
        let TemplateSource::Body(body) = new.template else { panic!("these templates are short") };
        if let Some(status) = self.status_of(new.name) {
            return Err(error("CreateStack", ErrorKind::Exists, &format!("Stack [{}] already exists ({status})", new.name)));
        }
        self.put_stack(new.name, "BORN");
        let mut stack = self.with(new.name, |stack| stack.clone()).unwrap();
        stack.state.tags = new.tags.clone();
        let parameters = new.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let on_failure = if new.protected { "ROLLBACK" } else { "DELETE" };
        self.play(&mut stack, body, &parameters, on_failure);
        if new.protected {
            stack.state.protected = true;
            self.wrote(format!("protect {} true", new.name));
        }
        let id = stack.state.id.clone();
        self.stacks.borrow_mut().insert(new.name.to_owned(), stack);
        self.answer("CreateStack", id)
    }
}
