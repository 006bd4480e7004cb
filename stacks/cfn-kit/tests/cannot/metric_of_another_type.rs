//! A topic has no metric of a queue.
use cfn_kit::prelude::*;
use cfn_kit::{sns, sqs};

fn main() {
    let mut template = template!("Alarms");
    let topic = template.add("Alerts", sns::Topic::new());
    let _ = topic.metric(sqs::queue::Metric::NumberOfMessagesSent);
}
