//! The job queue: in order per user, remembered in a table, watched by alarms.

use cfn_kit::context::{Context, Outline};
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{dynamodb, kms, sns, sqs, ssm};
use contract::front_door::rate;
use contract::jobs::{SPARE_DELIVERIES, column, index};
use contract::{fleet, outputs};

use crate::constructs::{Alarm, AlertTopic, DataKey, DeadLetters, Queue, SparseIndex, Table};
use foundation::environment::{Encryption, Environment};
use foundation::{Built, Export, Stack};

/// How long one call of the reconciler may take. It counts and asks; what takes minutes is done by state machines.
pub(crate) const RECONCILER_TIMEOUT_SECONDS: u32 = 30;

/// AWS advises at least five where a function consumes: calls that are throttled count as tries.
const OPS_TRIES: u32 = 5;

/// Jobs whose message may not be in the queue, oldest first.
const UNSENT: SparseIndex = SparseIndex { name: index::UNSENT, key: column::UNSENT, number: column::CREATED_AT };

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Jobs {
    /// The queue that jobs wait in.
    pub job_queue: QueueExport,
    /// Its name, for metrics.
    pub job_queue_name: Export<sqs::queue::QueueName>,
    /// The queue of jobs that failed for good.
    pub dead_letters: QueueExport,
    /// The queue of orders to the fleet.
    pub ops_queue: QueueExport,
    /// State of every job.
    pub jobs_table: TableExport,
    /// Requests of every user.
    pub rate_table: TableExport,
    /// Workers, and operations on the fleet.
    pub fleet_table: TableExport,
    /// The parameter that holds the instance type of the workers.
    pub instance_type: Export<ssm::parameter::Name>,
    /// The key of the queues, where they have one of their own.
    pub key: Option<Export<kms::key::Arn>>,
    /// Where alarms of all stacks are told.
    pub alerts: Export<sns::topic::TopicArn>,
}

/// A queue of another stack.
#[derive(Debug, Clone, Copy)]
pub struct QueueExport {
    /// For those who send and receive.
    pub url: Export<sqs::queue::QueueUrl>,
    /// For their policies.
    pub arn: Export<sqs::queue::Arn>,
}

/// A table of another stack.
#[derive(Debug, Clone, Copy)]
pub struct TableExport {
    /// For those who read and write.
    pub name: Export<dynamodb::table::TableName>,
    /// For their policies.
    pub arn: Export<dynamodb::table::Arn>,
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
        Queue::fifo(
            DeadLetters { tries: env.jobs.tries + SPARE_DELIVERIES, days: env.jobs.dead_letter_retention_days },
            env.protection.data,
        )
        .hidden_for(Seconds(env.jobs.visibility_timeout_seconds))
        .keep(Days(env.jobs.retention_days))
        .key(key.as_ref()),
    );

    stack.explain(
        &queue.queue,
        Context::why("in order per user, users beside each other; hash of the body is no deduplication id: two jobs may ask the same")
            .must("VisibilityTimeout is longer than a worker's pause between heartbeats")
            .must("maxReceiveCount is more than a worker's tries: SQS writes no record of a job whose workers died, one more worker does")
            .never("FifoQueue"),
    );
    stack.explain(&queue.dead_letters, Context::why("keeps a failed job over a long weekend, for a person to look at").never("FifoQueue"));

    let ops = stack.add(
        "OpsQueue",
        Queue::fifo(DeadLetters { tries: OPS_TRIES, days: env.jobs.dead_letter_retention_days }, env.protection.data)
            .hidden_for(Seconds(6 * RECONCILER_TIMEOUT_SECONDS))
            // Whoever asked for another size of machine yesterday does not want it to come tomorrow.
            .keep(Days(1))
            .key(key.as_ref()),
    );
    stack.explain(
        &ops.queue,
        Context::why("changes of the fleet happen in order, apart from the jobs: on their queue a resizer would steal jobs")
            .must("VisibilityTimeout is at least six times the reconciler's timeout")
            .never("FifoQueue"),
    );

    // SQS cannot be asked for one message, so the state of a job lives in a table.
    let table = stack.add(
        "JobsTable",
        Table::new(env, column::JOB_ID, column::EXPIRES_AT).recoverable(env.jobs.point_in_time_recovery).sparse_index(UNSENT),
    );
    stack.explain(
        &table,
        Context::why("SQS cannot be asked for one message, and the state of a job is asked for after its message is gone")
            .must("the job id is the only key, so that writing a job twice is writing it once")
            .must("the index holds only jobs that may not have been sent, so that finding them costs nothing in quiet times")
            .never("KeySchema"),
    );
    let rates = stack.add("RateTable", Table::new(env, rate::USER, column::EXPIRES_AT));
    stack.explain(
        &rates,
        Context::why("one item per user holds both windows of the rate limit, so that one conditional write decides").never("KeySchema"),
    );
    let fleet = stack.add("FleetTable", Table::new(env, fleet::column::ID, fleet::column::EXPIRES_AT));
    stack.explain(&fleet, Context::why("how busy each worker is, and where each operation on the fleet stands").never("KeySchema"));

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
        "OpsDeadLettersAlarm",
        Alarm::on(ops.dead_letters.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible))
            .at_least(1)
            .describe("An order to the fleet failed too often: `cargo xtask logs --stack fleet` shows why", &env.alerts)
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

    // Beside the other state of the fleet, and not in its own stack: it must be there before anything that reads it is made.
    let first = env.fleet.instance_types.first().map_or("g4dn.xlarge", |name| name.as_str());
    let instance_type = ssm::Parameter::new(ssm::parameter::Type::String, first).description("Instance type of the workers");
    let instance_type = stack.add("InstanceType", instance_type);
    stack.explain(
        &instance_type,
        Context::why("what an admin asked for last; the launch template reads it, so that a deploy does not take a resize back")
            .must("a deploy writes it only where the environment's first instance type is another than at the last deploy"),
    );

    let gives = Jobs {
        job_queue: QueueExport {
            url: stack.output(outputs::jobs::JOB_QUEUE_URL, queue.queue.queue_url(), "FIFO queue that jobs wait in"),
            arn: stack.output("JobQueueArn", queue.queue.arn(), "The same, for policies"),
        },
        dead_letters: QueueExport {
            url: stack.output(
                outputs::jobs::DEAD_LETTER_QUEUE_URL,
                queue.dead_letters.queue_url(),
                "FIFO queue of jobs that failed for good",
            ),
            arn: stack.output("DeadLetterQueueArn", queue.dead_letters.arn(), "The same, for policies"),
        },
        job_queue_name: stack.output("JobQueueName", queue.queue.queue_name(), "The job queue, for metrics"),
        ops_queue: QueueExport {
            url: stack.output(outputs::jobs::OPS_QUEUE_URL, ops.queue.queue_url(), "FIFO queue that the reconciler listens to"),
            arn: stack.output("OpsQueueArn", ops.queue.arn(), "The same, for policies"),
        },
        jobs_table: TableExport {
            name: stack.output(outputs::jobs::JOBS_TABLE_NAME, table.table_name(), "State of every job"),
            arn: stack.output("JobsTableArn", table.arn(), "The same, for policies"),
        },
        rate_table: TableExport {
            name: stack.output(outputs::jobs::RATE_TABLE_NAME, rates.table_name(), "How many requests each user made"),
            arn: stack.output("RateTableArn", rates.arn(), "The same, for policies"),
        },
        fleet_table: TableExport {
            name: stack.output(outputs::jobs::FLEET_TABLE_NAME, fleet.table_name(), "Workers, and operations on the fleet"),
            arn: stack.output("FleetTableArn", fleet.arn(), "The same, for policies"),
        },
        instance_type: stack.output(
            "InstanceTypeParameter",
            instance_type.reference(),
            "SSM parameter with the instance type of the workers",
        ),
        key: key.map(|key| stack.output("KeyArn", key.arn(), "Key of the queues")),
        alerts: stack.output("AlertTopicArn", alerts.topic_arn(), "Where alarms are told"),
    };
    stack.finish(gives)
}
