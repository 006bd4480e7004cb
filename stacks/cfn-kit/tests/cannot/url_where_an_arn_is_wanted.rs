//! An event source is named by its ARN, not by the URL of the queue.
use cfn_kit::prelude::*;
use cfn_kit::{lambda, sqs};

fn main() {
    let mut template = template!("A consumer");
    let queue = template.add("Jobs", sqs::Queue::new());
    template.add("Consumption", lambda::EventSourceMapping::new(raw("worker")).event_source_arn(queue.queue_url()));
}
