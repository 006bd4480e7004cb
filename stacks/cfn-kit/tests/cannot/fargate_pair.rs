//! Fargate has no quarter of a processor with 4 GiB.
use cfn_kit::ecs;
use cfn_kit::fargate::Size;
use cfn_kit::prelude::*;

fn main() {
    let mut template = template!("A task");
    template.add("Task", ecs::TaskDefinition::new().fargate(Size::of::<256, 4096>()));
}
