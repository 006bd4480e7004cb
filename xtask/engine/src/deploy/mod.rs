//! A deploy, from the identity check to the last output: one look, one plan, and the plan carried out.
//!
//! The stacks go in waves: all stacks of a wave need only stacks of the waves before it, and are worked on side by side.

mod alarmed;
mod changes;
mod create;
mod decide;
mod execute;
mod gap;
mod hold;
mod interim;
mod keep;
mod left;
mod manner;
mod orphans;
mod plan;
mod waves;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use protocol::{Answer, Deploy, Event, Failure, Intent, Outcome, Plan, Sent, StackPlan, StackRef, StackSpec};

use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

use changes::Ready;
pub(crate) use decide::by_state;
use decide::{decide, digest_parameter};

/// What is known of the environment while a deploy goes on.
#[derive(Debug)]
pub(crate) struct Known {
    /// The stacks that exist, by name.
    states: BTreeMap<String, StackState>,
    /// The outputs of the stacks that are as they should be, by short name.
    outputs: BTreeMap<String, IndexMap<String, String>>,
    /// The short names of the stacks that this deploy has changed.
    changed: Vec<String>,
    /// The role that CloudFormation takes on.
    role: Option<String>,
}

/// What is going to happen to one stack, with everything that CloudFormation gets.
#[derive(Debug)]
struct Step<'a> {
    spec: &'a StackSpec,
    intent: Intent,
    reason: Option<String>,
    /// The template's parameters with their values.
    parameters: IndexMap<String, String>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Bring the stacks to what is written in the templates.
    pub(crate) async fn deploy(&self, request: &Deploy) -> Result<Outcome, Failure> {
        let needs = waves::needs(request)?;
        let known = self.survey(request).await?;
        let plan = self.make_plan(request, &needs, &known).await?;
        self.carry_out(&plan, known).await
    }

    /// Tell what a deploy is going to do.
    pub(crate) async fn only_plan(&self, request: &Deploy) -> Result<Outcome, Failure> {
        let needs = waves::needs(request)?;
        let known = self.survey(request).await?;
        let plan = self.make_plan(request, &needs, &known).await?;
        if request.guards.review {
            self.tell_templates(&plan).await?;
        }
        self.talk.tell(Event::Planned(Box::new(plan)));
        Ok(Outcome::Read)
    }

    /// Carry out a plan that was made before, unless something has changed since.
    pub(crate) async fn execute_plan(&self, plan: &Plan) -> Result<Outcome, Failure> {
        keep::is_whole(plan)?;
        keep::has_its_files(plan)?;
        let known = self.survey(&plan.deploy).await?;
        keep::has_not_moved(plan, &known)?;
        self.carry_out(plan, known).await
    }

    /// The one look at the stacks that everything is decided from.
    async fn survey(&self, request: &Deploy) -> Result<Known, Failure> {
        let states = self.read_states(&request.target).await?;
        Ok(Known {
            states: states.into_iter().map(|state| (state.name.clone(), state)).collect(),
            outputs: BTreeMap::new(),
            changed: Vec::new(),
            role: None,
        })
    }

    async fn carry_out(&self, plan: &Plan, known: Known) -> Result<Outcome, Failure> {
        let request = &plan.deploy;
        let mut known = Known { role: plan.role.clone(), ..known };
        for text in &plan.notes {
            self.talk.tell(Event::Note { text: text.clone() });
        }
        if request.guards.review && self.tell_templates(plan).await? && self.talk.review().await == Answer::No {
            return Ok(Outcome::Declined);
        }
        if plan.stacks.iter().any(|stack| stack.intent == Intent::Recover) {
            self.hold(request, &known).await?;
            if let Some(outcome) = self.recover(request, &mut known.states).await? {
                return Ok(outcome);
            }
        }
        let last = plan.stacks.iter().map(|stack| stack.wave).max().unwrap_or_default();
        for wave in 0..=last {
            let stacks: Vec<&StackPlan> = plan.stacks.iter().filter(|stack| stack.wave == wave).collect();
            if let Some(outcome) = self.wave(request, &stacks, &mut known).await.map_err(|failure| after(&known, failure))? {
                return Ok(outcome);
            }
        }
        if known.changed.is_empty() {
            self.settle(request, &known).await?;
            return Ok(Outcome::Unchanged);
        }
        Ok(Outcome::Changed)
    }

    /// Tell the deployed templates of the stacks that exist and will change; whether there are any.
    async fn tell_templates(&self, plan: &Plan) -> Result<bool, Failure> {
        let mut changing: Vec<&StackRef> = Vec::new();
        for stack in plan.stacks.iter().filter(|stack| stack.seen.is_some() && stack.intent != Intent::Nothing) {
            if !changing.contains(&&stack.stack) {
                changing.push(&stack.stack);
            }
        }
        let bodies = futures_util::future::join_all(changing.iter().map(|stack| self.cloud.template(&stack.name))).await;
        for (stack, body) in changing.iter().zip(bodies) {
            let body = body.map_err(|error| failure::of(error, &plan.deploy.target))?;
            self.talk.tell(Event::Template { stack: (*stack).clone(), body });
        }
        Ok(!changing.is_empty())
    }

    /// One wave; an outcome when the deploy ends with it.
    async fn wave(&self, request: &Deploy, stacks: &[&StackPlan], known: &mut Known) -> Result<Option<Outcome>, Failure> {
        let mut steps = Vec::new();
        for planned in stacks {
            let whole = request.stacks.iter().find(|spec| spec.name == planned.stack.name);
            let Some(spec) = planned.interim.as_deref().or(whole) else { continue };
            let step = self.step(request, planned, spec, known).await?;
            self.desk.planned(&spec.name, &step.parameters);
            let stack = reference(spec);
            if step.intent == Intent::Nothing {
                self.switch_protection(request, spec, known).await?;
                let outputs = known.states.get(&spec.name).map(|state| state.outputs.clone()).unwrap_or_default();
                self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Nothing, reason: None });
                self.talk.tell(Event::Outputs { stack, outputs: outputs.clone() });
                known.outputs.insert(spec.stack.clone(), outputs);
            } else {
                self.talk.tell(Event::Plan { stack, intent: step.intent, reason: step.reason.clone() });
                steps.push(step);
            }
        }
        if !steps.is_empty() {
            self.hold(request, known).await?;
        }
        let (ready, unchanged) = self.prepare(request, steps, known).await?;
        for (spec, outputs) in unchanged {
            // CloudFormation keeps the values that it has, the digest among them: that is what a release of now is known by.
            if let Some(state) = known.states.get(&spec.name) {
                self.desk.planned(&spec.name, &state.parameters.clone().into_iter().collect());
            }
            self.switch_protection(request, spec, known).await?;
            self.talk.tell(Event::Outputs { stack: reference(spec), outputs: outputs.clone() });
            known.outputs.insert(spec.stack.clone(), outputs);
        }
        if ready.is_empty() {
            return Ok(None);
        }
        if request.ask && self.ask(&ready, request).await == Answer::No {
            self.discard(&ready.prepared, request).await?;
            return if known.changed.is_empty() { Ok(Some(Outcome::Declined)) } else { Err(declined(known)) };
        }
        self.desk.still_ours()?;
        if let Err(failure) = self.upload(request, &ready, known).await {
            self.discard(&ready.prepared, request).await?;
            return Err(failure);
        }
        // Uploads take their time, and a person may have thought better of it.
        if let Some(failure) = self.stopped(&ready) {
            self.discard(&ready.prepared, request).await?;
            return Err(failure);
        }
        self.desk.still_ours()?;
        let executed = self.execute_all(request, ready, known).await;
        // The first deploy makes the bucket that the lease and the record lie in.
        let held = self.hold(request, known).await;
        executed?;
        held?;
        Ok(None)
    }

    /// What a stack needs, now that those before it are as they should be. Waits first when somebody else's operation is under way.
    async fn step<'s>(&self, request: &Deploy, planned: &StackPlan, spec: &'s StackSpec, known: &mut Known) -> Result<Step<'s>, Failure> {
        let parameters = plan::values(request, spec, known)?;
        loop {
            let digest = digest_parameter(spec).and_then(|parameter| parameters.get(parameter));
            let decision = decide(spec, digest.map(String::as_str), known, &request.target.environment)?;
            if decision.intent == Intent::Wait {
                self.wait_for_others(request, spec, decision.reason, known).await?;
                continue;
            }
            if decision.intent == Intent::Recover {
                // It came to this while it was waited for.
                let status = known.states.get(&spec.name).map(|state| state.status.clone()).unwrap_or_default();
                if self.recover(request, &mut known.states).await?.is_some() {
                    return Err(failure::stack_state(&reference(spec), &status, None, &request.target.environment));
                }
                continue;
            }
            // The plan knows of steps on the way; whether something had to be done first is known only now.
            let reason = decision.reason.or_else(|| planned.reason.clone().filter(|_| decision.intent == planned.intent));
            return Ok(Step { spec, intent: decision.intent, reason, parameters });
        }
    }

    /// Watch an operation that this deploy did not begin, then look again.
    async fn wait_for_others(&self, request: &Deploy, spec: &StackSpec, reason: Option<String>, known: &mut Known) -> Result<(), Failure> {
        let Some(state) = known.states.get(&spec.name).cloned() else { return Ok(()) };
        let stack = reference(spec);
        self.talk.tell(Event::Plan { stack: stack.clone(), intent: Intent::Wait, reason });
        self.attach(&stack, &state.id, &request.target).await?;
        match self.cloud.stack(&spec.name).await.map_err(|error| failure::of(error, &request.target))? {
            Some(state) => known.states.insert(spec.name.clone(), state),
            None => known.states.remove(&spec.name),
        };
        Ok(())
    }

    /// The failure that Ctrl-C amounts to while nothing of the wave is executed.
    fn stopped(&self, ready: &Ready<'_>) -> Option<Failure> {
        self.interrupt.requested().then(|| {
            let (hint, sent) = if ready.prepared.is_empty() {
                ("deploy again when you like".to_owned(), Sent::Nothing)
            } else {
                ("the change sets are deleted again".to_owned(), Sent::Undone)
            };
            failure::interrupted("interrupted before the changes were executed".to_owned(), hint, sent)
        })
    }

    /// Ask whether to execute what was shown; Ctrl-C is a no.
    async fn ask(&self, ready: &Ready<'_>, request: &Deploy) -> Answer {
        let stacks: Vec<_> = ready.specs().map(|spec| format!("`{}`", spec.name)).collect();
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
