//! Queues with their dead letters.

use std::marker::PhantomData;

use cfn_kit::prelude::*;
use cfn_kit::queue::{self, Fifo, Kind, QueueHandle, Standard};
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{kms, sqs};

use super::{protect, tls_only};
use foundation::environment::DataProtection;

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
/// Both are of the same kind, which is part of the type: SQS refuses any other dead-letter queue.
#[derive(Debug)]
pub struct Queue<K, S> {
    kind: PhantomData<fn() -> K>,
    dead_letters: DeadLetters,
    hidden: Seconds,
    kept: Days,
    key: Option<Value<kms::key::Arn, S>>,
    data: DataProtection,
    senders: Vec<Statement<S>>,
}

/// The two queues, and the policy of the first.
#[derive(Debug)]
pub struct QueueParts<K, S> {
    /// The queue.
    pub queue: QueueHandle<K, S>,
    /// Its dead-letter queue.
    pub dead_letters: QueueHandle<K, S>,
    /// The queue's policy, for those who must wait for it.
    pub policy: Handle<sqs::QueuePolicy, S>,
}

impl<S> Queue<Fifo, S> {
    /// A queue in order per message group. Deduplication is by the id that the sender gives: a hash of the body would drop a
    /// second, different job whose body happens to be the same.
    #[must_use]
    pub fn fifo(dead_letters: DeadLetters, data: DataProtection) -> Self {
        Self::new(dead_letters, data)
    }
}

impl<S> Queue<Standard, S> {
    /// A queue without order, with as many messages at once as there are consumers.
    #[must_use]
    pub fn standard(dead_letters: DeadLetters, data: DataProtection) -> Self {
        Self::new(dead_letters, data)
    }
}

/// What the two kinds do not share.
pub trait Both: Kind + Sized {
    /// A queue of this kind as we want it.
    fn queue<S>() -> queue::Queue<Self, S>;
}

impl Both for Fifo {
    fn queue<S>() -> queue::Queue<Self, S> {
        // Each user has an order and a throughput of his own.
        queue::Queue::new().deduplicated_by_id().per_group()
    }
}

impl Both for Standard {
    fn queue<S>() -> queue::Queue<Self, S> {
        queue::Queue::new()
    }
}

impl<K: Both, S> Queue<K, S> {
    fn new(dead_letters: DeadLetters, data: DataProtection) -> Self {
        Self { kind: PhantomData, dead_letters, hidden: Seconds(30), kept: Days(4), key: None, data, senders: Vec::new() }
    }

    /// Hide a received message from other consumers for so long; the consumer renews it while it works.
    #[must_use]
    pub fn hidden_for(self, hidden: Seconds) -> Self {
        Self { hidden, ..self }
    }

    /// Keep a message that nobody takes, 1 to 14 days.
    #[must_use]
    pub fn keep(self, kept: Days) -> Self {
        Self { kept, ..self }
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

    fn base(&self) -> queue::Queue<K, S> {
        // Messages that wait are data: a queue that leaves its stack takes them along.
        let queue = K::queue().with(|queue| protect(queue, self.data));
        match &self.key {
            Some(key) => queue.encrypted_with(key),
            None => queue.encrypted(),
        }
    }
}

impl<K: Both, S> Construct<S> for Queue<K, S> {
    type Handle = QueueParts<K, S>;

    /// Adds `<id>`, `<id>Policy`, and `DeadLetterQueue` (or, for a queue called `XQueue`, `XDeadLetterQueue`) with its policy.
    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        let stem = id.strip_suffix("Queue").unwrap_or(id);
        let dead_id = format!("{stem}DeadLetterQueue");
        let dead_letters = template.add(&dead_id, self.base().keep(Days(self.dead_letters.days)));
        let queue = self
            .base()
            .hide(self.hidden)
            .keep(self.kept)
            // An empty answer only after 20 s: every shorter poll is a call that is billed.
            .wait(Seconds(20))
            .dead_letters_to(&dead_letters, self.dead_letters.tries);
        let queue = template.add(id, queue);
        let senders = self.senders.into_iter().map(|statement| statement.on(queue.arn()));
        let statements = std::iter::once(tls_only("sqs:*").on(queue.arn())).chain(senders);
        let policy = template.add(&format!("{id}Policy"), sqs::QueuePolicy::new(PolicyDocument::new(statements), [&queue]));
        let dead_policy = PolicyDocument::new([tls_only("sqs:*").on(dead_letters.arn())]);
        template.add(&format!("{dead_id}Policy"), sqs::QueuePolicy::new(dead_policy, [&dead_letters]));
        QueueParts { queue, dead_letters, policy }
    }
}
