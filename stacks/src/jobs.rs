//! The job queue: in order per user, remembered in a table, watched by alarms.

use cfn_kit::context::{Context, Outline};
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{dynamodb, sns, sqs};
use contract::jobs::column;
use contract::outputs;

use crate::constructs::{Alarm, AlertTopic, DataKey, DeadLetters, Queue, protect};
use foundation::environment::{DataProtection, Encryption, Environment};
use foundation::{Built, Export, Stack};

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Jobs {
    /// Where alarms of all stacks are told.
    pub alerts: Export<sns::topic::TopicArn>,
}

/// Jobs wait here, in order per user, until a worker takes them.
#[must_use]
pub fn jobs(env: &Environment) -> Built<Jobs> {
    let mut stack = Stack::new(env, outputs::jobs::STACK, "Jobs wait here, in order per user, until a worker takes them");

    stack.outline(
        Outline::new("sender -> FIFO queue -> worker; what fails too often -> dead-letter queue -> alarm; state of every job in a table")
            .must("message group = user, deduplication id = job id"),
    );
    let key = match env.jobs.encryption {
        Encryption::Sqs => None,
        Encryption::Kms => {
            Some(stack.add("Key", DataKey::new("Encrypts jobs and alerts", env.protection.data).used_by("cloudwatch.amazonaws.com")))
        }
    };
    let alerts = stack.add("Alerts", AlertTopic::new("Job platform alerts", &env.alerts.emails).key(key.as_ref()));

    let queue = stack.add(
        "JobQueue",
        Queue::fifo(DeadLetters { tries: env.jobs.tries, days: env.jobs.dead_letter_retention_days }, env.protection.data)
            .hidden_for(Seconds(env.jobs.visibility_timeout_seconds))
            .keep(Days(env.jobs.retention_days))
            .key(key.as_ref()),
    );

    stack.explain(
        &queue.queue,
        Context::why("in order per user, users beside each other; hash of the body is no deduplication id: two jobs may ask the same")
            .must("VisibilityTimeout is longer than a worker's pause between heartbeats")
            .never("FifoQueue"),
    );
    stack.explain(&queue.dead_letters, Context::why("keeps a failed job over a long weekend, for a person to look at").never("FifoQueue"));

    let recovery = dynamodb::table::PointInTimeRecoverySpecification::new().point_in_time_recovery_enabled(env.jobs.point_in_time_recovery);
    // SQS cannot be asked for one message, so the state of a job lives in a table.
    let table = stack.add(
        "JobsTable",
        protect(
            dynamodb::Table::new([dynamodb::table::KeySchema::new(column::JOB_ID, dynamodb::table::KeyType::Hash)])
                .attribute_definitions([dynamodb::table::AttributeDefinition::new(column::JOB_ID, dynamodb::table::AttributeType::S)])
                .billing_mode(dynamodb::table::BillingMode::PayPerRequest)
                .time_to_live_specification(dynamodb::table::TimeToLiveSpecification::new(true).attribute_name(column::EXPIRES_AT))
                .point_in_time_recovery_specification(recovery)
                .deletion_protection_enabled(env.protection.data == DataProtection::Keep),
            env.protection.data,
        ),
    );

    stack.explain(
        &table,
        Context::why("SQS cannot be asked for one message, and the state of a job is asked for after its message is gone")
            .must("the job id is the only key, so that writing a job twice is writing it once")
            .never("KeySchema"),
    );

    let told = alerts.topic_arn();
    stack.add(
        "DeadLettersAlarm",
        Alarm::on(queue.dead_letters.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible))
            .at_least(1)
            .describe(
                "A job was tried too often: its message waits in the dead-letter queue, and the log of its worker says why",
                &env.alerts,
            )
            .tell(&told),
    );
    stack.add(
        "OldestJobAlarm",
        Alarm::on(queue.queue.metric(sqs::queue::Metric::ApproximateAgeOfOldestMessage))
            .at_least(env.jobs.alarms.oldest_message_minutes * 60)
            .describe("A job waits longer than it should: no worker runs, or one user's job blocks the rest of that user's", &env.alerts)
            .tell(&told),
    );
    stack.add(
        "QueueDepthAlarm",
        Alarm::on(queue.queue.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible))
            .at_least(env.jobs.alarms.depth)
            .describe("More jobs wait than the workers can take in reasonable time", &env.alerts)
            .tell(&told),
    );

    stack.output(outputs::jobs::JOB_QUEUE_URL, queue.queue.queue_url(), "FIFO queue that jobs wait in");
    stack.output(outputs::jobs::DEAD_LETTER_QUEUE_URL, queue.dead_letters.queue_url(), "FIFO queue of jobs that failed for good");
    stack.output(outputs::jobs::JOBS_TABLE_NAME, table.table_name(), "State of every job");
    let alerts = stack.output("AlertTopicArn", alerts.topic_arn(), "Where alarms are told");
    stack.finish(Jobs { alerts })
}
