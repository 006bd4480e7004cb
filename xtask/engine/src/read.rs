//! Requests that change nothing: states, outputs, templates, logs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use protocol::{Event, Failure, Logs, NextStep, Outcome, StackRef, StackStatus, Stacks, Target};

use crate::cloud::{Cloud, StackState};
use crate::engine::{Engine, Talk};
use crate::failure;

/// The pause between two looks at a log group that is followed.
const FOLLOW_PAUSE: Duration = Duration::from_secs(2);

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Tell in what state each stack is.
    pub(crate) async fn status(&self, request: &Stacks) -> Result<Outcome, Failure> {
        let states = self.states_by_name(&request.target).await?;
        for stack in &request.stacks {
            let state = states.get(&stack.name);
            self.talk.tell(Event::Status(stack_status(stack, state, None)));
        }
        Ok(self.read())
    }

    /// Tell what each stack gives to the outside.
    pub(crate) async fn outputs(&self, request: &Stacks) -> Result<Outcome, Failure> {
        let states = self.states_by_name(&request.target).await?;
        for stack in &request.stacks {
            if let Some(state) = states.get(&stack.name) {
                self.talk.tell(Event::Outputs { stack: stack.clone(), outputs: state.outputs.clone() });
            }
        }
        Ok(self.read())
    }

    /// Fetch the templates as they are deployed.
    pub(crate) async fn templates(&self, request: &Stacks) -> Result<Outcome, Failure> {
        let problem = |error| failure::of(error, &request.target);
        let identity = self.cloud.identity().await.map_err(problem)?;
        self.accept(identity, &request.target)?;
        let bodies = futures_util::future::join_all(request.stacks.iter().map(|stack| self.cloud.template(&stack.name))).await;
        for (stack, body) in request.stacks.iter().zip(bodies) {
            self.talk.tell(Event::Template { stack: stack.clone(), body: body.map_err(problem)? });
        }
        Ok(self.read())
    }

    /// Read the log groups that the stacks hold, and go on reading when asked to.
    pub(crate) async fn logs(&self, request: &Logs) -> Result<Outcome, Failure> {
        let problem = |error| failure::of(error, &request.target);
        let identity = self.cloud.identity().await.map_err(problem)?;
        self.accept(identity, &request.target)?;
        let groups = self.log_groups(request).await?;
        if groups.is_empty() {
            let names: Vec<_> = request.stacks.iter().map(|stack| stack.name.as_str()).collect();
            self.talk.tell(Event::Note { text: format!("no log group in {}", names.join(", ")) });
            return Ok(self.read());
        }
        let since = i64::try_from(request.since_seconds).unwrap_or(i64::MAX / 1000) * 1000;
        let mut from = Timestamp::now().as_millisecond().saturating_sub(since);
        // The whole line counts, not its id alone: not every endpoint gives ids that differ.
        let mut seen = BTreeSet::new();
        loop {
            let mut lines = Vec::new();
            for (stack, group) in &groups {
                let found = self.cloud.log_lines(group, from, request.filter.as_deref()).await.map_err(problem)?;
                lines.extend(found.into_iter().map(|line| (stack, group, line)));
            }
            lines.sort_by_key(|(_, _, line)| line.at_milliseconds);
            for (stack, group, line) in lines {
                if !seen.insert((group.clone(), line.stream.clone(), line.id, line.at_milliseconds, line.message.clone())) {
                    continue;
                }
                from = from.max(line.at_milliseconds);
                let at = Timestamp::from_millisecond(line.at_milliseconds).map(|at| at.to_string()).unwrap_or_default();
                let (stack, group) = ((*stack).clone(), group.clone());
                self.talk.tell(Event::Log { stack, group, stream: line.stream, at, message: line.message });
            }
            if !request.follow {
                return Ok(self.read());
            }
            tokio::select! {
                () = self.cloud.pause(FOLLOW_PAUSE) => {}
                () = self.interrupt.wait() => return Ok(self.read()),
            }
        }
    }

    async fn log_groups<'r>(&self, request: &'r Logs) -> Result<Vec<(&'r StackRef, String)>, Failure> {
        let mut groups = Vec::new();
        for stack in &request.stacks {
            let resources = match self.cloud.resources(&stack.name).await {
                Ok(resources) => resources,
                Err(error) if error.kind == crate::cloud::ErrorKind::NotFound => Vec::new(),
                Err(error) => return Err(failure::of(error, &request.target)),
            };
            let of_logs = resources.into_iter().filter(|resource| resource.resource_type == "AWS::Logs::LogGroup");
            groups.extend(of_logs.map(|resource| (stack, resource.physical_id)));
        }
        Ok(groups)
    }

    pub(crate) async fn states_by_name(&self, target: &Target) -> Result<BTreeMap<String, StackState>, Failure> {
        let states = self.read_states(target).await?;
        Ok(states.into_iter().map(|state| (state.name.clone(), state)).collect())
    }
}

/// The state of one stack as it is told.
pub(crate) fn stack_status(stack: &StackRef, state: Option<&StackState>, next: Option<NextStep>) -> StackStatus {
    StackStatus {
        stack: stack.clone(),
        status: state.map(|state| state.status.clone()),
        reason: state.and_then(|state| state.reason.clone()),
        changed_at: state.and_then(|state| state.changed_at.clone()),
        digest: state.and_then(|state| state.parameters.get("DeployDigest").cloned()),
        next,
    }
}
