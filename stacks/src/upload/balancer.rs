//! The way in: HTTPS from the internet, in two zones.

use cfn_kit::context::Context;
use cfn_kit::elasticloadbalancingv2::{self as elb, listener, load_balancer, target_group};
use cfn_kit::prelude::*;
use cfn_kit::{ec2, raw};
use foundation::Stack;
use foundation::environment::{CertificateArn, DataProtection};

use super::{Entrance, PORT, Upload};
use crate::network::{Network, PublicSubnets};

/// TLS 1.2 with forward secrecy, and 1.3.
const TLS: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// An idle connection is closed after so many seconds; a server keeps its side open for longer.
const IDLE_SECONDS: u32 = 60;

/// A server that is taken out gets no new request, and so many seconds for those it has: pictures of 100 MB take their time.
const DEREGISTRATION_SECONDS: u32 = 120;

pub(super) fn entrance(
    stack: &mut Stack<'_, Upload>,
    network: &Network,
    subnets: &PublicSubnets,
    certificate: &CertificateArn,
) -> Entrance {
    let env = stack.environment();
    let vpc = stack.import(&network.vpc);
    let inside = format!("10.{}.0.0/16", env.network.block);
    let group = stack.add("BalancerSecurityGroup", group(vpc.clone(), inside));

    let attribute = |key: &str, value: &str| load_balancer::LoadBalancerAttribute::new().key(key).value(raw(value));
    let kept = if env.protection.data == DataProtection::Keep { "true" } else { "false" };
    let balancer = elb::LoadBalancer::new()
        .type_(load_balancer::Type::Application)
        .scheme(load_balancer::Scheme::InternetFacing)
        .subnets(subnets.map(|subnet| stack.import(&subnet)))
        .security_groups([&group])
        .load_balancer_attributes([
            attribute("deletion_protection.enabled", kept),
            attribute("idle_timeout.timeout_seconds", &IDLE_SECONDS.to_string()),
            // What is no header name could mean something else to the server than to the balancer.
            attribute("routing.http.drop_invalid_header_fields.enabled", "true"),
        ]);
    let balancer = stack.add("LoadBalancer", balancer);
    stack.explain(
        &balancer,
        Context::why("takes requests of any size, which no gateway does").must("one listener, HTTPS: tokens come with every request"),
    );

    let deregistration =
        target_group::TargetGroupAttribute::new().key("deregistration_delay.timeout_seconds").value(DEREGISTRATION_SECONDS.to_string());
    let targets = elb::TargetGroup::new()
        .target_type(target_group::TargetType::Ip)
        .protocol(target_group::Protocol::Http)
        .port(i64::from(PORT))
        .vpc_id(vpc.clone())
        .health_check_path("/ping")
        .health_check_interval_seconds(10)
        .health_check_timeout_seconds(5)
        .healthy_threshold_count(2)
        .unhealthy_threshold_count(3)
        .target_group_attributes([deregistration]);
    let targets = stack.add("Servers", targets);

    let forward = listener::Action::new(listener::Type::Forward).target_group_arn(&targets);
    let listener = elb::Listener::new([forward], &balancer)
        .protocol(listener::Protocol::Https)
        .port(443)
        .ssl_policy(TLS)
        .certificates([listener::Certificate::new().certificate_arn(raw(certificate.as_str()))]);
    let listener = stack.add("HttpsListener", listener);
    Entrance { balancer, targets, listener, vpc, group }
}

/// HTTPS comes in from everywhere, and goes on to the servers' port within the network, nowhere else.
fn group<S>(vpc: Value<ec2::vpc::VpcId, S>, inside: String) -> ec2::SecurityGroup<S> {
    let (https, port) = (443, i64::from(PORT));
    let come =
        ec2::security_group::Ingress::new("tcp").from_port(https).to_port(https).cidr_ip("0.0.0.0/0").description("Pictures, over HTTPS");
    let go = ec2::security_group::Egress::new("tcp").from_port(port).to_port(port).cidr_ip(inside).description("To the servers");
    ec2::SecurityGroup::new("The load balancer before the servers that take pictures")
        .vpc_id(vpc)
        .security_group_ingress([come])
        .security_group_egress([go])
}
