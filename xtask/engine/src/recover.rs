//! Stacks that an earlier deploy left half way: their rollback is gone on with before anything else.

use std::collections::BTreeMap;

use protocol::{Answer, Deploy, Event, Failure, FailureKind, Intent, Outcome, Sent, StackRef, StackSpec};

use crate::cloud::{Cloud, StackResource, StackState};
use crate::engine::{Engine, Talk};
use crate::patient::is_ambiguous;
use crate::phase::Phase;
use crate::status::ResourceWord;
use crate::watch::Operation;
use crate::{cause, failure};

/// A stack whose rollback has to be gone on with.
#[derive(Debug)]
struct Halted<'a> {
    spec: &'a StackSpec,
    state: StackState,
    /// The resources that could not be brought back.
    blocking: Vec<StackResource>,
    /// The logical IDs of those that a person gives up.
    skip: Vec<String>,
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Bring stacks that are stuck in a rollback to rest, so that they can be deployed; an outcome when a person says no.
    ///
    /// A failed rollback is first tried again as it is: what stood in its way may be mended by now. A resource is given up only when the
    /// request names it.
    pub(crate) async fn recover(&self, request: &Deploy, states: &mut BTreeMap<String, StackState>) -> Result<Option<Outcome>, Failure> {
        let halted = self.halted(request, states).await?;
        if halted.is_empty() {
            return Ok(None);
        }
        for one in &halted {
            self.talk.tell(Event::Plan { stack: reference(one.spec), intent: Intent::Recover, reason: Some(one.reason()) });
        }
        if request.ask {
            let names: Vec<_> = halted.iter().map(Halted::in_question).collect();
            let question = format!("Go on with the rollback of {} in `{}`?", names.join(" and "), request.target.environment);
            if self.talk.ask(question).await == Answer::No {
                return Ok(Some(Outcome::Declined));
            }
        }
        let ends = futures_util::future::join_all(halted.iter().map(|one| self.go_on(request, one))).await;
        for (one, end) in halted.iter().zip(ends) {
            match end? {
                Some(state) => states.insert(one.spec.name.clone(), state),
                None => states.remove(&one.spec.name),
            };
        }
        Ok(None)
    }

    async fn halted<'r>(&self, request: &'r Deploy, states: &BTreeMap<String, StackState>) -> Result<Vec<Halted<'r>>, Failure> {
        let mut halted = Vec::new();
        for spec in &request.stacks {
            let Some(state) = states.get(&spec.name).filter(|state| can_be_recovered(state)).cloned() else { continue };
            let resources = self.cloud.resources(&state.id).await.map_err(|error| failure::of(error, &request.target))?;
            let blocking: Vec<_> = resources.into_iter().filter(is_blocking).collect();
            let skip = request.skip.iter().filter(|id| names_one_of(id, &blocking)).cloned().collect();
            halted.push(Halted { spec, state, blocking, skip });
        }
        let unknown = request.skip.iter().find(|id| halted.iter().all(|one| !one.skip.contains(id)));
        match unknown {
            Some(_) if halted.is_empty() => {
                self.talk.tell(Event::Note { text: format!("no rollback is stuck, so nothing is skipped: {}", request.skip.join(", ")) });
                Ok(halted)
            }
            Some(unknown) => {
                let blocking: Vec<_> =
                    halted.iter().flat_map(|one| one.blocking.iter().map(|resource| resource.logical_id.as_str())).collect();
                Err(failure::request(
                    format!("`{unknown}` blocks no rollback; those that do are: {}", blocking.join(", ")),
                    "`--skip` takes the logical ID of a resource that could not be rolled back",
                ))
            }
            None => Ok(halted),
        }
    }

    async fn go_on(&self, request: &Deploy, halted: &Halted<'_>) -> Result<Option<StackState>, Failure> {
        let target = &request.target;
        let stack = reference(halted.spec);
        let stack_id = &halted.state.id;
        let in_the_middle = |error| failure::in_the_middle(error, &stack, target);
        let after = self.cloud.newest_event(stack_id).await.map_err(|error| failure::of(error, target))?;
        let ordered = match Phase::of(&halted.state.status) {
            Phase::HalfUpdated => self.cloud.roll_back(stack_id).await,
            Phase::Absent
            | Phase::Settled
            | Phase::RolledBack
            | Phase::NeverBorn
            | Phase::Moving
            | Phase::HalfRolledBack
            | Phase::HalfDeleted
            | Phase::Stuck
            | Phase::Unknown => self.cloud.continue_rollback(stack_id, &halted.skip).await,
        };
        if let Err(error) = ordered {
            // The answer may be lost and the order still have arrived: then the stack moves, or has moved.
            let has_begun = is_ambiguous(&error) && {
                let state = self.cloud.stack(stack_id).await.map_err(in_the_middle)?;
                state.is_none_or(|state| state.status != halted.state.status)
                    || self.cloud.newest_event(stack_id).await.map_err(in_the_middle)? != after
            };
            if !has_begun {
                if !is_ambiguous(&error) {
                    self.cloud.undone(stack_id);
                }
                return Err(failure::of(error, target));
            }
        }
        let operation = Operation { stack: &stack, stack_id, after, total: halted.blocking.len() };
        let ended = self.watch(operation, target).await?;
        if Phase::of(&ended.status) != Phase::RolledBack {
            let resources = self.cloud.resources(stack_id).await.map_err(in_the_middle)?;
            let blocking: Vec<_> = resources.into_iter().filter(is_blocking).collect();
            return Err(still_stuck(halted, &ended.status, ended.reason, &blocking, &target.environment));
        }
        self.cloud.stack(&halted.spec.name).await.map_err(in_the_middle)
    }
}

impl Halted<'_> {
    fn reason(&self) -> String {
        let status = &self.state.status;
        let at = if self.blocking.is_empty() { String::new() } else { format!(" at {}", names(&self.blocking)) };
        let skipping = if self.skip.is_empty() { String::new() } else { format!(", giving up {}", self.skip.join(", ")) };
        format!("its last update was left in {status}{at}; it is rolled back first{skipping}")
    }

    fn in_question(&self) -> String {
        let skipping = if self.skip.is_empty() { String::new() } else { format!(" (giving up {})", self.skip.join(", ")) };
        format!("`{}`{skipping}", self.spec.name)
    }
}

fn can_be_recovered(state: &StackState) -> bool {
    matches!(Phase::of(&state.status), Phase::HalfRolledBack | Phase::HalfUpdated)
}

/// ContinueUpdateRollback skips only resources in this state.
pub(crate) fn is_blocking(resource: &StackResource) -> bool {
    ResourceWord::from(resource.status.as_str()) == ResourceWord::UpdateFailed
}

/// A resource of a nested stack is named as AWS wants it: `Database.Table`, where Database is the nested stack's logical ID.
fn names_one_of(skip: &str, blocking: &[StackResource]) -> bool {
    let outer = skip.split('.').next().unwrap_or(skip);
    blocking.iter().any(|resource| resource.logical_id == outer)
}

pub(crate) fn names(resources: &[StackResource]) -> String {
    resources.iter().map(|resource| format!("{} ({})", resource.logical_id, resource.resource_type)).collect::<Vec<_>>().join(", ")
}

fn still_stuck(halted: &Halted<'_>, status: &str, reason: Option<String>, blocking: &[StackResource], environment: &str) -> Failure {
    let name = &halted.spec.name;
    let first = blocking.first();
    let causes: Vec<String> = if blocking.is_empty() {
        reason.into_iter().collect()
    } else {
        let words = |resource: &StackResource| resource.reason.clone().unwrap_or_else(|| "AWS gives no reason".to_owned());
        blocking.iter().map(|resource| format!("{} ({}): {}", resource.logical_id, resource.resource_type, words(resource))).collect()
    };
    let advice = causes.iter().find_map(|cause| cause::advice(cause)).unwrap_or_else(|| "mend what AWS names above".to_owned());
    let skip: Vec<_> = blocking.iter().map(|resource| format!("--skip {}", resource.logical_id)).collect();
    let give_up = if skip.is_empty() {
        String::new()
    } else {
        format!(
            "; to give them up, `cargo xtask deploy --env {environment} {}`: CloudFormation takes them for rolled back then, whatever they are",
            skip.join(" ")
        )
    };
    Failure {
        kind: FailureKind::Stuck,
        message: format!("the rollback of `{name}` ended in {status} again, because of {}", names(blocking)),
        causes,
        source: first.and_then(|resource| halted.spec.sources.get(&resource.logical_id).cloned()),
        hint: format!("{advice}, and deploy again{give_up}"),
        sent: Sent::Something,
    }
}

fn reference(spec: &StackSpec) -> StackRef {
    StackRef { stack: spec.stack.clone(), name: spec.name.clone() }
}
