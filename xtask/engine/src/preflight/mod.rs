//! Before a deploy: would it find what it needs? Nothing is changed.

mod account;
mod needs;
mod quotas;
mod runtime;

use protocol::{Check, CheckState, Event, Failure, FailureKind, Outcome, Preflight, Sent};
use serde_json::Value;

use crate::cloud::{Ask, Cloud, CloudError, StackState};
use crate::engine::{Engine, Talk};
use crate::verify::{gather, said};

use needs::Needs;

/// What every check may look at.
#[derive(Debug)]
struct Seen<'a> {
    request: &'a Preflight,
    states: &'a [StackState],
    needs: &'a Needs,
    answers: &'a std::collections::BTreeMap<String, Result<Value, CloudError>>,
}

impl Seen<'_> {
    /// The answer to a question, or a check that says why there is none.
    fn answer(&self, name: &str, ask: &Ask) -> Result<&Value, Check> {
        match self.answers.get(&ask.key()) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(unknown(name, error)),
            None => Err(check(name, CheckState::CannotTell, "nobody asked", None)),
        }
    }
}

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Look at everything that a deploy needs, and tell how each is.
    pub(crate) async fn preflight(&self, request: &Preflight) -> Result<Outcome, Failure> {
        let states = self.read_states(&request.target).await?;
        let mut needs = Needs::of(&request.stacks, &states, &request.target);
        needs.topics = self.topics(request, &states, &needs).await;
        let mut asks = account::asks(request, &states);
        asks.extend(quotas::asks(&needs));
        asks.extend(runtime::asks(&needs, &request.target));
        let answers = gather(&*self.cloud, &asks).await;
        let seen = Seen { request, states: &states, needs: &needs, answers: &answers };

        let checks: Vec<Check> = [account::checks(&seen), quotas::checks(&seen), runtime::checks(&seen)].concat();
        let errors: Vec<String> = checks
            .iter()
            .filter(|check| check.state == CheckState::Error)
            .map(|check| format!("{}: {}", check.name, check.found))
            .collect();
        checks.into_iter().for_each(|check| self.talk.tell(Event::Checked(check)));
        if errors.is_empty() {
            return Ok(self.read());
        }
        Err(Failure {
            kind: FailureKind::NotReady,
            message: format!("`{}` is not ready for a deploy", request.target.environment),
            causes: errors,
            source: None,
            hint: "each check says what to do".to_owned(),
            sent: Sent::Nothing,
        })
    }

    /// The topics that are live, where somebody may have to confirm a subscription.
    async fn topics(&self, request: &Preflight, states: &[StackState], needs: &Needs) -> Vec<String> {
        if !needs.confirmations {
            return Vec::new();
        }
        let there = request.stacks.iter().filter(|declared| states.iter().any(|state| state.name == declared.stack.name));
        let listed = futures_util::future::join_all(there.map(|declared| self.cloud.resources(&declared.stack.name))).await;
        // A stack whose resources nobody may list has no topics that could be asked about.
        let resources = listed.into_iter().flat_map(Result::unwrap_or_default);
        resources.filter(|resource| resource.resource_type == "AWS::SNS::Topic").map(|resource| resource.physical_id).collect()
    }
}

fn check(name: &str, state: CheckState, found: impl Into<String>, hint: Option<&str>) -> Check {
    Check { name: name.to_owned(), state, found: found.into(), hint: hint.map(str::to_owned) }
}

fn unknown(name: &str, error: &CloudError) -> Check {
    let found = format!("{}:{} says: {}", error.service, error.operation, said(error));
    check(name, CheckState::CannotTell, found, Some("allow the caller this question, or look it up in the console"))
}

/// The figure in an answer that is a number or a text.
fn figure(value: &Value) -> Option<f64> {
    crate::verify::text(value)?.parse().ok()
}
