//! Executing the change sets of a wave, side by side, and what follows success and failure.

use protocol::{Answer, ChangeAction, Deploy, Event, Failure, FailureKind, Sent, StackSpec};

use super::changes::{Prepared, Ready};
use super::{Known, orphans, reference};
use crate::cause;
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::explain::explain;
use crate::failure;
use crate::pace::Retries;
use crate::patient::is_ambiguous;
use crate::phase::Phase;
use crate::watch::{Ended, Operation};

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Execute all change sets of a wave, and make what is new. Stacks that succeed stand, whatever happens to the others.
    pub(super) async fn execute_all(&self, request: &Deploy, ready: Ready<'_>, known: &mut Known) -> Result<(), Failure> {
        let (changed, made) = futures_util::join!(
            futures_util::future::join_all(ready.prepared.iter().map(|one| self.execute_one(request, one, known))),
            futures_util::future::join_all(ready.creations.iter().map(|one| self.create_one(request, one, known)))
        );
        let mut first: Option<Failure> = None;
        let mut done = Vec::new();
        for (spec, result) in ready.specs().zip(changed.into_iter().chain(made)) {
            match result {
                Ok(()) => done.push(spec),
                Err(failure) if first.is_none() => first = Some(failure),
                Err(failure) => {
                    let text = format!("beside that: {} ({})", failure.message, failure.causes.join("; "));
                    self.talk.tell(Event::Note { text });
                }
            }
        }
        let told = self.tell_outputs(request, &done, known).await;
        first.map_or(told, Err)
    }

    /// Take note of how the stacks of a wave are now, with one question for all of them.
    async fn tell_outputs(&self, request: &Deploy, done: &[&StackSpec], known: &mut Known) -> Result<(), Failure> {
        for spec in done {
            if !known.changed.contains(&spec.stack) {
                known.changed.push(spec.stack.clone());
            }
        }
        let states = match done {
            [] => return Ok(()),
            [one] => self.cloud.stack(&one.name).await.map(|state| state.into_iter().collect()),
            _ => self.cloud.stacks().await,
        };
        let states = states.map_err(|error| Failure { sent: Sent::Something, ..failure::of(error, &request.target) })?;
        for spec in done {
            let state = states.iter().find(|state| state.name == spec.name);
            let outputs = state.map(|state| state.outputs.clone()).unwrap_or_default();
            known.states.extend(state.map(|state| (spec.name.clone(), state.clone())));
            self.talk.tell(Event::Outputs { stack: reference(spec), outputs: outputs.clone() });
            known.outputs.insert(spec.stack.clone(), outputs);
        }
        Ok(())
    }

    async fn execute_one(&self, request: &Deploy, prepared: &Prepared<'_>, known: &Known) -> Result<(), Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        let stack = reference(prepared.spec);
        let stack_id = &prepared.change_set.stack_id;
        let after = if prepared.create { None } else { self.cloud.newest_event(stack_id).await.map_err(problem)? };
        self.begin(request, prepared, after.as_deref()).await?;
        let operation = Operation { stack: &stack, stack_id, after, total: prepared.changes.len() };
        let ended = self.watch(operation, target).await?;
        if !matches!(ended.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
            return Err(self.after_failure(request, prepared, &ended, known).await);
        }
        let wanted = prepared.spec.termination_protection;
        if wanted != is_protected(prepared.spec, known) {
            let stands = |error| Failure { sent: Sent::Something, ..failure::of(error, target) };
            self.cloud.protect(&prepared.spec.name, wanted).await.map_err(stands)?;
        }
        orphans::find(request, prepared.spec, stack_id, &ended)?;
        let added = prepared.changes.iter().filter(|change| change.action == ChangeAction::Add);
        self.find_gap(request, prepared.spec, &ended, added.map(|change| change.logical_id.as_str()).collect()).await
    }

    /// Switch the protection of a stack in which CloudFormation finds nothing else to change. Taking it off is asked for.
    pub(super) async fn switch_protection(&self, request: &Deploy, spec: &StackSpec, known: &mut Known) -> Result<(), Failure> {
        let wanted = spec.termination_protection;
        if wanted == is_protected(spec, known) {
            return Ok(());
        }
        let question = || format!("Take the termination protection off `{}` in `{}`?", spec.name, request.target.environment);
        if !wanted && request.ask && self.talk.ask(question()).await == Answer::No {
            return Ok(());
        }
        self.hold(request, known).await?;
        self.cloud.protect(&spec.name, wanted).await.map_err(|error| failure::of(error, &request.target))?;
        let word = if wanted { "on" } else { "off" };
        self.talk.tell(Event::Note { text: format!("the termination protection of `{}` is {word} now", spec.name) });
        known.changed.push(spec.stack.clone());
        Ok(())
    }

    /// Give the order to execute a change set; `after` is the newest event before it.
    ///
    /// When the answer is lost, the order may have arrived: events that are new say so. Without any, the order is given again. It is the
    /// same order to CloudFormation (it has the same token), so that nothing is done twice.
    async fn begin(&self, request: &Deploy, prepared: &Prepared<'_>, after: Option<&str>) -> Result<(), Failure> {
        let stack = reference(prepared.spec);
        let stack_id = &prepared.change_set.stack_id;
        let mut retries = Retries::new();
        let mut doubtful = false;
        loop {
            let error = match self.cloud.execute(&prepared.change_set).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            doubtful = doubtful || is_ambiguous(&error);
            if !doubtful {
                self.throw_away(&prepared.change_set, prepared.create, prepared.spec, request).await?;
                return Err(failure::of(error, &request.target));
            }
            self.cloud.begun(stack_id);
            let in_the_middle = |error| failure::in_the_middle(error, &stack, &request.target);
            let state = self.cloud.stack(stack_id).await.map_err(in_the_middle)?;
            let has_begun = match state.map(|state| state.status) {
                None => true,
                Some(status) if prepared.create => status != "REVIEW_IN_PROGRESS",
                Some(status) if Phase::of(&status) == Phase::Moving => true,
                Some(_) => self.cloud.newest_event(stack_id).await.map_err(in_the_middle)?.as_deref() != after,
            };
            if has_begun {
                return Ok(());
            }
            match retries.next() {
                Some(pause) if !self.interrupt.requested() => self.cloud.pause(pause).await,
                Some(_) | None => return Err(failure::in_the_middle(error, &stack, &request.target)),
            }
        }
    }

    /// Say why, and leave nothing of a stack that was never in use.
    async fn after_failure(&self, request: &Deploy, prepared: &Prepared<'_>, ended: &Ended, known: &Known) -> Failure {
        let stack_id = &prepared.change_set.stack_id;
        let mut failure = explain(prepared.spec, prepared.create, stack_id, ended);
        if ended.status == "UPDATE_ROLLBACK_COMPLETE" && cause::of(ended, stack_id).is_none_or(|cause| cause.logical_id.is_none()) {
            failure = self.blame_alarms(&prepared.spec.name, known, failure).await;
        }
        if failure.sent == Sent::Undone && ended.status != "ROLLBACK_COMPLETE" {
            self.cloud.undone(stack_id);
        }
        if self.interrupt.requested() && ended.status == "UPDATE_ROLLBACK_COMPLETE" {
            failure.kind = FailureKind::Interrupted;
        }
        if ended.status != "ROLLBACK_COMPLETE" {
            return failure;
        }
        let stack = reference(prepared.spec);
        match self.delete_and_watch(&stack, stack_id, &request.target).await {
            Ok(ended) if ended.status == "DELETE_COMPLETE" => {
                self.cloud.undone(stack_id);
                failure
            }
            Ok(ended) => {
                failure.causes.push(format!("and what is left of the stack could not be deleted: {}", ended.status));
                Failure { sent: Sent::Something, ..failure }
            }
            Err(second) => {
                failure.causes.push(format!("and what is left of the stack could not be deleted: {}", second.message));
                Failure { sent: Sent::Something, ..failure }
            }
        }
    }
}

fn is_protected(spec: &StackSpec, known: &Known) -> bool {
    known.states.get(&spec.name).is_some_and(|state| state.protected)
}
