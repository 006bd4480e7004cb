//! Nor is an attribute of it, hidden in a text.
use cfn_kit::prelude::*;
use cfn_kit::{sns, sqs};

enum Jobs {}
enum Alerts {}

fn main() {
    let mut jobs = Template::<Jobs>::new("Jobs wait here");
    let mut alerts = Template::<Alerts>::new("People are told");
    let queue = jobs.add("JobQueue", sqs::Queue::new());
    alerts.add("Topic", sns::Topic::new().display_name(sub!("about {}", queue.queue_name())));
}
