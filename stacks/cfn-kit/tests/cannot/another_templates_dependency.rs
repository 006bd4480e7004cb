//! A resource cannot wait for one of another template.
use cfn_kit::prelude::*;
use cfn_kit::sqs;

enum Jobs {}
enum Workers {}

fn main() {
    let mut jobs = Template::<Jobs>::new("Jobs wait here");
    let mut workers = Template::<Workers>::new("Workers take them");
    let queue = jobs.add("JobQueue", sqs::Queue::new());
    workers.add("Other", sqs::Queue::new().depends_on(&queue));
}
