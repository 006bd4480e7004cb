//! Servers that take pictures of any size that is let in: the option for those who must send a hundred megabytes in one request.
//!
//! ```text
//! client ──HTTPS──▶ load balancer, two zones ──HTTP, inside──▶ servers on Fargate ──parts──▶ source bucket
//! ```
//!
//! Only there in the mode `stream`: a load balancer and servers cost money while nothing happens.

mod balancer;
mod servers;

use cfn_kit::context::Outline;
use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, elasticloadbalancingv2 as elb, sns};
use contract::outputs;
use foundation::environment::{Environment, UploadMode};
use foundation::{Built, ContainerImage, Stack};

use crate::api::Api;
use crate::api::uploads::UPLOAD;
use crate::constructs::Alarm;
use crate::images::Images;
use crate::jobs::Jobs;
use crate::network::Network;

/// The port that servers listen on, within the network.
const PORT: u32 = 8_080;

/// What the stack gives to others: nothing.
#[derive(Debug, Clone, Copy)]
pub struct Upload;

/// Load balancer and servers; nothing in the mode `presigned`.
#[must_use]
pub fn upload(env: &Environment, jobs: &Jobs, images: &Images, api: &Api, network: &Network) -> Option<Built<Upload>> {
    let subnets = network.public_subnets.filter(|_| env.images.upload.mode == UploadMode::Stream)?;
    let (certificate, image) = (env.images.upload.certificate_arn.as_ref()?, env.images.upload.image.as_ref()?);
    let mut stack = Stack::new(env, outputs::upload::STACK, "Servers take pictures of any size");
    stack.outline(
        Outline::new("client -> load balancer (HTTPS) -> servers on Fargate -> source bucket, in parts")
            .must("no plain HTTP: tokens come with every request")
            .must("the image is named by its digest"),
    );
    let alerts = stack.import(&jobs.alerts);
    let entrance = balancer::entrance(&mut stack, network, &subnets, certificate);
    servers::servers(&mut stack, jobs, images, api, network, image, &entrance);
    alarms(&mut stack, &entrance, &alerts);
    stack.output(outputs::upload::LOAD_BALANCER_HOST, entrance.balancer.dns_name(), "Host to which the certificate's name must lead");
    Some(stack.finish(Upload))
}

/// What the servers run: the environment names it by its digest once it was made and pushed.
#[must_use]
pub fn image(env: &Environment) -> ContainerImage {
    ContainerImage {
        binary: UPLOAD,
        architecture: env.images.architecture,
        user: servers::USER,
        port: PORT,
        setting: "images.upload.image",
        repository_setting: "images.upload.repository",
    }
}

/// What stands before the servers.
struct Entrance {
    balancer: Handle<elb::LoadBalancer, Upload>,
    targets: Handle<elb::TargetGroup, Upload>,
    listener: Handle<elb::Listener, Upload>,
    /// The network.
    vpc: Value<cfn_kit::ec2::vpc::VpcId, Upload>,
    /// The security group from which alone servers take connections.
    group: Handle<cfn_kit::ec2::SecurityGroup, Upload>,
}

fn alarms(stack: &mut Stack<'_, Upload>, entrance: &Entrance, alerts: &Value<sns::topic::TopicArn, Upload>) {
    let pages = stack.environment().alerts.clone();
    let most = stack.environment().api.alarms.failures_per_five_minutes;
    let balancer = || ("LoadBalancer", text(entrance.balancer.load_balancer_full_name()));
    let targets = || ("TargetGroup", text(entrance.targets.target_group_full_name()));
    let metric = |name, dimensions| MetricOf { namespace: "AWS/ApplicationELB", name, dimensions };
    stack.add(
        "UploadServerFailuresAlarm",
        Alarm::on(metric("HTTPCode_Target_5XX_Count", vec![balancer(), targets()]))
            .sum_of_seconds(300)
            .at_least(most)
            .describe("The servers that take pictures answer 5xx: `reason` in their log says which service failed", &pages)
            .tell(alerts),
    );
    stack.add(
        "UploadBalancerFailuresAlarm",
        Alarm::on(metric("HTTPCode_ELB_5XX_Count", vec![balancer()]))
            .sum_of_seconds(300)
            .at_least(most)
            .describe("The load balancer found no server that answers: look whether servers are running, and why they end", &pages)
            .tell(alerts),
    );
    stack.add(
        "UploadUnhealthyAlarm",
        Alarm::on(metric("UnHealthyHostCount", vec![balancer(), targets()]))
            .at_least(1)
            .describe(
                "A server does not answer its health check: Fargate replaces it, and does so again if its successor fails too",
                &pages,
            )
            .tell(alerts),
    );
}
