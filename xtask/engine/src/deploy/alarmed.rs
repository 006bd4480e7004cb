//! An update that came back although no resource failed: which of the alarms that watched over it went off.
//!
//! CloudFormation's own event need not name the alarm, and says nothing of what it measures.

use protocol::Failure;
use serde_json::{Value, json};

use super::Known;
use crate::cloud::{Action, Cloud, Protocol, Service};
use crate::engine::{Engine, Talk};
use crate::verify::{items, text_at};

static CLOUDWATCH: Service =
    Service::new("cloudwatch", Protocol::Json { version: "1.0", target: "GraniteServiceVersion20100801" }).at("monitoring", "monitoring");

const ALARMS: Action = CLOUDWATCH.action("DescribeAlarms", "/");

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// The failure, with the alarms of the stack that are in alarm now: what each says of itself is what to do about it.
    pub(super) async fn blame_alarms(&self, stack: &str, known: &Known, failure: Failure) -> Failure {
        let watched = match self.cloud.stack(stack).await {
            Ok(Some(state)) => state.rollback_alarms,
            Ok(None) | Err(_) => known.states.get(stack).map(|state| state.rollback_alarms.clone()).unwrap_or_default(),
        };
        let names: Vec<&str> = watched.iter().filter_map(|arn| arn.split_once(":alarm:").map(|(_, name)| name)).collect();
        if names.is_empty() {
            return failure;
        }
        let question = ALARMS.ask(json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"] }));
        let answer = match self.cloud.read(&question).await {
            Ok(answer) => answer,
            Err(error) => {
                let hint =
                    format!("{}; alarms watched over this update ({}), and could not be asked: {error}", failure.hint, names.join(", "));
                return Failure { hint, ..failure };
            }
        };
        let off: Vec<&Value> = ["MetricAlarms", "CompositeAlarms"]
            .iter()
            .flat_map(|kind| answer.get(kind).map(items).unwrap_or_default())
            .filter(|alarm| text_at(alarm, "StateValue") == "ALARM")
            .collect();
        if off.is_empty() {
            return failure;
        }
        let mut failure = failure;
        let said = |alarm: &&Value| format!("alarm `{}` went off: {}", text_at(alarm, "AlarmName"), text_at(alarm, "StateReason"));
        failure.causes.extend(off.iter().map(said));
        let told: Vec<_> = off.iter().map(|alarm| text_at(alarm, "AlarmDescription")).filter(|text| !text.is_empty()).collect();
        failure.hint = format!("{}; mend that and deploy again; the stack is as it was before", told.join("; "));
        failure
    }
}
