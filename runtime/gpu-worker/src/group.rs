//! The Auto Scaling group that the worker's instance is in.

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::error::{ProvideErrorMetadata, SdkError};
use contract::fleet::DRAIN_HOOK;
use sqs_worker::Protection;
use sqs_worker::imds::Imds;
use sqs_worker::protection::{Group, Refusal};
use telemetry::Log;

/// How long one answer may take: a job waits for it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// An instance in its Auto Scaling group.
#[derive(Debug, Clone)]
pub struct AutoScaling {
    client: Client,
    group: String,
    instance_id: String,
}

impl AutoScaling {
    /// An instance of a group, by their names.
    #[must_use]
    pub fn new(aws: &SdkConfig, group: &str, instance_id: &str) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(ANSWERS_WITHIN).build();
        let config = aws_sdk_autoscaling::config::Builder::from(aws).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), group: group.to_owned(), instance_id: instance_id.to_owned() }
    }
}

/// The protection of the machine in its group; none where it is in none, or cannot know which.
pub(crate) async fn protection(aws: &SdkConfig, imds: Option<&Imds>, log: &Arc<Log>) -> Option<Arc<Protection<AutoScaling>>> {
    let imds = imds?;
    match imds.group().await {
        Ok(group) => Some(Arc::new(Protection::new(AutoScaling::new(aws, &group?, imds.instance_id()), Arc::clone(log)))),
        Err(nameless) => {
            log.error("this worker is not protected from scale-in, and may be ended in mid-job").because(&nameless).write();
            None
        }
    }
}

impl Group for AutoScaling {
    async fn protect(&self, protected: bool) -> Result<(), Refusal> {
        let call = self.client.set_instance_protection().auto_scaling_group_name(&self.group).instance_ids(&self.instance_id);
        let answer = call.protected_from_scale_in(protected).send().await;
        answer.map(drop).map_err(|error| {
            // One code for all that is wrong, and only its words tell what.
            let words = ["is not in InService", "is not part of Auto Scaling group", "No managed instance found"];
            if says(&error, &words) { Refusal::NotInService } else { failed("change the protection from scale-in", error) }
        })
    }

    async fn still_works(&self) -> Result<(), Refusal> {
        let call = self.client.record_lifecycle_action_heartbeat().auto_scaling_group_name(&self.group).instance_id(&self.instance_id);
        let answer = call.lifecycle_hook_name(DRAIN_HOOK).send().await;
        unless_nobody_waits(answer.map(drop), "wait for jobs in work")
    }

    async fn is_done(&self) -> Result<(), Refusal> {
        let call = self.client.complete_lifecycle_action().auto_scaling_group_name(&self.group).instance_id(&self.instance_id);
        let answer = call.lifecycle_hook_name(DRAIN_HOOK).lifecycle_action_result("CONTINUE").send().await;
        unless_nobody_waits(answer.map(drop), "go on without this worker")
    }
}

/// The hook does not hold this instance: its time is over, somebody else has answered, or the instance leaves without being ended.
fn unless_nobody_waits<E>(answer: Result<(), SdkError<E>>, action: &'static str) -> Result<(), Refusal>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Err(error) if !says(&error, &["No active Lifecycle Action"]) => Err(failed(action, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether AWS refused in one of these words.
fn says<E: ProvideErrorMetadata>(error: &SdkError<E>, words: &[&str]) -> bool {
    let said = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default().to_lowercase();
    words.iter().any(|words| said.contains(&words.to_lowercase()))
}

fn failed<E: std::error::Error + Send + Sync + 'static>(action: &'static str, error: SdkError<E>) -> Refusal {
    Refusal::Failed { action, source: Box::new(error) }
}
