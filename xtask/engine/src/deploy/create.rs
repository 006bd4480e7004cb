//! Making a stack that does not exist: one call, after what it will make was shown.

use protocol::{Change, ChangeAction, Deploy, Failure, FailureKind, Intent, Replacement, Sent, StackSpec};
use serde_json::Value;

use super::changes::refused;
use super::decide::digest_parameter;
use super::{Known, Step, reference};
use crate::cloud::{Cloud, CloudError, ErrorKind, Manner, NewStack, StackState};
use crate::engine::{Engine, Talk};
use crate::explain::explain;
use crate::failure;
use crate::pace::Retries;
use crate::patient::is_ambiguous;
use crate::watch::{Ended, Operation};

/// A stack that is going to be made.
#[derive(Debug)]
pub(super) struct Creation<'a> {
    pub(super) spec: &'a StackSpec,
    /// The ARN of what a failed first deploy left behind, which goes first.
    leftover: Option<String>,
    step: Step<'a>,
    manner: Manner,
    /// What it will make.
    pub(super) changes: Vec<Change>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// What making a stack will do. Nothing is sent: the template itself says it.
    pub(super) fn prepare_creation<'s>(&self, request: &Deploy, step: Step<'s>, known: &Known) -> Creation<'s> {
        let spec = step.spec;
        let leftover = match step.intent {
            Intent::Recreate => known.states.get(&spec.name).map(|state| state.id.clone()),
            Intent::Nothing | Intent::Create | Intent::Update | Intent::Wait | Intent::Delete | Intent::Import | Intent::Recover => None,
        };
        let manner = self.manner_of_creation(request, spec, known);
        Creation { spec, leftover, step, manner, changes: additions(spec) }
    }

    /// Make a stack, and look whether everything is there.
    pub(super) async fn create_one(&self, request: &Deploy, creation: &Creation<'_>, known: &Known) -> Result<(), Failure> {
        let target = &request.target;
        let spec = creation.spec;
        let stack = reference(spec);
        if let Some(leftover) = &creation.leftover {
            let ended = self.delete_and_watch(&stack, leftover, target).await?;
            if ended.status != "DELETE_COMPLETE" {
                return Err(failure::stack_state(&stack, &ended.status, ended.reason.as_deref(), &target.environment));
            }
        }
        let template = self.template_source(request, spec, known).await.map_err(|error| refused(error, spec, request))?;
        let new = || NewStack {
            name: &spec.name,
            template: template.clone(),
            parameters: &creation.step.parameters,
            capabilities: &spec.capabilities,
            tags: &spec.tags,
            protected: spec.termination_protection,
            manner: &creation.manner,
        };
        let mut retries = Retries::new();
        let stack_id = loop {
            let error = match self.cloud.create_stack(new()).await {
                Ok(id) => break id,
                Err(error) => error,
            };
            if let Some(id) = self.ours_after_all(request, creation, &error).await? {
                break id;
            }
            // The order did not arrive. Given again it is the same order (it has the same token), so that nothing is made twice.
            match retries.next() {
                Some(pause) if !self.interrupt.requested() => self.cloud.pause(pause).await,
                Some(_) | None => return Err(refused(error, spec, request)),
            }
        };
        let operation = Operation { stack: &stack, stack_id: &stack_id, after: None, total: creation.changes.len() };
        let ended = self.watch(operation, target).await?;
        if ended.status != "CREATE_COMPLETE" {
            return Err(self.after_failed_creation(request, spec, &stack_id, &ended).await);
        }
        let made = creation.changes.iter().filter(|change| change.action == ChangeAction::Add);
        self.find_gap(request, spec, &ended, made.map(|change| change.logical_id.as_str()).collect()).await
    }

    /// The answer may be lost and the order still have arrived: then a stack with our digest is there, and there is something to watch.
    /// None when it did not arrive, and may be given again.
    async fn ours_after_all(&self, request: &Deploy, creation: &Creation<'_>, error: &CloudError) -> Result<Option<String>, Failure> {
        let spec = creation.spec;
        let doubtful = is_ambiguous(error);
        if doubtful || matches!(error.kind, ErrorKind::Exists | ErrorKind::Other) {
            let in_doubt = |error| failure::in_the_middle(error, &reference(spec), &request.target);
            let there = self.cloud.stack(&spec.name).await.map_err(in_doubt)?;
            let digest = |state: &StackState| digest_parameter(spec).and_then(|name| state.parameters.get(name)).cloned();
            match there {
                Some(state) if digest(&state).as_ref() == digest_parameter(spec).and_then(|name| creation.step.parameters.get(name)) => {
                    return Ok(Some(state.id));
                }
                Some(_) | None => self.cloud.undone(&spec.name),
            }
        }
        if error.kind == ErrorKind::Exists {
            return Err(Failure {
                kind: FailureKind::Moved,
                message: format!("somebody else has made `{}` meanwhile", spec.name),
                causes: vec![error.message.clone()],
                source: None,
                hint: format!("`cargo xtask status --env {}` shows what it is; then deploy again", request.target.environment),
                sent: Sent::Nothing,
            });
        }
        if doubtful { Ok(None) } else { Err(refused(error.clone(), spec, request)) }
    }

    /// Say why, and leave nothing of a stack that was never in use. CloudFormation deletes it by itself, unless it is protected.
    async fn after_failed_creation(&self, request: &Deploy, spec: &StackSpec, stack_id: &str, ended: &Ended) -> Failure {
        let mut failure = explain(spec, true, stack_id, ended);
        if ended.status == "DELETE_COMPLETE" {
            self.cloud.undone(stack_id);
        }
        if ended.status != "ROLLBACK_COMPLETE" {
            return failure;
        }
        // It may have come so far only on its way to be deleted.
        match self.cloud.stack(stack_id).await {
            Ok(state) if state.as_ref().is_none_or(|state| state.status == "DELETE_COMPLETE") => {
                self.cloud.undone(stack_id);
                return failure;
            }
            Ok(_) | Err(_) => {}
        }
        if spec.termination_protection
            && let Err(error) = self.cloud.protect(stack_id, false).await
        {
            failure.causes.push(format!("and what is left of the stack stays protected: {}", error.message));
            return Failure { sent: Sent::Something, ..failure };
        }
        let left = match self.delete_and_watch(&reference(spec), stack_id, &request.target).await {
            Ok(ended) if ended.status == "DELETE_COMPLETE" => {
                self.cloud.undone(stack_id);
                return failure;
            }
            Ok(ended) => ended.status,
            Err(second) => second.message,
        };
        failure.causes.push(format!("and what is left of the stack could not be deleted: {left}"));
        Failure { sent: Sent::Something, ..failure }
    }
}

/// Every resource of the template, as CloudFormation would list it in a change set. Whether one with a condition is made, only
/// CloudFormation can say.
fn additions(spec: &StackSpec) -> Vec<Change> {
    let template: Value = serde_json::from_str(&spec.template).unwrap_or_default();
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    resources
        .map(|(logical_id, resource)| Change {
            action: if resource.get("Condition").is_some() { ChangeAction::Dynamic } else { ChangeAction::Add },
            logical_id: logical_id.clone(),
            resource_type: resource.get("Type").and_then(Value::as_str).unwrap_or_default().to_owned(),
            physical_id: None,
            replacement: Replacement::No,
            properties: Vec::new(),
            source: spec.sources.get(logical_id).cloned(),
        })
        .collect()
}
