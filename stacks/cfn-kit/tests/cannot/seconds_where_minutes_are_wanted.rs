//! A property that is measured in minutes cannot hold half a one.
use cfn_kit::ecs::service::DeploymentConfiguration;
use cfn_kit::prelude::*;
use cfn_kit::units::Seconds;

fn main() {
    let mut template = template!("A service");
    let deployment = DeploymentConfiguration::new().bake_time_in_minutes(Seconds(90));
    template.add("Service", cfn_kit::ecs::Service::new().deployment_configuration(deployment));
}
