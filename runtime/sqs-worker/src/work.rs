//! What the worker asks of its user: the work itself.

use crate::Message;

/// A message that was given to this worker to be worked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Whether it is given to nobody to be tried after this: what fails now has failed for good.
    pub last_try: bool,
    /// Whether all its tries are used up, and nobody wrote how they ended: its workers died, or were taken away. What is left to do is to
    /// write that it failed.
    pub spent: bool,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect stands and was written down: the message is deleted.
    Done,
    /// Nothing was to do, because it was done before or nobody wants it: the message is deleted.
    Nothing,
    /// Somebody else has it by now: the message is left as it is, and nothing is written.
    Leave,
    /// It was not begun here, and others may begin it: the message is given back for when this worker's open call for messages is over.
    GiveBack,
    /// It may work another time: the message comes again, later each time, until the queue gives it up.
    Retry,
    /// It will never work: the message goes to the dead-letter queue at once, so that its group does not wait for tries in vain.
    Permanent {
        /// One word of a fixed list, for whoever looks at the dead letters.
        reason: String,
    },
}

/// Work at messages.
///
/// It may be dropped at any `await`: when the message is no longer ours, when it took too long, when the worker has to go. What it writes
/// must therefore say whose it is, and be refused once somebody else has begun: a conditional write with a fencing token.
/// A panic is a try that failed.
pub trait Work: Send + Sync + 'static {
    /// Works at one message. Messages of one group come one after the other.
    fn run(&self, delivery: Delivery) -> impl Future<Output = Outcome> + Send;
}
