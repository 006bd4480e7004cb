//! A function needs its code and its role.
use cfn_kit::prelude::*;
use cfn_kit::lambda;

fn main() {
    let mut template = template!("A function");
    template.add("Worker", lambda::Function::new(lambda::function::Code::new().s3_key("worker.zip")));
}
