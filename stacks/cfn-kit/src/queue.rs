//! SQS queues of two kinds that cannot be mixed up.
//!
//! `sqs::Queue` takes every property that SQS knows, also those that only a FIFO queue may have; SQS refuses such a queue in the
//! middle of a deploy. Here the kind is part of the type: what only FIFO queues know is only there, and dead letters go to a queue of
//! the same kind.
//!
//! ```
//! use cfn_kit::prelude::*;
//! use cfn_kit::queue::FifoQueue;
//! use cfn_kit::units::{Days, Minutes};
//!
//! let mut template = template!("Jobs wait here");
//! let dead_letters = template.add("DeadLetterQueue", FifoQueue::new().keep(Days(14)));
//! let queue = template.add("JobQueue", FifoQueue::new().hide(Minutes(15)).dead_letters_to(&dead_letters, 3));
//! template.output("JobQueueUrl", queue.queue_url());
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::handle::{Handle, HasLogicalId};
use crate::resource::{Build, Construct};
use crate::sqs;
use crate::template::Template;
use crate::units::Seconds;
use crate::value::{Takes, To, Value};

/// The kind of a queue: in order per message group, and each message once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fifo {}

/// The kind of a queue: without order, and a message may come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {}

/// Both kinds, and no others.
pub trait Kind: sealed::Sealed {
    /// Whether it is FIFO.
    const FIFO: bool;
}

impl Kind for Fifo {
    const FIFO: bool = true;
}

impl Kind for Standard {
    const FIFO: bool = false;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fifo {}
    impl Sealed for super::Standard {}
}

/// A queue of one kind, for the template of `S`.
pub struct Queue<K, S> {
    queue: sqs::Queue<S>,
    kind: PhantomData<fn() -> K>,
}

/// A queue in order per message group.
pub type FifoQueue<S> = Queue<Fifo, S>;

/// A queue without order.
pub type StandardQueue<S> = Queue<Standard, S>;

/// The handle of a queue of one kind; good wherever that of an `sqs::Queue` is.
pub struct QueueHandle<K, S> {
    queue: Handle<sqs::Queue, S>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind, S> Default for Queue<K, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Kind, S> Queue<K, S> {
    /// A queue with what SQS does by itself: messages are hidden for 30 s and kept for 4 days.
    #[must_use]
    pub fn new() -> Self {
        Self::of(sqs::Queue::new().when(K::FIFO, |queue| queue.fifo_queue(true)))
    }

    fn of(queue: sqs::Queue<S>) -> Self {
        Self { queue, kind: PhantomData }
    }

    fn set(self, change: impl FnOnce(sqs::Queue<S>) -> sqs::Queue<S>) -> Self {
        Self::of(change(self.queue))
    }

    /// Hides a received message from other consumers for so long, up to 12 hours: `VisibilityTimeout`.
    #[must_use]
    pub fn hide(self, time: impl To<Seconds, S>) -> Self {
        self.set(|queue| queue.visibility_timeout(time))
    }

    /// Keeps a message that nobody deletes for so long, a minute to 14 days: `MessageRetentionPeriod`.
    #[must_use]
    pub fn keep(self, time: impl To<Seconds, S>) -> Self {
        self.set(|queue| queue.message_retention_period(time))
    }

    /// Lets an empty receive wait for so long, up to 20 s: `ReceiveMessageWaitTimeSeconds`.
    #[must_use]
    pub fn wait(self, time: impl To<Seconds, S>) -> Self {
        self.set(|queue| queue.receive_message_wait_time_seconds(time))
    }

    /// Encrypts with keys of SQS's own: `SqsManagedSseEnabled`.
    #[must_use]
    pub fn encrypted(self) -> Self {
        self.set(|queue| queue.sqs_managed_sse_enabled(true))
    }

    /// Encrypts with a key of KMS: `KmsMasterKeyId`.
    #[must_use]
    pub fn encrypted_with(self, key: impl To<sqs::queue::property::KmsMasterKeyId, S>) -> Self {
        self.set(|queue| queue.kms_master_key_id(key))
    }

    /// Puts a message aside after so many tries, 1 to 1,000, in a queue of the same kind: SQS refuses the other one.
    #[must_use]
    pub fn dead_letters_to(self, dead_letters: &QueueHandle<K, S>, tries: impl To<i64, S>) -> Self {
        self.set(|queue| queue.redrive_policy(sqs::queue::RedrivePolicy::new(dead_letters, tries)))
    }

    /// Sets what this type has no method for, such as `retain()`. Nothing watches over the kind in there.
    #[must_use]
    pub fn with(self, change: impl FnOnce(sqs::Queue<S>) -> sqs::Queue<S>) -> Self {
        self.set(change)
    }
}

impl<S> Queue<Fifo, S> {
    /// Takes two messages with the same body within five minutes for one. Attributes do not count: two jobs that differ only in
    /// these are one as well, so better give each message an id of its own.
    #[must_use]
    pub fn deduplicated_by_content(self) -> Self {
        self.set(|queue| queue.content_based_deduplication(true))
    }

    /// Tells messages apart by the id that their sender gives, which is what SQS does by itself; said aloud for whoever reads the template.
    #[must_use]
    pub fn deduplicated_by_id(self) -> Self {
        self.set(|queue| queue.content_based_deduplication(false))
    }

    /// Deduplicates and counts throughput per message group, so that no group slows the others down.
    #[must_use]
    pub fn per_group(self) -> Self {
        use sqs::queue::{DeduplicationScope, FifoThroughputLimit};
        self.set(|queue| {
            queue.deduplication_scope(DeduplicationScope::MessageGroup).fifo_throughput_limit(FifoThroughputLimit::PerMessageGroupId)
        })
    }
}

impl<K, S> Build for Queue<K, S> {}

impl<K, S> Construct<S> for Queue<K, S> {
    type Handle = QueueHandle<K, S>;

    fn add_to(self, template: &mut Template<S>, id: &str) -> Self::Handle {
        QueueHandle { queue: template.add(id, self.queue), kind: PhantomData }
    }
}

impl<K, S> Deref for QueueHandle<K, S> {
    type Target = Handle<sqs::Queue, S>;

    fn deref(&self) -> &Self::Target {
        &self.queue
    }
}

impl<P: Takes<sqs::Queue>, K, S> To<P, S> for &QueueHandle<K, S> {
    fn to_value(self) -> Value<P, S> {
        (&self.queue).to_value()
    }
}

impl<K, S> HasLogicalId<S> for QueueHandle<K, S> {
    fn logical_id(&self) -> &str {
        self.queue.logical_id()
    }
}

// By hand: a derive would ask kind and brand for the same, and these are only names.
impl<K, S> Clone for QueueHandle<K, S> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), kind: PhantomData }
    }
}

impl<K, S> fmt::Debug for QueueHandle<K, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.queue.fmt(formatter)
    }
}

impl<K, S> fmt::Debug for Queue<K, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.queue.fmt(formatter)
    }
}
