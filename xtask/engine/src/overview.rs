//! How an environment is: what a deploy would do first to every stack, or what a person has to do, and who deploys now.

use protocol::{Event, Failure, Intent, NextStep, Outcome, Overview, StackRef};

use crate::cloud::{Cloud, CloudError, StackResource, StackState};
use crate::deploy::by_state;
use crate::engine::{Engine, Talk};
use crate::phase::Phase;
use crate::read::stack_status;
use crate::recover::{is_blocking, names};
use crate::status::ResourceWord;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell who holds the lease, then in what state each stack is and what comes next for it.
    ///
    /// What cannot be asked beside the states is told as a note: somebody who looks because something is broken still sees the states.
    pub(crate) async fn overview(&self, request: &Overview) -> Result<Outcome, Failure> {
        let target = &request.stacks.target;
        let states = self.states_by_name(target).await?;
        self.tell_lease(&request.ledger, &states).await;
        for stack in &request.stacks.stacks {
            let state = states.get(&stack.name);
            let in_the_way = match state {
                Some(state) => self.in_the_way(state).await.unwrap_or_else(|error| {
                    self.talk.tell(Event::Note { text: format!("what keeps `{}` from going on cannot be asked: {error}", stack.name) });
                    Vec::new()
                }),
                None => Vec::new(),
            };
            let next = next_step(stack, state, &in_the_way, &target.environment);
            self.talk.tell(Event::Status(stack_status(stack, state, Some(next))));
        }
        Ok(self.read())
    }

    /// The resources at which a stack has come to a halt.
    async fn in_the_way(&self, state: &StackState) -> Result<Vec<StackResource>, CloudError> {
        let mut resources = match Phase::of(&state.status) {
            Phase::HalfRolledBack | Phase::HalfUpdated | Phase::HalfDeleted => self.cloud.resources(&state.id).await?,
            Phase::Absent | Phase::Settled | Phase::RolledBack | Phase::NeverBorn | Phase::Moving | Phase::Stuck | Phase::Unknown => {
                Vec::new()
            }
        };
        if Phase::of(&state.status) == Phase::HalfDeleted {
            resources.retain(|resource| ResourceWord::from(resource.status.as_str()) == ResourceWord::DeleteFailed);
        } else {
            resources.retain(is_blocking);
        }
        Ok(resources)
    }
}

/// What comes next for a stack, in words made from the deploy's own decision.
fn next_step(stack: &StackRef, state: Option<&StackState>, in_the_way: &[StackResource], environment: &str) -> NextStep {
    let named = if in_the_way.is_empty() { String::new() } else { format!("; in its way: {}", names(in_the_way)) };
    // Only the digest of what would be deployed tells whether it is there already, and that takes the functions' builds.
    let decision = match by_state(stack, state, false, environment) {
        Ok(decision) => decision,
        Err(refusal) => return NextStep { intent: None, text: format!("a deploy refuses it: {}{named}", refusal.hint) },
    };
    let does = match decision.intent {
        Intent::Nothing => "a deploy has nothing to do",
        Intent::Create => "a deploy creates it",
        Intent::Update => "a deploy updates it where it differs",
        Intent::Recreate => "a deploy deletes the left-over and creates it anew",
        Intent::Wait => "a deploy waits for the end of that, then looks again",
        Intent::Recover => "a deploy goes on with the rollback, then updates it",
        Intent::Delete => "a deploy deletes it",
        Intent::Import => "a deploy takes in what exists",
    };
    let look =
        if decision.intent == Intent::Update { format!(": `cargo xtask diff --env {environment} --deployed`") } else { String::new() };
    let because = decision.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    NextStep { intent: Some(decision.intent), text: format!("{does}{because}{look}{named}") }
}
