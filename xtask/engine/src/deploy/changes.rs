//! Change sets: made, shown, and thrown away when nobody wants them.

use std::time::Duration;

use indexmap::IndexMap;
use protocol::{Change, Deploy, Event, Failure, FailureKind, Intent, Sent, Source, StackSpec};

use super::create::Creation;
use super::decide::{digest_parameter, sha256};
use super::{Known, Step, reference};
use crate::cloud::{ChangeSetId, ChangeSetState, Cloud, CloudError, ErrorKind, Manner, NewChangeSet, TemplateSource};
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

/// What a wave is going to do: shown, and waiting for a yes.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    /// Stacks that exist, with their change sets.
    pub(super) prepared: Vec<Prepared<'a>>,
    /// Stacks that do not, or that are made again.
    pub(super) creations: Vec<Creation<'a>>,
}

impl<'a> Ready<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.prepared.is_empty() && self.creations.is_empty()
    }

    /// The stacks, those that exist first.
    pub(super) fn specs(&self) -> impl Iterator<Item = &'a StackSpec> {
        self.prepared.iter().map(|one| one.spec).chain(self.creations.iter().map(|one| one.spec))
    }
}

/// A stack for which CloudFormation finds nothing to change, with its outputs.
type Unchanged<'a> = (&'a StackSpec, IndexMap<String, String>);

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Make the change sets of a wave, side by side, and show them and what is made anew. When one fails, all are thrown away.
    pub(super) async fn prepare<'s>(
        &self,
        request: &Deploy,
        steps: Vec<Step<'s>>,
        known: &Known,
    ) -> Result<(Ready<'s>, Vec<Unchanged<'s>>), Failure> {
        let (made, changed): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| is_made(step, known));
        let results = futures_util::future::join_all(changed.into_iter().map(|step| self.prepare_one(request, step, known))).await;
        let creations = made.into_iter().map(|step| self.prepare_creation(request, step, known)).collect();
        let (mut ready, mut unchanged, mut first) = (Ready { prepared: Vec::new(), creations }, Vec::new(), None);
        for result in results {
            match result {
                Ok(Ok(one)) => ready.prepared.push(one),
                Ok(Err(one)) => unchanged.push(one),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        if let Some(failure) = first.or_else(|| self.stopped(&ready)) {
            self.discard(&ready.prepared, request).await?;
            return Err(failure);
        }
        for one in &ready.prepared {
            self.talk.tell(Event::ChangeSet { stack: reference(one.spec), changes: one.changes.clone() });
        }
        for one in &ready.creations {
            self.talk.tell(Event::ChangeSet { stack: reference(one.spec), changes: one.changes.clone() });
        }
        Ok((ready, unchanged))
    }

    async fn prepare_one<'s>(
        &self,
        request: &Deploy,
        step: Step<'s>,
        known: &Known,
    ) -> Result<Result<Prepared<'s>, Unchanged<'s>>, Failure> {
        let target = &request.target;
        let spec = step.spec;
        let create = step.intent != Intent::Update;
        let manner =
            if create { self.manner_of_creation(request, spec, known) } else { self.manner_of_update(request, spec, known).await? };
        let id = self.create(request, &step, &manner, known).await.map_err(|error| refused(error, spec, request))?;
        let mut state = match self.computed(&id, request.guards.stand_in).await {
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
                let live = known.states.get(&spec.name).map(|state| state.outputs.clone());
                return Ok(Err((spec, live.unwrap_or_default())));
            }
            return Err(change_set_failed(spec, state.reason));
        }
        for change in &mut state.changes {
            change.source = spec.sources.get(&change.logical_id).cloned();
        }
        Ok(Ok(Prepared { spec, create, change_set: id, changes: state.changes }))
    }

    /// Ask for a change set; one of the same name from an earlier deploy that died is replaced.
    async fn create(&self, request: &Deploy, step: &Step<'_>, manner: &Manner, known: &Known) -> Result<ChangeSetId, CloudError> {
        let spec = step.spec;
        let template = self.template_source(request, spec, known).await?;
        let name = format!("cloudwright-{}", short_digest(step));
        let new = |template| NewChangeSet {
            stack: &spec.name,
            name: &name,
            create: step.intent != Intent::Update,
            template,
            parameters: &step.parameters,
            capabilities: &spec.capabilities,
            tags: &spec.tags,
            manner,
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

    /// How the template reaches CloudFormation; one that is too long for a call goes into the artifact bucket now.
    pub(super) async fn template_source<'s>(
        &self,
        request: &Deploy,
        spec: &'s StackSpec,
        known: &Known,
    ) -> Result<TemplateSource<'s>, CloudError> {
        if spec.template.len() <= INLINE_TEMPLATE_BYTES {
            return Ok(TemplateSource::Body(&spec.template));
        }
        let Some(bucket) = artifact_bucket(request, known) else {
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
        self.cloud.put_text(bucket, &key, &spec.template).await?;
        Ok(TemplateSource::Url(self.cloud.object_url(bucket, &key)))
    }

    /// Wait until CloudFormation has computed a change set. AWS takes seconds for it, a stand-in none.
    pub(crate) async fn computed(&self, id: &ChangeSetId, at_once: bool) -> Result<ChangeSetState, CloudError> {
        let mut pause = if at_once { Duration::from_millis(50) } else { Duration::from_secs(1) };
        if !at_once {
            self.cloud.pause(pause).await;
        }
        loop {
            let state = self.cloud.change_set(id).await?;
            if !state.status.ends_with("_PENDING") && !state.status.ends_with("_IN_PROGRESS") {
                return Ok(state);
            }
            self.cloud.pause(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(3));
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

    /// Upload what the stacks need and the artifact bucket does not hold.
    pub(super) async fn upload(&self, request: &Deploy, ready: &Ready<'_>, known: &Known) -> Result<(), Failure> {
        let wanted = |name: &str| {
            let is = |source: &Source| matches!(source, Source::Artifact { artifact } if artifact == name);
            ready.specs().any(|spec| spec.parameters.values().any(is))
        };
        let problem = |error| failure::of(error, &request.target);
        for artifact in request.artifacts.iter().filter(|artifact| wanted(&artifact.name)) {
            let Some(bucket) = artifact_bucket(request, known) else {
                let output = &request.artifact_bucket;
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

/// Whether a stack is made by one call. The empty shell of a change set that was never executed takes another change set only.
fn is_made(step: &Step<'_>, known: &Known) -> bool {
    match step.intent {
        Intent::Create => known.states.get(&step.spec.name).is_none_or(|state| state.status == "DELETE_COMPLETE"),
        Intent::Recreate => true,
        Intent::Nothing | Intent::Update | Intent::Wait | Intent::Delete | Intent::Import | Intent::Recover => false,
    }
}

/// The bucket for artifacts, as far as it is known.
fn artifact_bucket<'k>(request: &Deploy, known: &'k Known) -> Option<&'k String> {
    let output = &request.artifact_bucket;
    let now = || {
        let spec = request.stacks.iter().find(|spec| spec.stack == output.stack)?;
        known.states.get(&spec.name)?.outputs.get(&output.output)
    };
    known.outputs.get(&output.stack).and_then(|outputs| outputs.get(&output.output)).or_else(now)
}

fn says_unchanged(reason: &str) -> bool {
    reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
}

/// CloudFormation did not even compute a change set.
pub(super) fn refused(error: CloudError, spec: &StackSpec, request: &Deploy) -> Failure {
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

fn short_digest(step: &Step<'_>) -> String {
    let digest = digest_parameter(step.spec).and_then(|parameter| step.parameters.get(parameter)).cloned();
    digest.unwrap_or_else(|| sha256(step.spec.template.as_bytes())).chars().take(16).collect()
}
