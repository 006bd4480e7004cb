//! A deploy, from the identity check to the last output.
//!
//! The stacks go in waves: all stacks of a wave need only stacks of the waves before it, and are worked on side by side.

mod changes;
mod execute;
mod gap;
mod hold;
mod plan;
mod waves;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use protocol::{Answer, Deploy, Event, Failure, Intent, Outcome, Sent, StackRef, StackSpec};

use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

use changes::Prepared;

/// What is known of the environment while a deploy goes on.
#[derive(Debug)]
pub(crate) struct Known {
    /// The stacks that exist, by name.
    states: BTreeMap<String, StackState>,
    /// The outputs of the stacks that are as they should be, by short name.
    outputs: BTreeMap<String, IndexMap<String, String>>,
    /// The short names of the stacks that this deploy has changed.
    changed: Vec<String>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Bring the stacks to what is written in the templates.
    pub(crate) async fn deploy(&self, request: &Deploy) -> Result<Outcome, Failure> {
        let waves = waves::waves(request)?;
        let states = self.read_states(&request.target).await?;
        let mut known = Known {
            states: states.into_iter().map(|state| (state.name.clone(), state)).collect(),
            outputs: BTreeMap::new(),
            changed: Vec::new(),
        };
        if let Some(outcome) = self.recover(request, &mut known.states).await? {
            return Ok(outcome);
        }
        for wave in waves {
            if let Some(outcome) = self.wave(request, &wave, &mut known).await.map_err(|failure| after(&known, failure))? {
                return Ok(outcome);
            }
        }
        Ok(if known.changed.is_empty() { Outcome::Unchanged } else { Outcome::Changed })
    }

    /// One wave; an outcome when the deploy ends with it.
    async fn wave(&self, request: &Deploy, wave: &[&StackSpec], known: &mut Known) -> Result<Option<Outcome>, Failure> {
        let mut plans = Vec::new();
        for spec in wave {
            let plan = self.plan(request, spec, known).await?;
            self.desk.planned(&spec.name, &plan.parameters);
            let stack = reference(spec);
            if plan.intent == Intent::Nothing {
                let outputs = known.states.get(&spec.name).map(|state| state.outputs.clone()).unwrap_or_default();
                self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Nothing, reason: None });
                self.talk.tell(Event::Outputs { stack, outputs: outputs.clone() });
                known.outputs.insert(spec.stack.clone(), outputs);
            } else {
                self.talk.tell(Event::Plan { stack, intent: plan.intent, reason: plan.reason.clone() });
                plans.push(plan);
            }
        }
        if !plans.is_empty() {
            self.hold(request, known).await?;
        }
        let (prepared, unchanged) = self.prepare(request, plans).await?;
        for (spec, outputs) in unchanged {
            self.talk.tell(Event::Outputs { stack: reference(spec), outputs: outputs.clone() });
            known.outputs.insert(spec.stack.clone(), outputs);
        }
        if prepared.is_empty() {
            return Ok(None);
        }
        if request.ask && self.ask(&prepared, request).await == Answer::No {
            self.discard(&prepared, request).await?;
            return if known.changed.is_empty() { Ok(Some(Outcome::Declined)) } else { Err(declined(known)) };
        }
        self.desk.still_ours()?;
        if let Err(failure) = self.upload(request, &prepared, known).await {
            self.discard(&prepared, request).await?;
            return Err(failure);
        }
        // Uploads take their time, and a person may have thought better of it.
        if let Some(failure) = self.stopped() {
            self.discard(&prepared, request).await?;
            return Err(failure);
        }
        self.desk.still_ours()?;
        let executed = self.execute_all(request, prepared, known).await;
        // The first deploy makes the bucket that the lease and the record lie in.
        let held = self.hold(request, known).await;
        executed?;
        held?;
        Ok(None)
    }

    /// The failure that Ctrl-C amounts to while nothing of the wave is executed.
    fn stopped(&self) -> Option<Failure> {
        self.interrupt.requested().then(|| {
            let hint = "the change sets are deleted again".to_owned();
            failure::interrupted("interrupted before the changes were executed".to_owned(), hint, Sent::Undone)
        })
    }

    /// Ask whether to execute what was shown; Ctrl-C is a no.
    async fn ask(&self, prepared: &[Prepared<'_>], request: &Deploy) -> Answer {
        let stacks: Vec<_> = prepared.iter().map(|prepared| format!("`{}`", prepared.spec.name)).collect();
        let question = format!("Execute these changes of {} in `{}`?", stacks.join(" and "), request.target.environment);
        tokio::select! {
            answer = self.talk.ask(question) => answer,
            () = self.interrupt.wait() => Answer::No,
        }
    }
}

/// The stack's two names.
fn reference(spec: &StackSpec) -> StackRef {
    StackRef { stack: spec.stack.clone(), name: spec.name.clone() }
}

/// A failure that comes after other stacks were changed says so.
fn after(known: &Known, failure: Failure) -> Failure {
    if known.changed.is_empty() {
        return failure;
    }
    let hint = format!("{}; deployed before that, and standing: {}", failure.hint, known.changed.join(", "));
    Failure { sent: Sent::Something, hint, ..failure }
}

fn declined(known: &Known) -> Failure {
    failure::interrupted(
        format!("declined; {} had been confirmed and deployed before", known.changed.join(", ")),
        "the stacks that were declined are as they were; deploy again to be asked again".to_owned(),
        Sent::Something,
    )
}
