//! Drift: what is deployed against what is live, seen twice.
//!
//! Once as `verify` sees it, with the template that CloudFormation keeps instead of the one that is written; once by CloudFormation's own
//! detection, which knows other types and is blind to others.

use std::time::Duration;

use protocol::{Declared, Detected, DetectedResource, Difference, Drift, Event, Excuse, Failure, FailureKind, Outcome, Sent, StackRef};
use serde_json::{Value, json};

use crate::cloud::{Cloud, CloudError, DriftedResource};
use crate::engine::{Engine, Talk};
use crate::failure;
use crate::verify::{Standing, said};

/// The pause between two looks at a detection. It takes about a second per resource.
const PAUSE: Duration = Duration::from_secs(2);

/// How often it is looked at before it is given up: twenty minutes.
const LOOKS: usize = 600;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Compare what is deployed with what is live.
    pub(crate) async fn drift(&self, request: &Drift) -> Result<Outcome, Failure> {
        let target = &request.target;
        let problem = |error| failure::of(error, target);
        let states = self.read_states(target).await?;
        let exists = |declared: &'_ Declared| states.iter().find(|state| state.name == declared.stack.name).cloned();
        let there: Vec<(&Declared, _)> = request.stacks.iter().filter_map(|declared| Some((declared, exists(declared)?))).collect();
        for absent in request.stacks.iter().filter(|one| states.iter().all(|state| state.name != one.stack.name)) {
            self.talk.tell(Event::Note { text: format!("`{}` does not exist, so nothing of it can have drifted", absent.stack.name) });
        }

        // CloudFormation's detection takes its time: it works while the services are asked.
        let names = || there.iter().map(|(declared, _)| declared.stack.name.as_str());
        let (detections, templates) = futures_util::join!(
            futures_util::future::join_all(names().map(|name| self.cloud.detect_drift(name))),
            futures_util::future::join_all(names().map(|name| self.cloud.template(name))),
        );
        let mut deployed = Vec::new();
        for ((declared, _), template) in there.iter().zip(templates) {
            let template = template.map_err(problem)?.unwrap_or_else(|| declared.template.clone());
            deployed.push(Declared { template, ..(*declared).clone() });
        }
        let standing =
            deployed.iter().zip(&there).map(|(declared, (_, state))| Standing { declared, state: Some(state.clone()), resources: None });
        let beside = request.beside.iter().map(|declared| Standing { declared, state: exists(declared), resources: None });
        let summary = self.read_back(target, standing.collect(), beside.collect()).await?;

        let mut drifted = Vec::new();
        for ((declared, _), detection) in there.iter().zip(detections) {
            let detected = match detection {
                Ok(id) => self.detected(declared, &id).await?,
                Err(error) => cannot(&declared.stack, &error),
            };
            let unexcused = |resource: &&DetectedResource| {
                resource.differences.is_empty() || resource.differences.iter().any(|difference| difference.excuse.is_none())
            };
            let found = detected.resources.iter().filter(unexcused);
            drifted.extend(found.map(|resource| format!("{}.{}", declared.stack.stack, resource.logical_id)));
            self.talk.tell(Event::Detected(detected));
        }
        match (summary.failure(target), drifted.is_empty()) {
            (Some(failure), _) => Err(failure),
            (None, true) => Ok(self.read()),
            (None, false) => Err(Failure {
                kind: FailureKind::Differs,
                message: format!("CloudFormation says that these resources of `{}` drifted: {}", target.environment, drifted.join(", ")),
                causes: Vec::new(),
                source: None,
                hint: "deploy to bring them back, or write into the stacks what was changed by hand".to_owned(),
                sent: Sent::Nothing,
            }),
        }
    }

    /// Wait for a detection, and tell what it found.
    async fn detected(&self, declared: &Declared, id: &str) -> Result<Detected, Failure> {
        let stack = &declared.stack;
        for _ in 0..LOOKS {
            let detection = match self.cloud.drift_detection(id).await {
                Ok(detection) => detection,
                Err(error) => return Ok(cannot(stack, &error)),
            };
            if detection.status == "DETECTION_IN_PROGRESS" {
                tokio::select! {
                    () = self.cloud.pause(PAUSE) => continue,
                    () = self.interrupt.wait() => {
                        let what = format!("interrupted while CloudFormation looked for drift in `{}`", stack.name);
                        return Err(failure::interrupted(what, "nothing was changed; start it again when you like".to_owned(), Sent::Nothing));
                    }
                }
            }
            // A detection that failed for some resources has still found what it found.
            let resources = match self.cloud.drifted_resources(&stack.name).await {
                Ok(resources) => resources.into_iter().map(|resource| told(resource, &declared.excuses)).collect(),
                Err(error) => return Ok(cannot(stack, &error)),
            };
            return Ok(Detected { stack: stack.clone(), status: detection.drift, reason: detection.reason, resources });
        }
        let reason = Some("the detection did not end within twenty minutes".to_owned());
        Ok(Detected { stack: stack.clone(), status: None, reason, resources: Vec::new() })
    }
}

/// The endpoint, or the caller's rights, do not allow it: that is told, and is no drift.
fn cannot(stack: &StackRef, error: &CloudError) -> Detected {
    let reason = Some(format!("{}: {}", error.operation, said(error)));
    Detected { stack: stack.clone(), status: None, reason, resources: Vec::new() }
}

fn told(resource: DriftedResource, excuses: &[Excuse]) -> DetectedResource {
    let excuse = |path: &str| {
        let property = path.split('/').next().unwrap_or(path);
        let fits = |excuse: &&Excuse| {
            excuse.logical_id == resource.logical_id && excuse.property.as_deref().is_none_or(|excused| excused == property)
        };
        excuses.iter().find(fits).map(|excuse| excuse.reason.clone())
    };
    let value = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|_| json!(text)) };
    let difference = |(path, expected, actual): &(String, String, String)| {
        let path = path.trim_start_matches('/').to_owned();
        let excuse = excuse(&path);
        Difference { path: path.replace('/', "."), declared: value(expected), live: value(actual), excuse }
    };
    let differences = resource.properties.iter().map(difference).collect();
    DetectedResource { logical_id: resource.logical_id, resource_type: resource.resource_type, status: resource.status, differences }
}
