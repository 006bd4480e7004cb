//! Deleting stacks, those that use others first, and saying what stays and why.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Answer, Destroy, Event, Failure, FailureKind, Intent, Outcome, Sent, StackRef};

use crate::cloud::{Cloud, CloudError, StackResource, StackState};
use crate::engine::{Engine, Talk};
use crate::phase::Phase;
use crate::status::ResourceWord;
use crate::watch::Ended;
use crate::{cause, failure};

/// A stack that is still there.
type Left<'a> = (&'a StackRef, StackState);

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Delete the stacks of an environment.
    ///
    /// When one cannot be deleted, those that it needs stay as well, and all others go; the failure says what stays.
    pub(crate) async fn destroy(&self, request: &Destroy) -> Result<Outcome, Failure> {
        let states = self.read_states(&request.target).await?;
        let states: BTreeMap<_, _> = states.into_iter().map(|state| (state.name.clone(), state)).collect();
        let mut left: Vec<Left<'_>> =
            request.stacks.iter().filter_map(|stack| states.get(&stack.name).map(|state| (stack, state.clone()))).collect();
        in_use(request, &left, &states)?;
        protected(request, &left)?;
        for (stack, state) in left.iter().rev() {
            self.talk.tell(Event::Plan { stack: (*stack).clone(), intent: Intent::Delete, reason: why_special(state) });
        }
        if left.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        if request.ask && self.declined(request, &left).await {
            return Ok(Outcome::Declined);
        }
        let mut failures: Vec<(String, Failure)> = Vec::new();
        // Short names of the stacks that something which stays still needs.
        let mut blocked: BTreeSet<String> = BTreeSet::new();
        while !left.is_empty() {
            let used: BTreeSet<&str> = left.iter().flat_map(|(stack, _)| needed_by(request, &stack.stack)).collect();
            let (mut wave, mut rest): (Vec<_>, Vec<_>) = left.iter().cloned().partition(|(stack, _)| !used.contains(stack.stack.as_str()));
            if wave.is_empty() {
                // Stacks that use each other cannot come from `stacks`; one after the other is then the only order left.
                wave.extend(rest.pop());
            }
            let (stay, go): (Vec<_>, Vec<_>) = wave.into_iter().partition(|(stack, _)| blocked.contains(&stack.stack));
            for (stack, _) in &stay {
                blocked.extend(needed_by(request, &stack.stack).map(str::to_owned));
                self.talk.tell(Event::Note { text: format!("`{}` stays: a stack that could not be deleted needs it", stack.name) });
            }
            let results = futures_util::future::join_all(go.iter().map(|(stack, state)| self.delete_one(request, stack, state))).await;
            for ((stack, _), result) in go.iter().zip(results) {
                if let Err(failure) = result {
                    blocked.extend(needed_by(request, &stack.stack).map(str::to_owned));
                    failures.push((stack.stack.clone(), failure));
                }
            }
            // Whoever wants it to stop does not want the next stack to go.
            if self.interrupt.requested() && failures.is_empty() && !rest.is_empty() {
                failures.push((String::new(), interrupted(request)));
                break;
            }
            if self.interrupt.requested() {
                break;
            }
            left = rest;
        }
        summary(failures).map_or(Ok(Outcome::Changed), Err)
    }

    async fn declined(&self, request: &Destroy, left: &[Left<'_>]) -> bool {
        let names: Vec<_> = left.iter().map(|(stack, _)| format!("`{}`", stack.name)).collect();
        let contents = if request.purge { ", with everything that is in their buckets" } else { "" };
        let lifted = if left.iter().any(|(_, state)| state.protected) { ", although they are protected" } else { "" };
        let question = format!("Delete {}{contents} from `{}`{lifted}?", names.join(", "), request.target.environment);
        tokio::select! {
            answer = self.talk.ask(question) => answer == Answer::No,
            () = self.interrupt.wait() => true,
        }
    }

    async fn delete_one(&self, request: &Destroy, stack: &StackRef, state: &StackState) -> Result<(), Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        if Phase::of(&state.status) == Phase::Moving {
            let reason = Some(format!("CloudFormation is at work on it ({})", state.status));
            self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Wait, reason });
            let ended = self.attach(stack, &state.id, target).await?;
            if Phase::of(&ended.status) == Phase::Absent {
                return Ok(());
            }
        }
        let resources = self.cloud.resources(&state.id).await.map_err(problem)?;
        let kept = self.kept(stack).await.map_err(problem)?;
        let retain = retained(request, stack, state, &resources)?;
        if request.purge {
            self.purge(&resources, &kept).await.map_err(problem)?;
        }
        if state.protected {
            self.cloud.protect(&stack.name, false).await.map_err(problem)?;
            self.talk.tell(Event::Note { text: format!("`{}`: its termination protection is lifted", stack.name) });
        }
        let ended = self.delete_except(stack, &state.id, &retain, resources.len(), target).await?;
        if Phase::of(&ended.status) != Phase::Absent {
            return Err(self.stays(request, stack, state, ended).await);
        }
        for resource in &resources {
            let reason = if kept.contains(&resource.logical_id) {
                "its deletion policy keeps it; nothing manages it now"
            } else if retain.contains(&resource.logical_id) {
                "it could not be deleted and was left by name; nothing manages it now"
            } else {
                continue;
            };
            self.talk.tell(Event::Kept {
                stack: stack.clone(),
                logical_id: resource.logical_id.clone(),
                physical_id: resource.physical_id.clone(),
                reason: reason.to_owned(),
            });
        }
        Ok(())
    }

    async fn purge(&self, resources: &[StackResource], kept: &BTreeSet<String>) -> Result<(), CloudError> {
        let bucket = |resource: &&StackResource| resource.resource_type == "AWS::S3::Bucket" && !resource.physical_id.is_empty();
        for bucket in resources.iter().filter(bucket).filter(|bucket| !kept.contains(&bucket.logical_id)) {
            if ResourceWord::from(bucket.status.as_str()) == ResourceWord::DeleteComplete {
                continue;
            }
            let gone = self.cloud.empty_bucket(&bucket.physical_id).await?;
            if gone > 0 {
                self.talk.tell(Event::Note { text: format!("`{}`: {gone} objects and versions deleted", bucket.physical_id) });
            }
        }
        Ok(())
    }

    /// Say of every resource of a stack that could not be deleted that it stays, and why.
    async fn stays(&self, request: &Destroy, stack: &StackRef, state: &StackState, ended: Ended) -> Failure {
        let first = cause::of(&ended, &state.id);
        let live = self.cloud.resources(&state.id).await.unwrap_or_default();
        let gone = |resource: &&StackResource| ResourceWord::from(resource.status.as_str()) != ResourceWord::DeleteComplete;
        let mut failed: Vec<&str> = Vec::new();
        for resource in live.iter().filter(gone) {
            let own = ResourceWord::from(resource.status.as_str()) == ResourceWord::DeleteFailed;
            if own {
                failed.push(&resource.logical_id);
            }
            let reason = match (&resource.reason, own) {
                (Some(reason), true) => reason.clone(),
                (_, true) => "AWS gives no reason".to_owned(),
                (_, false) => "CloudFormation did not come to it".to_owned(),
            };
            let (logical_id, physical_id) = (resource.logical_id.clone(), resource.physical_id.clone());
            self.talk.tell(Event::Kept { stack: stack.clone(), logical_id, physical_id, reason });
        }
        let reason = first.as_ref().map(|cause| cause.reason.clone()).or(ended.reason);
        let what = first.and_then(|cause| cause.logical_id).map(|id| format!(": {id} stays")).unwrap_or_default();
        let advice = reason.as_deref().and_then(cause::advice).unwrap_or_else(|| "mend what AWS names above".to_owned());
        let retain = failed.iter().map(|id| format!(" --retain {id}")).collect::<String>();
        let leave = if retain.is_empty() {
            String::new()
        } else {
            format!("; to leave it behind: `cargo xtask destroy --env {} --stack {}{retain}`", request.target.environment, stack.stack)
        };
        Failure {
            kind: FailureKind::Stuck,
            message: format!("`{}` could not be deleted ({}){what}", stack.name, ended.status),
            hint: format!("{advice}, then destroy again{leave}"),
            causes: reason.into_iter().collect(),
            source: None,
            sent: Sent::Something,
        }
    }

    /// The logical IDs of the resources that the deployed template keeps when the stack goes.
    async fn kept(&self, stack: &StackRef) -> Result<BTreeSet<String>, CloudError> {
        let Some(body) = self.cloud.template(&stack.name).await? else { return Ok(BTreeSet::new()) };
        let template: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let resources = template.get("Resources").and_then(|resources| resources.as_object()).into_iter().flatten();
        let keeps = |resource: &serde_json::Value| {
            let policy = resource.get("DeletionPolicy").and_then(|policy| policy.as_str());
            matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
        };
        Ok(resources.filter(|(_, resource)| keeps(resource)).map(|(id, _)| id.clone()).collect())
    }
}

/// The short names of the stacks that a stack needs.
fn needed_by<'r>(request: &'r Destroy, stack: &str) -> impl Iterator<Item = &'r str> {
    request.needs.get(stack).into_iter().flatten().map(String::as_str)
}

/// Nothing is deleted that a stack which stays by intent needs.
fn in_use(request: &Destroy, left: &[Left<'_>], states: &BTreeMap<String, StackState>) -> Result<(), Failure> {
    for other in
        request.others.iter().filter(|other| states.get(&other.name).is_some_and(|state| Phase::of(&state.status) != Phase::Absent))
    {
        if let Some((stack, _)) = left.iter().find(|(stack, _)| needed_by(request, &other.stack).any(|needed| needed == stack.stack)) {
            return Err(failure::request(
                format!("`{}` is needed by `{}`, which is deployed", stack.name, other.name),
                "delete the stack that needs it first, or the whole environment",
            ));
        }
    }
    Ok(())
}

/// A protected stack is deleted only when the request lifts the protection.
fn protected(request: &Destroy, left: &[Left<'_>]) -> Result<(), Failure> {
    let protected: Vec<_> = left.iter().filter(|(_, state)| state.protected).map(|(stack, _)| format!("`{}`", stack.name)).collect();
    if protected.is_empty() || request.lift_protection {
        return Ok(());
    }
    let environment = &request.target.environment;
    Err(Failure {
        kind: FailureKind::StackState,
        message: format!("protected against being deleted: {}", protected.join(", ")),
        causes: Vec::new(),
        source: None,
        hint: format!(
            "`cargo xtask destroy --env {environment} --lift-protection {environment}` lifts it, once you have typed the name again"
        ),
        sent: Sent::Nothing,
    })
}

/// What is to be left of a stack. CloudFormation leaves something only when a deletion has failed before, and only by name.
fn retained(request: &Destroy, stack: &StackRef, state: &StackState, resources: &[StackResource]) -> Result<Vec<String>, Failure> {
    if request.retain.is_empty() || Phase::of(&state.status) != Phase::HalfDeleted {
        return Ok(Vec::new());
    }
    let failed = |resource: &&StackResource| ResourceWord::from(resource.status.as_str()) == ResourceWord::DeleteFailed;
    let failed: Vec<&str> = resources.iter().filter(failed).map(|resource| resource.logical_id.as_str()).collect();
    if let Some(unknown) = request.retain.iter().find(|id| !failed.contains(&id.as_str())) {
        return Err(failure::request(
            format!("`{unknown}` does not keep `{}` from being deleted; these do: {}", stack.name, failed.join(", ")),
            "`--retain` takes the logical ID of a resource whose deletion has failed",
        ));
    }
    Ok(request.retain.clone())
}

fn why_special(state: &StackState) -> Option<String> {
    match Phase::of(&state.status) {
        Phase::HalfDeleted => Some("its deletion failed before, and is tried again".to_owned()),
        Phase::Moving => Some(format!("once CloudFormation has done what it is at ({})", state.status)),
        Phase::Absent
        | Phase::Settled
        | Phase::RolledBack
        | Phase::NeverBorn
        | Phase::HalfRolledBack
        | Phase::HalfUpdated
        | Phase::Stuck
        | Phase::Unknown => None,
    }
}

fn interrupted(request: &Destroy) -> Failure {
    let hint = format!("`cargo xtask destroy --env {}` goes on with the stacks that are left", request.target.environment);
    failure::interrupted("interrupted before the next stacks were deleted".to_owned(), hint, Sent::Something)
}

/// One failure for all: the first, with those beside it among the causes.
fn summary(failures: Vec<(String, Failure)>) -> Option<Failure> {
    let mut failures = failures.into_iter();
    let (_, mut first) = failures.next()?;
    for (stack, other) in failures {
        first.causes.push(format!("and {stack}: {} ({})", other.message, other.causes.join("; ")));
    }
    Some(first)
}
