//! SQS refuses a standard dead-letter queue behind a FIFO queue.
use cfn_kit::prelude::*;
use cfn_kit::queue::{FifoQueue, StandardQueue};

fn main() {
    let mut template = template!("Jobs wait here");
    let dead_letters = template.add("DeadLetterQueue", StandardQueue::new());
    template.add("JobQueue", FifoQueue::new().dead_letters_to(&dead_letters, 3));
}
