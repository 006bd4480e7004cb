//! Deleting stacks, those that use others first, and saying what stays and why.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{Answer, Destroy, Event, Failure, FailureKind, Intent, Outcome, Sent, StackRef};

use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::phase::Phase;
use crate::watch::Operation;
use crate::{cause, failure};

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Delete the stacks of an environment.
    pub(crate) async fn destroy(&self, request: &Destroy) -> Result<Outcome, Failure> {
        let states = self.read_states(&request.target).await?;
        let states: BTreeMap<_, _> = states.into_iter().map(|state| (state.name.clone(), state)).collect();
        let mut left: Vec<(&StackRef, &StackState)> =
            request.stacks.iter().filter_map(|stack| states.get(&stack.name).map(|state| (stack, state))).collect();
        for (stack, _) in left.iter().rev() {
            self.talk.tell(Event::Plan { stack: (*stack).clone(), intent: Intent::Delete, reason: None });
        }
        if left.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        if request.ask {
            let names: Vec<_> = left.iter().map(|(stack, _)| format!("`{}`", stack.name)).collect();
            let contents = if request.purge { ", with everything that is in their buckets" } else { "" };
            let question = format!("Delete {}{contents} from `{}`?", names.join(", "), request.target.environment);
            if self.talk.ask(question).await == Answer::No {
                return Ok(Outcome::Declined);
            }
        }
        let mut sent = Sent::Nothing;
        while !left.is_empty() {
            let used: BTreeSet<&str> =
                left.iter().flat_map(|(stack, _)| request.needs.get(&stack.stack).into_iter().flatten().map(String::as_str)).collect();
            let (mut wave, mut rest): (Vec<_>, Vec<_>) = left.iter().partition(|(stack, _)| !used.contains(stack.stack.as_str()));
            if wave.is_empty() {
                // Stacks that use each other cannot come from `stacks`; one after the other is then the only order left.
                wave.extend(rest.pop());
            }
            let results = futures_util::future::join_all(wave.iter().map(|(stack, state)| self.delete_one(request, stack, state))).await;
            for result in results {
                result.map_err(|failure| if sent == Sent::Nothing { failure } else { Failure { sent, ..failure } })?;
            }
            sent = Sent::Something;
            left = rest;
        }
        Ok(Outcome::Changed)
    }

    async fn delete_one(&self, request: &Destroy, stack: &StackRef, state: &StackState) -> Result<(), Failure> {
        let problem = |error| failure::of(error, &request.target);
        let resources = self.cloud.resources(&stack.name).await.map_err(problem)?;
        let kept = self.kept(stack).await.map_err(problem)?;
        if request.purge {
            for bucket in
                resources.iter().filter(|resource| resource.resource_type == "AWS::S3::Bucket" && !resource.physical_id.is_empty())
            {
                if kept.contains(&bucket.logical_id) {
                    continue;
                }
                let gone = self.cloud.empty_bucket(&bucket.physical_id).await.map_err(problem)?;
                if gone > 0 {
                    self.talk.tell(Event::Note { text: format!("`{}`: {gone} objects and versions deleted", bucket.physical_id) });
                }
            }
        }
        let after = self.cloud.newest_event(&state.id).await.map_err(problem)?;
        self.cloud.delete_stack(&state.id).await.map_err(problem)?;
        let operation = Operation { stack, stack_id: &state.id, after, total: resources.len() };
        let ended = self.watch(operation, &request.target).await?;
        if Phase::of(&ended.status) != Phase::Absent {
            let first = cause::first_cause(&ended.events, &state.id);
            let reason = first.as_ref().map(|cause| cause.reason.clone()).or(ended.reason);
            let what = first.and_then(|cause| cause.logical_id).map(|id| format!(": {id} stays")).unwrap_or_default();
            let advice = reason.as_deref().and_then(cause::advice).unwrap_or("mend what AWS names above, then destroy again");
            return Err(Failure {
                kind: FailureKind::Stuck,
                message: format!("`{}` could not be deleted ({}){what}", stack.name, ended.status),
                hint: advice.to_owned(),
                causes: reason.into_iter().collect(),
                source: None,
                sent: Sent::Something,
            });
        }
        for resource in resources.iter().filter(|resource| kept.contains(&resource.logical_id)) {
            self.talk.tell(Event::Kept {
                stack: stack.clone(),
                logical_id: resource.logical_id.clone(),
                physical_id: resource.physical_id.clone(),
                reason: "its deletion policy keeps it; nothing manages it now".to_owned(),
            });
        }
        Ok(())
    }

    /// The logical IDs of the resources that the deployed template keeps when the stack goes.
    async fn kept(&self, stack: &StackRef) -> Result<BTreeSet<String>, crate::cloud::CloudError> {
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
