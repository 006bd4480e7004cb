//! Waiting for a stack to come to rest, event by event.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use protocol::{Event, Failure, Sent, StackRef, Target};

use crate::cloud::{Cloud, StackEvent};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::phase::Phase;

/// The first pause between two looks; a local cloud is done within it.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause: DescribeStackEvents is throttled per account, and nobody watches faster than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// After this much silence the stack itself is asked, in case its last event never shows.
const SILENCE: Duration = Duration::from_secs(15);

/// An operation that is under way.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) stack: &'a StackRef,
    /// The stack's ARN: the name could belong to a newer stack.
    pub(crate) stack_id: &'a str,
    /// The newest event from before the operation.
    pub(crate) after: Option<String>,
    /// How many resources it changes.
    pub(crate) total: usize,
}

/// How an operation ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// AWS's word for the stack's state.
    pub(crate) status: String,
    /// AWS's words about it.
    pub(crate) reason: Option<String>,
    /// Everything that happened, oldest first.
    pub(crate) events: Vec<StackEvent>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Watch an operation to its end, and tell each event once.
    pub(crate) async fn watch(&self, operation: Operation<'_>, target: &Target) -> Result<Ended, Failure> {
        let started = Instant::now();
        let mut after = operation.after.clone();
        let mut events = Vec::new();
        let mut finished = BTreeSet::new();
        let mut pause = SHORTEST_PAUSE;
        let mut silent = Duration::ZERO;
        loop {
            let fresh = self.cloud.events(operation.stack_id, after.as_deref()).await.map_err(|error| sent(failure::of(error, target)))?;
            if let Some(last) = fresh.last() {
                after = Some(last.id.clone());
                pause = SHORTEST_PAUSE.max(pause / 2);
                silent = Duration::ZERO;
            } else {
                pause = LONGEST_PAUSE.min(pause * 3 / 2);
                silent += pause;
            }
            let mut end = None;
            for event in fresh {
                if is_of_stack(&event, operation.stack_id) {
                    if Phase::is_end(&event.status) {
                        end = Some((event.status.clone(), event.reason.clone()));
                    }
                } else {
                    self.tell_resource(&operation, &event, &mut finished);
                }
                events.push(event);
            }
            if end.is_none() && silent >= SILENCE {
                silent = Duration::ZERO;
                end = self.ask_stack(operation.stack_id, target).await?;
            }
            if let Some((status, reason)) = end {
                let seconds = started.elapsed().as_secs_f64();
                self.talk.tell(Event::StackDone { stack: operation.stack.clone(), status: status.clone(), seconds });
                return Ok(Ended { status, reason, events });
            }
            tokio::select! {
                () = self.cloud.pause(pause) => {}
                () = self.interrupt.wait() => return Err(left_alone(operation.stack, target)),
            }
        }
    }

    fn tell_resource(&self, operation: &Operation<'_>, event: &StackEvent, finished: &mut BTreeSet<String>) {
        if event.status.ends_with("_COMPLETE") {
            finished.insert(event.logical_id.clone());
        }
        self.talk.tell(Event::Resource {
            stack: operation.stack.clone(),
            logical_id: event.logical_id.clone(),
            resource_type: event.resource_type.clone(),
            status: event.status.clone(),
            reason: event.reason.clone(),
            at: event.at.clone(),
            done: finished.len(),
            total: operation.total.max(finished.len()),
        });
    }

    /// The stack's own word, when its events stay silent; none while it moves.
    async fn ask_stack(&self, stack_id: &str, target: &Target) -> Result<Option<(String, Option<String>)>, Failure> {
        let state = self.cloud.stack(stack_id).await.map_err(|error| sent(failure::of(error, target)))?;
        Ok(match state {
            None => Some(("DELETE_COMPLETE".to_owned(), None)),
            Some(state) if Phase::is_end(&state.status) => Some((state.status, state.reason)),
            Some(_) => None,
        })
    }

    /// Delete a stack and wait until it is gone; how it ended otherwise.
    pub(crate) async fn delete_and_watch(&self, stack: &StackRef, stack_id: &str, target: &Target) -> Result<Ended, Failure> {
        let problem = |error| sent(failure::of(error, target));
        let after = self.cloud.newest_event(stack_id).await.map_err(problem)?;
        self.cloud.delete_stack(stack_id).await.map_err(problem)?;
        self.watch(Operation { stack, stack_id, after, total: 0 }, target).await
    }
}

fn is_of_stack(event: &StackEvent, stack_id: &str) -> bool {
    event.physical_id == stack_id && event.resource_type == "AWS::CloudFormation::Stack"
}

fn sent(failure: Failure) -> Failure {
    Failure { sent: Sent::Something, ..failure }
}

fn left_alone(stack: &StackRef, target: &Target) -> Failure {
    let environment = &target.environment;
    failure::interrupted(
        format!("interrupted while CloudFormation was at work on `{}`", stack.name),
        format!(
            "CloudFormation goes on by itself; `cargo xtask status --env {environment}` shows how far it is, and `cargo xtask deploy --env {environment}` waits for it and goes on"
        ),
        Sent::Something,
    )
}
