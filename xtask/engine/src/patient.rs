//! The cloud as the engine sees it: passing failures are waited out, and what stands is remembered.
//!
//! Every call that [`Stacks`] and [`Objects`] knew when this was written goes through here and is tried again when it was throttled,
//! when AWS answers that it is out of order, or when the network is gone, for as long as [`Retries`] lets it. Calls that are not
//! named here reach the cloud as they are.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;

use protocol::Event;

use crate::cloud::{
    ChangeSetId, ChangeSetState, Cloud, CloudError, ErrorKind, NewChangeSet, NewStack, StackEvent, StackResource, StackState,
};
use crate::engine::Talk;
use crate::interrupt::Interrupt;
use crate::pace::Retries;

/// Something that this request has changed in the cloud and not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A change set that nobody has executed, on a stack that existed before.
    ChangeSet,
    /// The empty stack of a change set that nobody has executed.
    Shell,
    /// An operation was begun, and CloudFormation has done it, or is at it.
    Operation,
}

/// A cloud, asked with patience.
#[derive(Debug)]
pub(crate) struct Patient<'a, C, T> {
    cloud: &'a C,
    talk: &'a T,
    interrupt: Interrupt,
    /// Whether the cloud has answered at all. One that never has is better given up at once: nothing is lost yet.
    answered: Cell<bool>,
    /// What stands, by the stack's name.
    standing: RefCell<BTreeMap<String, Standing>>,
}

impl<C, T> Deref for Patient<'_, C, T> {
    type Target = C;

    fn deref(&self) -> &C {
        self.cloud
    }
}

/// Whether it is unknown, after this error, if the call took effect.
pub(crate) fn is_ambiguous(error: &CloudError) -> bool {
    matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Unavailable)
}

impl<'a, C: Cloud, T: Talk> Patient<'a, C, T> {
    pub(crate) fn new(cloud: &'a C, talk: &'a T, interrupt: Interrupt) -> Self {
        Self { cloud, talk, interrupt, answered: Cell::new(false), standing: RefCell::default() }
    }

    /// Try a call until it is answered, or until patience ends.
    async fn patiently<V>(&self, call: impl AsyncFn() -> Result<V, CloudError>) -> Result<V, CloudError> {
        self.retried(is_passing, call).await
    }

    async fn retried<V>(&self, passing: fn(&CloudError) -> bool, call: impl AsyncFn() -> Result<V, CloudError>) -> Result<V, CloudError> {
        let mut retries = Retries::new();
        loop {
            let error = match call().await {
                Ok(value) => {
                    self.answered.set(true);
                    return Ok(value);
                }
                Err(error) => error,
            };
            if !self.answered.get() || !passing(&error) {
                return Err(error);
            }
            // Throttling alone is no news: AWS answers, only later.
            if retries.is_first() && error.kind != ErrorKind::Throttled {
                let text = format!("{error}; trying again for some minutes, while CloudFormation goes on by itself");
                self.talk.tell(Event::Note { text });
            }
            let Some(pause) = retries.next() else { return Err(error) };
            tokio::select! {
                () = self.cloud.pause(pause) => {}
                () = self.interrupt.wait_for_more() => return Err(error),
            }
        }
    }

    /// What this request has changed and not undone, by the stack's name.
    pub(crate) fn standing(&self) -> BTreeMap<String, Standing> {
        self.standing.borrow().clone()
    }

    /// An operation was begun on a stack, or perhaps begun.
    pub(crate) fn begun(&self, stack: &str) {
        self.standing.borrow_mut().insert(name_of(stack).to_owned(), Standing::Operation);
    }

    /// Nothing that this request did to a stack is left.
    pub(crate) fn undone(&self, stack: &str) {
        self.standing.borrow_mut().remove(name_of(stack));
    }

    pub(crate) async fn stacks(&self) -> Result<Vec<StackState>, CloudError> {
        self.patiently(async || self.cloud.stacks().await).await
    }

    pub(crate) async fn stack(&self, name: &str) -> Result<Option<StackState>, CloudError> {
        self.patiently(async || self.cloud.stack(name).await).await
    }

    /// A second try after a lost answer finds the first one's change set, and whoever asked replaces it.
    pub(crate) async fn create_change_set(&self, new: NewChangeSet<'_>) -> Result<ChangeSetId, CloudError> {
        let standing = if new.create { Standing::Shell } else { Standing::ChangeSet };
        let made = self
            .patiently(async || {
                let result = self.cloud.create_change_set(new.clone()).await;
                if result.as_ref().map_or_else(is_ambiguous, |_| true) {
                    self.standing.borrow_mut().entry(new.stack.to_owned()).or_insert(standing);
                }
                result
            })
            .await?;
        Ok(made)
    }

    /// Only throttling is waited out here: after a lost answer, whether the stack is there has to be looked at first.
    pub(crate) async fn create_stack(&self, new: NewStack<'_>) -> Result<String, CloudError> {
        let made = self.retried(|error| error.kind == ErrorKind::Throttled, async || self.cloud.create_stack(new.clone()).await).await;
        if made.as_ref().map_or_else(is_ambiguous, |_| true) {
            self.begun(new.name);
        }
        made
    }

    pub(crate) async fn change_set(&self, id: &ChangeSetId) -> Result<ChangeSetState, CloudError> {
        self.patiently(async || self.cloud.change_set(id).await).await
    }

    /// Only throttling is waited out here: after a lost answer, what happened has to be looked at first.
    pub(crate) async fn execute(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        self.retried(|error| error.kind == ErrorKind::Throttled, async || self.cloud.execute(id).await).await
    }

    pub(crate) async fn delete_change_set(&self, id: &ChangeSetId) -> Result<(), CloudError> {
        gone_is_gone(self.patiently(async || self.cloud.delete_change_set(id).await).await)?;
        let name = name_of(&id.stack_id);
        let mut standing = self.standing.borrow_mut();
        if standing.get(name) == Some(&Standing::ChangeSet) {
            standing.remove(name);
        }
        Ok(())
    }

    /// CloudFormation takes a second order to delete for the first.
    pub(crate) async fn delete_stack(&self, name: &str) -> Result<(), CloudError> {
        self.deleted(name, &[]).await
    }

    /// [`Patient::delete_stack`], leaving some resources as they are.
    pub(crate) async fn deleted(&self, name: &str, retain: &[String]) -> Result<(), CloudError> {
        let order = async || {
            let result =
                if retain.is_empty() { self.cloud.delete_stack(name).await } else { self.cloud.delete_stack_except(name, retain).await };
            // An empty shell leaves nothing, whichever way it goes.
            if result.as_ref().map_or_else(is_ambiguous, |()| true) && self.standing.borrow().get(name_of(name)) != Some(&Standing::Shell) {
                self.begun(name);
            }
            result
        };
        gone_is_gone(self.patiently(order).await)?;
        let mut standing = self.standing.borrow_mut();
        if standing.get(name_of(name)) == Some(&Standing::Shell) {
            standing.remove(name_of(name));
        }
        Ok(())
    }

    /// A second order to cancel is refused when the first was heard, so only throttling is waited out.
    pub(crate) async fn cancel_update(&self, stack_id: &str) -> Result<(), CloudError> {
        self.retried(|error| error.kind == ErrorKind::Throttled, async || self.cloud.cancel_update(stack_id).await).await
    }

    pub(crate) async fn continue_rollback(&self, stack_id: &str, skip: &[String]) -> Result<(), CloudError> {
        self.begun(stack_id);
        self.retried(|error| error.kind == ErrorKind::Throttled, async || self.cloud.continue_rollback(stack_id, skip).await).await
    }

    pub(crate) async fn roll_back(&self, stack_id: &str) -> Result<(), CloudError> {
        self.begun(stack_id);
        self.retried(|error| error.kind == ErrorKind::Throttled, async || self.cloud.roll_back(stack_id).await).await
    }

    pub(crate) async fn protect(&self, name: &str, on: bool) -> Result<(), CloudError> {
        self.patiently(async || self.cloud.protect(name, on).await).await
    }

    pub(crate) async fn events(&self, stack_id: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        self.patiently(async || self.cloud.events(stack_id, after).await).await
    }

    pub(crate) async fn newest_event(&self, stack_id: &str) -> Result<Option<String>, CloudError> {
        self.patiently(async || self.cloud.newest_event(stack_id).await).await
    }

    pub(crate) async fn resources(&self, name: &str) -> Result<Vec<StackResource>, CloudError> {
        self.patiently(async || self.cloud.resources(name).await).await
    }

    pub(crate) async fn template(&self, name: &str) -> Result<Option<String>, CloudError> {
        self.patiently(async || self.cloud.template(name).await).await
    }

    pub(crate) async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.patiently(async || self.cloud.has_object(bucket, key).await).await
    }

    pub(crate) async fn put_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError> {
        self.patiently(async || self.cloud.put_file(bucket, key, path, sha256).await).await
    }

    pub(crate) async fn put_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError> {
        self.patiently(async || self.cloud.put_text(bucket, key, text).await).await
    }

    pub(crate) async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError> {
        self.patiently(async || self.cloud.empty_bucket(bucket).await).await
    }
}

/// Whether the same call may well succeed a little later.
fn is_passing(error: &CloudError) -> bool {
    error.kind == ErrorKind::Throttled || is_ambiguous(error)
}

fn gone_is_gone(result: Result<(), CloudError>) -> Result<(), CloudError> {
    match result {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The stack's name, from its name or its ARN: `arn:aws:cloudformation:eu-central-1:111111111111:stack/<name>/<id>`.
pub(crate) fn name_of(name_or_arn: &str) -> &str {
    if name_or_arn.starts_with("arn:") { name_or_arn.split('/').nth(1).unwrap_or(name_or_arn) } else { name_or_arn }
}
