//! How CloudFormation goes about an operation: with which role, watched by which alarms, how soon done.

use protocol::{Deploy, Event, Failure, StackSpec};
use serde_json::Value;

use super::Known;
use crate::cloud::{Cloud, Manner, RollbackAlarms};
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// How a stack that does not exist is made: its alarms cannot watch over it, because they do not exist either.
    pub(super) fn manner_of_creation(&self, request: &Deploy, spec: &StackSpec, known: &Known) -> Manner {
        if let Some((_, alarms)) = wanted(request, spec) {
            let text = format!("{} cannot watch over `{}` while it is made, only from the next deploy on", alarms.join(", "), spec.name);
            self.talk.tell(Event::Note { text });
        }
        Manner { role: known.role.clone(), rollback: None, express: request.guards.express }
    }

    /// How a stack is updated. Asks for the names of its alarms when some are wanted.
    pub(super) async fn manner_of_update(&self, request: &Deploy, spec: &StackSpec, known: &Known) -> Result<Manner, Failure> {
        let has_some = known.states.get(&spec.name).is_some_and(|state| !state.rollback_alarms.is_empty());
        let rollback = match wanted(request, spec) {
            Some((minutes, alarms)) => Some(RollbackAlarms { minutes, alarms: self.alarms(request, spec, &alarms, known).await? }),
            // CloudFormation remembers alarms from one update to the next.
            None if has_some => Some(RollbackAlarms { minutes: 0, alarms: Vec::new() }),
            None => None,
        };
        Ok(Manner { role: known.role.clone(), rollback, express: request.guards.express })
    }

    /// ARN and type of each alarm. One that is only made by this update cannot watch over it: CloudFormation would bring it back.
    async fn alarms(&self, request: &Deploy, spec: &StackSpec, wanted: &[&str], known: &Known) -> Result<Vec<(String, String)>, Failure> {
        let live = self.cloud.resources(&spec.name).await.map_err(|error| failure::of(error, &request.target))?;
        let id = known.states.get(&spec.name).map(|state| state.id.as_str()).unwrap_or_default();
        let mut found = Vec::new();
        for logical_id in wanted {
            match live.iter().find(|resource| resource.logical_id == **logical_id && !resource.physical_id.is_empty()) {
                Some(alarm) => found.push((alarm_arn(id, &alarm.physical_id), alarm.resource_type.clone())),
                None => {
                    let text = format!("{logical_id} cannot watch over this update of `{}`, which is the one that makes it", spec.name);
                    self.talk.tell(Event::Note { text });
                }
            }
        }
        Ok(found)
    }
}

/// For how long which alarms of a stack are watched.
fn wanted<'r>(request: &'r Deploy, spec: &StackSpec) -> Option<(u32, Vec<&'r str>)> {
    let rollback = request.guards.rollback.as_ref()?;
    let own = rollback.alarms.iter().filter(|alarm| alarm.stack == spec.stack && has(spec, &alarm.logical_id));
    let own: Vec<&str> = own.map(|alarm| alarm.logical_id.as_str()).collect();
    (!own.is_empty()).then_some((rollback.minutes, own))
}

/// The local cloud does not get every alarm of a template.
fn has(spec: &StackSpec, logical_id: &str) -> bool {
    let template: Option<Value> = serde_json::from_str(&spec.template).ok();
    template.is_some_and(|template| template.get("Resources").is_some_and(|resources| resources.get(logical_id).is_some()))
}

/// An alarm's ARN, in the partition, region and account of its stack. A composite alarm is known by its ARN already.
fn alarm_arn(stack_id: &str, physical_id: &str) -> String {
    if physical_id.starts_with("arn:") {
        return physical_id.to_owned();
    }
    let mut parts = stack_id.split(':').skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let (partition, _, region, account) = (next(), next(), next(), next());
    format!("arn:{partition}:cloudwatch:{region}:{account}:alarm:{physical_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_in_the_partition_region_and_account_of_its_stack() {
        let stack = "arn:aws-cn:cloudformation:cn-north-1:111111111111:stack/cloudwright-prod-jobs/0f";

        let arns = [alarm_arn(stack, "jobs-Depth-1X"), alarm_arn(stack, "arn:aws-cn:cloudwatch:cn-north-1:111111111111:alarm:all")];

        let expected = [
            "arn:aws-cn:cloudwatch:cn-north-1:111111111111:alarm:jobs-Depth-1X",
            "arn:aws-cn:cloudwatch:cn-north-1:111111111111:alarm:all",
        ];
        assert_eq!(arns, expected, "CloudFormation fails the whole update for an alarm that it cannot find");
    }
}
