//! The job queue with its dead letters, the key that encrypts them, and the topic that alarms tell.

use cfn_kit::prelude::*;
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{kms, sns, sqs};

use super::Site;

/// What the rest of the platform is wired to.
pub(crate) struct Jobs<S> {
    pub(crate) key: Handle<kms::Key, S>,
    pub(crate) queue: Handle<sqs::Queue, S>,
    pub(crate) dead_letters: Handle<sqs::Queue, S>,
    pub(crate) alerts: Handle<sns::Topic, S>,
}

pub(crate) fn jobs<S>(site: &mut Site<'_, S>) -> Jobs<S> {
    let key = key(site);
    let base = |name: String| sqs::Queue::new().queue_name(name).fifo_queue(true).content_based_deduplication(true).kms_master_key_id(&key);
    let dead_letters = base(site.named("dlq.fifo")).message_retention_period(Days(14));
    let dead_letters = site.add("JobsDlq", dead_letters);
    let queue = base(format!("{}.fifo", site.name()))
        .visibility_timeout(Seconds(site.config.visibility_seconds))
        .receive_message_wait_time_seconds(Seconds(20))
        .redrive_policy(sqs::queue::RedrivePolicy::new(&dead_letters, 3));
    let queue = site.add("JobsQueue", queue);
    for (id, one) in [("JobsQueuePolicy", &queue), ("JobsDlqPolicy", &dead_letters)] {
        let encrypted = Statement::deny(["sqs:*"]).principal(Principal::aws("*")).on(one.arn());
        let encrypted = encrypted.condition(Operator::Bool, "aws:SecureTransport", "false");
        site.add(id, sqs::QueuePolicy::new(PolicyDocument::new([encrypted]), [one]));
    }

    let alerts = sns::Topic::new().topic_name(site.named("alarms")).kms_master_key_id(&key);
    let alerts = site.add("AlarmTopic", alerts);
    let email = site.config.alarm_email.as_str();
    site.add("AlarmEmailSubscription", sns::Subscription::new("email", &alerts).endpoint(email));
    Jobs { key, queue, dead_letters, alerts }
}

fn key<S>(site: &mut Site<'_, S>) -> Handle<kms::Key, S> {
    let account = Statement::allow(["kms:*"]).principal(Principal::this_account()).on("*");
    let services = ["cloudwatch.amazonaws.com", "sns.amazonaws.com"]
        .map(|service| Statement::allow(["kms:Decrypt", "kms:GenerateDataKey*"]).principal(Principal::service(service)).on("*"));
    let key = kms::Key::new()
        .description(format!("{} queue and topic key", site.name()))
        .enable_key_rotation(true)
        .key_policy(PolicyDocument::new([account].into_iter().chain(services)))
        .retain();
    let key = site.add("Key", key);
    let alias = format!("alias/{}", site.name());
    site.add("KeyAlias", kms::Alias::new(alias, &key));
    key
}
