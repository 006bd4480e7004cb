//! A queue of one stack is of no use in the template of another.
use cfn_kit::prelude::*;
use cfn_kit::{lambda, sqs};

enum Jobs {}
enum Workers {}

fn main() {
    let mut jobs = Template::<Jobs>::new("Jobs wait here");
    let mut workers = Template::<Workers>::new("Workers take them");
    let queue = jobs.add("JobQueue", sqs::Queue::new());
    let consumption = lambda::EventSourceMapping::new(raw("worker")).event_source_arn(&queue);
    workers.add("Consumption", consumption);
}
