//! Queues with their dead letters.

use cfn_kit::prelude::*;
use cfn_kit::{kms, sqs};

use super::tls_only;

/// What becomes of a message that was received too often.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetters {
    /// How often a message is received before it is put aside.
    pub tries: u32,
    /// Days that it is kept then, 1 to 14. The clock of a standard queue goes on, so this must be longer than the queue keeps it.
    pub days: u32,
}

/// A queue with its dead-letter queue, encrypted, TLS only.
///
/// The dead-letter queue of a FIFO queue is FIFO as well: SQS refuses any other.
#[derive(Debug)]
pub struct Queue<S> {
    fifo: bool,
    dead_letters: DeadLetters,
    hidden_seconds: u32,
    keep_days: u32,
    key: Option<Value<kms::key::Arn, S>>,
    senders: Vec<Statement<S>>,
}

/// The two queues, and the policy of the first.
#[derive(Debug, Clone)]
pub struct QueueParts<S> {
    /// The queue.
    pub queue: Handle<sqs::Queue, S>,
    /// Its dead-letter queue.
    pub dead_letters: Handle<sqs::Queue, S>,
    /// The queue's policy, for those who must wait for it.
    pub policy: Handle<sqs::QueuePolicy, S>,
}

impl<S> Queue<S> {
    /// A queue in order per message group. Deduplication is by the id that the sender gives: a hash of the body would drop a
    /// second, different job whose body happens to be the same.
    #[must_use]
    pub fn fifo(dead_letters: DeadLetters) -> Self {
        Self { fifo: true, ..Self::standard(dead_letters) }
    }

    /// A queue without order, with as many messages at once as there are consumers.
    #[must_use]
    pub fn standard(dead_letters: DeadLetters) -> Self {
        Self { fifo: false, dead_letters, hidden_seconds: 30, keep_days: 4, key: None, senders: Vec::new() }
    }

    /// Hide a received message from other consumers for so long; the consumer renews it while it works.
    #[must_use]
    pub fn hidden_for_seconds(self, hidden_seconds: u32) -> Self {
        Self { hidden_seconds, ..self }
    }

    /// Keep a message that nobody takes, 1 to 14 days.
    #[must_use]
    pub fn keep_days(self, keep_days: u32) -> Self {
        Self { keep_days, ..self }
    }

    /// Encrypt with a key of the stack instead of SQS's own.
    #[must_use]
    pub fn key(self, key: Option<&Handle<kms::Key, S>>) -> Self {
        Self { key: key.map(|key| key.arn()), ..self }
    }

    /// Let S3 send notifications of buckets of this account.
    ///
    /// The bucket itself cannot be named: it needs the queue's policy before it exists, and has no name before that.
    #[must_use]
    pub fn from_s3(mut self) -> Self {
        let send = Statement::allow(["sqs:SendMessage"]).sid("BucketsMaySend").principal(Principal::service("s3.amazonaws.com")).condition(
            Operator::StringEquals,
            "aws:SourceAccount",
            account_id(),
        );
        self.senders.push(send);
        self
    }

    fn base(&self) -> sqs::Queue<S> {
        let queue = sqs::Queue::new().when(self.fifo, |queue| {
            queue
                .fifo_queue(true)
                .content_based_deduplication(false)
                // Each user has an order and a throughput of his own.
                .deduplication_scope(sqs::queue::DeduplicationScope::MessageGroup)
                .fifo_throughput_limit(sqs::queue::FifoThroughputLimit::PerMessageGroupId)
        });
        match &self.key {
            Some(key) => queue.kms_master_key_id(key),
            None => queue.sqs_managed_sse_enabled(true),
        }
    }
}

impl<S> Construct<S> for Queue<S> {
    type Handle = QueueParts<S>;

    /// Adds `<id>`, `<id>Policy`, and `DeadLetterQueue` (or, for a queue called `XQueue`, `XDeadLetterQueue`) with its policy.
    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let stem = id.strip_suffix("Queue").unwrap_or(id);
        let dead_id = format!("{stem}DeadLetterQueue");
        let kept = seconds_of(self.dead_letters.days);
        let dead_letters = template.add(&dead_id, self.base().message_retention_period(kept));
        let redrive = sqs::queue::RedrivePolicy::new(&dead_letters, i64::from(self.dead_letters.tries));
        let queue = self
            .base()
            .visibility_timeout(i64::from(self.hidden_seconds))
            .message_retention_period(seconds_of(self.keep_days))
            // An empty answer only after 20 s: every shorter poll is a call that is billed.
            .receive_message_wait_time_seconds(20)
            .redrive_policy(redrive);
        let queue = template.add(id, queue);
        let senders = self.senders.into_iter().map(|statement| statement.on(queue.arn()));
        let statements = std::iter::once(tls_only("sqs:*").on(queue.arn())).chain(senders);
        let policy = template.add(&format!("{id}Policy"), sqs::QueuePolicy::new(PolicyDocument::new(statements), [&queue]));
        let dead_policy = PolicyDocument::new([tls_only("sqs:*").on(dead_letters.arn())]);
        template.add(&format!("{dead_id}Policy"), sqs::QueuePolicy::new(dead_policy, [&dead_letters]));
        QueueParts { queue, dead_letters, policy }
    }
}

fn seconds_of(days: u32) -> i64 {
    i64::from(days) * 86_400
}
