//! Change sets: made, shown, and thrown away when nobody wants them.

use std::time::Duration;

use indexmap::IndexMap;
use protocol::{Change, Deploy, Event, Failure, FailureKind, Intent, Sent, Source, StackSpec};

use super::plan::Plan;
use super::{Known, reference};
use crate::cloud::{ChangeSetId, ChangeSetState, Cloud, CloudError, ErrorKind, NewChangeSet, TemplateSource};
use crate::engine::{Engine, Talk};
use crate::ledger::{INLINE_TEMPLATE_BYTES, template_key};
use crate::{cause, failure};

/// A stack with a change set that waits for its execution.
#[derive(Debug)]
pub(super) struct Prepared<'a> {
    pub(super) spec: &'a StackSpec,
    pub(super) create: bool,
    pub(super) change_set: ChangeSetId,
    pub(super) changes: Vec<Change>,
}

/// A stack for which CloudFormation finds nothing to change, with its outputs.
type Unchanged<'a> = (&'a StackSpec, IndexMap<String, String>);

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Make the change sets of a wave, side by side, and show them. When one fails, all are thrown away.
    pub(super) async fn prepare<'s>(
        &self,
        request: &Deploy,
        plans: Vec<Plan<'s>>,
    ) -> Result<(Vec<Prepared<'s>>, Vec<Unchanged<'s>>), Failure> {
        let results = futures_util::future::join_all(plans.into_iter().map(|plan| self.prepare_one(request, plan))).await;
        let (mut prepared, mut unchanged, mut first) = (Vec::new(), Vec::new(), None);
        for result in results {
            match result {
                Ok(Ok(one)) => prepared.push(one),
                Ok(Err(one)) => unchanged.push(one),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        if let Some(failure) = first.or_else(|| self.stopped()) {
            self.discard(&prepared, request).await?;
            return Err(failure);
        }
        for one in &prepared {
            self.talk.tell(Event::ChangeSet { stack: reference(one.spec), changes: one.changes.clone() });
        }
        Ok((prepared, unchanged))
    }

    async fn prepare_one<'s>(&self, request: &Deploy, plan: Plan<'s>) -> Result<Result<Prepared<'s>, Unchanged<'s>>, Failure> {
        let target = &request.target;
        let spec = plan.spec;
        if let Some(leftover) = &plan.leftover {
            let ended = self.delete_and_watch(&reference(spec), leftover, target).await?;
            if ended.status != "DELETE_COMPLETE" {
                return Err(failure::stack_state(&reference(spec), &ended.status, ended.reason.as_deref(), &target.environment));
            }
        }
        let create = plan.intent != Intent::Update;
        let id = self.create(request, &plan, create).await.map_err(|error| refused(error, spec, request))?;
        let mut state = match self.computed(&id).await {
            Ok(state) => state,
            Err(error) => {
                // What cannot be thrown away is named in the failure by whoever tells it.
                let _ = self.throw_away(&id, create, spec, request).await;
                return Err(failure::of(error, target));
            }
        };
        if state.status == "FAILED" {
            self.throw_away(&id, create, spec, request).await?;
            if !create && says_unchanged(state.reason.as_deref().unwrap_or_default()) {
                let text =
                    format!("`{}`: CloudFormation sees no change (a description, metadata or a deletion policy alone is none)", spec.name);
                self.talk.tell(Event::Note { text });
                let live = self.cloud.stack(&spec.name).await.map_err(|error| failure::of(error, target))?;
                return Ok(Err((spec, live.map(|state| state.outputs).unwrap_or_default())));
            }
            return Err(change_set_failed(spec, state.reason));
        }
        for change in &mut state.changes {
            change.source = spec.sources.get(&change.logical_id).cloned();
        }
        Ok(Ok(Prepared { spec, create, change_set: id, changes: state.changes }))
    }

    /// Ask for a change set; one of the same name from an earlier deploy that died is replaced.
    async fn create(&self, request: &Deploy, plan: &Plan<'_>, create: bool) -> Result<ChangeSetId, CloudError> {
        let spec = plan.spec;
        let template = if spec.template.len() <= INLINE_TEMPLATE_BYTES {
            TemplateSource::Body(&spec.template)
        } else {
            self.template_in_bucket(request, spec).await?
        };
        let name = format!("cloudwright-{}", short_digest(plan));
        let new = |template| NewChangeSet {
            stack: &spec.name,
            name: &name,
            create,
            template,
            parameters: &plan.parameters,
            capabilities: &spec.capabilities,
            tags: &spec.tags,
        };
        match self.cloud.create_change_set(new(template.clone())).await {
            Err(error) if error.kind == ErrorKind::Exists => {
                let stale = ChangeSetId { id: name.clone(), stack_id: spec.name.clone() };
                self.cloud.delete_change_set(&stale).await?;
                self.cloud.create_change_set(new(template)).await
            }
            other => other,
        }
    }

    async fn template_in_bucket(&self, request: &Deploy, spec: &StackSpec) -> Result<TemplateSource<'static>, CloudError> {
        let bucket = self.cloud.stacks().await?.into_iter().find_map(|state| {
            let artifacts = request.stacks.iter().find(|spec| spec.stack == request.artifact_bucket.stack)?;
            (state.name == artifacts.name).then(|| state.outputs.get(&request.artifact_bucket.output).cloned())?
        });
        let Some(bucket) = bucket else {
            return Err(CloudError {
                service: "cloudformation",
                operation: "CreateChangeSet",
                code: None,
                message: format!(
                    "the template of `{}` has {} bytes, over the {INLINE_TEMPLATE_BYTES} that fit into a call, and there is no artifact bucket yet",
                    spec.name,
                    spec.template.len()
                ),
                kind: ErrorKind::Refused,
            });
        };
        let key = template_key(&spec.name, &spec.template);
        self.cloud.put_text(&bucket, &key, &spec.template).await?;
        Ok(TemplateSource::Url(self.cloud.object_url(&bucket, &key)))
    }

    /// Wait until CloudFormation has computed a change set.
    async fn computed(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        let mut pause = Duration::from_millis(50);
        loop {
            let state = self.cloud.change_set(id).await?;
            if !state.status.ends_with("_PENDING") && !state.status.ends_with("_IN_PROGRESS") {
                return Ok(state);
            }
            self.cloud.pause(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    /// Throw away change sets that nobody will execute, and the empty stacks that they made.
    pub(super) async fn discard(&self, prepared: &[Prepared<'_>], request: &Deploy) -> Result<(), Failure> {
        for one in prepared {
            self.throw_away(&one.change_set, one.create, one.spec, request).await?;
        }
        Ok(())
    }

    /// Throw away one change set, and the empty stack that it made.
    pub(super) async fn throw_away(&self, id: &ChangeSetId, create: bool, spec: &StackSpec, request: &Deploy) -> Result<(), Failure> {
        let problem = |error| failure::of(error, &request.target);
        self.cloud.delete_change_set(id).await.map_err(problem)?;
        if !create {
            return Ok(());
        }
        // Only the empty shell: a stack that somebody executed meanwhile has another state.
        let state = self.cloud.stack(&spec.name).await.map_err(problem)?;
        let Some(state) = state.filter(|state| state.status == "REVIEW_IN_PROGRESS") else {
            return Ok(());
        };
        self.cloud.delete_stack(&state.id).await.map_err(problem)?;
        for _ in 0..100 {
            match self.cloud.stack(&spec.name).await.map_err(problem)? {
                Some(_) => self.cloud.pause(Duration::from_millis(100)).await,
                None => return Ok(()),
            }
        }
        self.talk.tell(Event::Note { text: format!("the empty stack `{}` is being deleted", spec.name) });
        Ok(())
    }

    /// Upload what the prepared stacks need and the artifact bucket does not hold.
    pub(super) async fn upload(&self, request: &Deploy, prepared: &[Prepared<'_>], known: &Known) -> Result<(), Failure> {
        let wanted = |name: &str| {
            let is = |source: &Source| matches!(source, Source::Artifact { artifact } if artifact == name);
            prepared.iter().any(|one| one.spec.parameters.values().any(is))
        };
        let problem = |error| failure::of(error, &request.target);
        for artifact in request.artifacts.iter().filter(|artifact| wanted(&artifact.name)) {
            let output = &request.artifact_bucket;
            let Some(bucket) = known.outputs.get(&output.stack).and_then(|outputs| outputs.get(&output.output)) else {
                let message = format!("stack `{}` does not give `{}`, the bucket for artifacts", output.stack, output.output);
                return Err(failure::request(message, "the artifact bucket's name is an output of the stack that makes it"));
            };
            let key = artifact.key();
            let there = self.cloud.has_object(bucket, &key).await.map_err(problem)?;
            if !there {
                self.cloud.put_file(bucket, &key, &artifact.path, &artifact.sha256).await.map_err(problem)?;
            }
            self.talk.tell(Event::Artifact { name: artifact.name.clone(), key, bytes: artifact.bytes, uploaded: !there });
        }
        Ok(())
    }
}

fn says_unchanged(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// CloudFormation did not even compute a change set.
fn refused(error: CloudError, spec: &StackSpec, request: &Deploy) -> Failure {
    if error.kind != ErrorKind::Refused {
        return failure::of(error, &request.target);
    }
    Failure {
        kind: FailureKind::Refused,
        message: format!("CloudFormation refuses the template of `{}`", spec.name),
        source: None,
        hint: format!("`cargo xtask check --env {}` may say more; nothing of this stack was changed", request.target.environment),
        causes: vec![error.message],
        sent: Sent::Nothing,
    }
}

fn change_set_failed(spec: &StackSpec, reason: Option<String>) -> Failure {
    let reason = reason.unwrap_or_else(|| "AWS gives no reason".to_owned());
    let hint = cause::advice(&reason).unwrap_or_else(|| "AWS's words above say what it does not accept".to_owned());
    Failure {
        kind: FailureKind::Refused,
        message: format!("CloudFormation cannot compute the changes of `{}`", spec.name),
        source: None,
        hint: format!("{hint}; the change set is deleted again"),
        causes: vec![reason],
        sent: Sent::Undone,
    }
}

fn short_digest(plan: &Plan<'_>) -> String {
    let digest = plan.spec.parameters.iter().find(|(_, source)| **source == Source::Digest);
    let digest = digest.and_then(|(parameter, _)| plan.parameters.get(parameter)).cloned();
    digest.unwrap_or_else(|| sha256(&plan.spec.template)).chars().take(16).collect()
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
