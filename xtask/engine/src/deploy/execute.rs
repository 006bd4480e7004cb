//! Executing the change sets of a wave, side by side, and what follows success and failure.

use indexmap::IndexMap;
use protocol::{Deploy, Event, Failure, FailureKind, Sent};

use super::changes::Prepared;
use super::{Known, gap, reference};
use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::explain::explain;
use crate::failure;
use crate::pace::Retries;
use crate::patient::is_ambiguous;
use crate::phase::Phase;
use crate::watch::{Ended, Operation};

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Execute all change sets of a wave. Stacks that succeed stand, whatever happens to the others.
    pub(super) async fn execute_all(&self, request: &Deploy, prepared: Vec<Prepared<'_>>, known: &mut Known) -> Result<(), Failure> {
        let results = futures_util::future::join_all(prepared.iter().map(|one| self.execute_one(request, one))).await;
        let mut first: Option<Failure> = None;
        for (one, result) in prepared.iter().zip(results) {
            match result {
                Ok(outputs) => {
                    known.changed.push(one.spec.stack.clone());
                    self.talk.tell(Event::Outputs { stack: reference(one.spec), outputs: outputs.clone() });
                    known.outputs.insert(one.spec.stack.clone(), outputs);
                }
                Err(failure) if first.is_none() => first = Some(failure),
                Err(failure) => {
                    let text = format!("beside that: {} ({})", failure.message, failure.causes.join("; "));
                    self.talk.tell(Event::Note { text });
                }
            }
        }
        first.map_or(Ok(()), Err)
    }

    async fn execute_one(&self, request: &Deploy, prepared: &Prepared<'_>) -> Result<IndexMap<String, String>, Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        let stack = reference(prepared.spec);
        let stack_id = &prepared.change_set.stack_id;
        let after = if prepared.create { None } else { self.cloud.newest_event(stack_id).await.map_err(problem)? };
        self.begin(request, prepared, after.as_deref()).await?;
        let operation = Operation { stack: &stack, stack_id, after, total: prepared.changes.len() };
        let ended = self.watch(operation, target).await?;
        if !matches!(ended.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
            return Err(self.after_failure(request, prepared, &ended).await);
        }
        let stands = |error| Failure { sent: Sent::Something, ..failure::of(error, target) };
        if prepared.spec.termination_protection {
            self.cloud.protect(&prepared.spec.name, true).await.map_err(stands)?;
        }
        let live = self.cloud.resources(&prepared.spec.name).await.map_err(stands)?;
        gap::find(prepared.spec, &live)?;
        let state = self.cloud.stack(stack_id).await.map_err(stands)?;
        Ok(state.map(|state| state.outputs).unwrap_or_default())
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
    async fn after_failure(&self, request: &Deploy, prepared: &Prepared<'_>, ended: &Ended) -> Failure {
        let stack_id = &prepared.change_set.stack_id;
        let mut failure = explain(prepared.spec, prepared.create, stack_id, ended);
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
