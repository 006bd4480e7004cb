//! Only a FIFO queue deduplicates.
use cfn_kit::prelude::*;
use cfn_kit::queue::StandardQueue;

fn main() {
    let mut template = template!("Pictures wait here");
    template.add("Arrivals", StandardQueue::new().deduplicated_by_content());
}
