//! The network that workers run in: two zones, and as few ways out as the environment asks for.

use cfn_kit::context::Outline;
use cfn_kit::prelude::*;
use cfn_kit::{availability_zones, ec2, iam, logs, select};
use foundation::environment::{Egress, Environment, UploadMode};
use foundation::{Built, Export, Stack};

use crate::constructs::protect;

/// AWS services that a worker calls and that have no endpoint for nothing, by the last part of the endpoint's name.
const SERVICES: [&str; 7] = ["sqs", "logs", "monitoring", "autoscaling", "ssm", "ssmmessages", "ec2messages"];

/// Days that the flow log is kept: it is there for the question of the day.
const FLOW_LOG_DAYS: u32 = 14;

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// The network.
    pub vpc: Export<ec2::vpc::VpcId>,
    /// Where workers are put, one in each of two zones.
    pub worker_subnets: [Export<ec2::subnet::SubnetId>; 2],
    /// What the internet reaches, where somebody needs it.
    pub public_subnets: Option<PublicSubnets>,
}

/// Subnets that the internet reaches, one in each of two zones.
pub type PublicSubnets = [Export<ec2::subnet::SubnetId>; 2];

/// Two subnets in two zones for workers, and what they need to reach AWS.
#[must_use]
pub fn network(env: &Environment) -> Built<Network> {
    let mut stack = Stack::new(env, "network", "The network that workers run in");
    stack.outline(
        Outline::new("workers in two zones -> gateway endpoints for S3 and DynamoDB; everything else by endpoints, one NAT, or public")
            .must("no way in: whoever looks after a worker comes through Session Manager"),
    );
    let tag = format!("cloudwright-{}", env.name);
    let vpc = stack.add(
        "Vpc",
        ec2::Vpc::new()
            .cidr_block(format!("10.{}.0.0/16", env.network.block))
            .enable_dns_support(true)
            .enable_dns_hostnames(true)
            .tags([ec2::vpc::Tag::new("Name", tag.as_str())]),
    );
    let egress = env.network.egress;
    let (workers, outside) = match egress {
        Egress::Public => {
            let both = public(&mut stack, &vpc);
            let outside = both.subnets.clone();
            (both, Some(outside))
        }
        Egress::Nat => behind_nat(&mut stack, &vpc),
        Egress::Endpoints => {
            let workers = private(&mut stack, &vpc);
            interface_endpoints(&mut stack, &vpc, &workers);
            (workers, None)
        }
    };
    gateway_endpoints(&mut stack, &vpc, &workers.table);
    if env.network.flow_logs {
        flow_log(&mut stack, &vpc);
    }

    // Only where somebody asks: an output is a promise.
    let outside = outside.filter(|_| env.images.upload.mode == UploadMode::Stream);
    let public_subnets = outside.map(|[first, second]| {
        [
            stack.output("PublicSubnetA", first.subnet_id(), "What the internet reaches, in one zone"),
            stack.output("PublicSubnetB", second.subnet_id(), "What the internet reaches, in another zone"),
        ]
    });
    let [first, second] = &workers.subnets;
    let gives = Network {
        vpc: stack.output("VpcId", vpc.vpc_id(), "The network"),
        worker_subnets: [
            stack.output("WorkerSubnetA", first.subnet_id(), "Where workers are put, in one zone"),
            stack.output("WorkerSubnetB", second.subnet_id(), "Where workers are put, in another zone"),
        ],
        public_subnets,
    };
    stack.finish(gives)
}

/// Subnets that share a table of routes.
struct Subnets {
    subnets: [Handle<ec2::Subnet, Network>; 2],
    table: Handle<ec2::RouteTable, Network>,
}

type Vpc = Handle<ec2::Vpc, Network>;

/// Subnets with a way to the internet, and an address there for everything in them.
fn public(stack: &mut Stack<'_, Network>, vpc: &Vpc) -> Subnets {
    let gateway = stack.add("InternetGateway", ec2::InternetGateway::new());
    let attached = stack.add("GatewayAttachment", ec2::VPCGatewayAttachment::new(vpc).internet_gateway_id(&gateway));
    let subnets = subnets(stack, vpc, "Public", 0, true);
    // Without the wait, the route may come before the gateway is part of the network.
    let route = ec2::Route::new(&subnets.table).destination_cidr_block("0.0.0.0/0").gateway_id(&gateway).depends_on(&attached);
    stack.add("InternetRoute", route);
    subnets
}

/// Subnets without addresses on the internet, which reach it through one gateway. Where its zone fails, workers of the other zone
/// fail with it: a second gateway would cost as much again, and jobs wait.
fn behind_nat(stack: &mut Stack<'_, Network>, vpc: &Vpc) -> (Subnets, Option<[Handle<ec2::Subnet, Network>; 2]>) {
    let outside = public(stack, vpc);
    let inside = private(stack, vpc);
    let address = stack.add("NatAddress", ec2::Eip::new().domain("vpc"));
    let nat = ec2::NatGateway::new().subnet_id(&outside.subnets[0]).allocation_id(address.allocation_id());
    let nat = stack.add("Nat", nat);
    stack.add("NatRoute", ec2::Route::new(&inside.table).destination_cidr_block("0.0.0.0/0").nat_gateway_id(&nat));
    (inside, Some(outside.subnets))
}

fn private(stack: &mut Stack<'_, Network>, vpc: &Vpc) -> Subnets {
    subnets(stack, vpc, "Private", 64, false)
}

/// Two subnets of 4,096 addresses in two zones, from this third number on.
fn subnets(stack: &mut Stack<'_, Network>, vpc: &Vpc, kind: &str, third: u32, public: bool) -> Subnets {
    let env = stack.environment();
    let table = stack.add(&format!("{kind}Routes"), ec2::RouteTable::new(vpc));
    let subnets = [("A", 0_u32), ("B", 1)].map(|(letter, zone)| {
        let subnet = ec2::Subnet::new(vpc)
            // Written out: not every stand-in for AWS can cut a block into pieces.
            .cidr_block(format!("10.{}.{}.0/20", env.network.block, third + 16 * zone))
            .availability_zone(select(zone, availability_zones("")))
            .map_public_ip_on_launch(public)
            .tags([ec2::subnet::Tag::new("Name", format!("cloudwright-{}-{}-{}", env.name, kind.to_lowercase(), letter.to_lowercase()))]);
        let subnet = stack.add(&format!("{kind}Subnet{letter}"), subnet);
        stack.add(&format!("{kind}Routes{letter}"), ec2::SubnetRouteTableAssociation::new(&table, &subnet));
        subnet
    });
    Subnets { subnets, table }
}

/// S3 and DynamoDB for nothing: models and records never pass a gateway that counts bytes.
fn gateway_endpoints(stack: &mut Stack<'_, Network>, vpc: &Vpc, table: &Handle<ec2::RouteTable, Network>) {
    use ec2::vpc_endpoint::VpcEndpointType;
    for (id, service) in [("S3Endpoint", "s3"), ("DynamoDbEndpoint", "dynamodb")] {
        let endpoint = ec2::VPCEndpoint::new(vpc)
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .service_name(sub!("com.amazonaws.{}.{}", region(), service))
            .route_table_ids([table]);
        stack.add(id, endpoint);
    }
}

/// One for each service and zone: they are billed by the hour, so only what a worker calls.
fn interface_endpoints(stack: &mut Stack<'_, Network>, vpc: &Vpc, workers: &Subnets) {
    use ec2::vpc_endpoint::VpcEndpointType;
    let block = format!("10.{}.0.0/16", stack.environment().network.block);
    let https = ec2::security_group::Ingress::new("tcp").from_port(443).to_port(443).cidr_ip(block).description("HTTPS from the network");
    let group = ec2::SecurityGroup::new("Endpoints of AWS services").vpc_id(vpc).security_group_ingress([https]);
    let group = stack.add("EndpointSecurityGroup", group);
    for service in SERVICES {
        let endpoint = ec2::VPCEndpoint::new(vpc)
            .vpc_endpoint_type(VpcEndpointType::Interface)
            .service_name(sub!("com.amazonaws.{}.{}", region(), service))
            .private_dns_enabled(true)
            .subnet_ids([&workers.subnets[0], &workers.subnets[1]])
            .security_group_ids([&group]);
        stack.add(&format!("{}Endpoint", foundation::pascal(service)), endpoint);
    }
}

/// Who talked to whom, as far as it was refused or accepted.
fn flow_log(stack: &mut Stack<'_, Network>, vpc: &Vpc) {
    use ec2::flow_log::{LogDestinationType, ResourceType, TrafficType};
    let data = stack.environment().protection.data;
    let group = stack.add("FlowLogGroup", protect(logs::LogGroup::new().retention_in_days(FLOW_LOG_DAYS), data));
    let write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"];
    let policy = PolicyDocument::new([Statement::allow(write).on(group.arn())]);
    let role = iam::Role::new(PolicyDocument::assumed_by_service("vpc-flow-logs.amazonaws.com"))
        .policies([iam::role::Policy::new(policy, "Granted")]);
    let role = stack.add("FlowLogRole", role);
    let log = ec2::FlowLog::new(vpc.vpc_id(), ResourceType::Vpc)
        .traffic_type(TrafficType::All)
        .log_destination_type(LogDestinationType::CloudWatchLogs)
        .log_group_name(group.log_group_name())
        .deliver_logs_permission_arn(&role);
    stack.add("FlowLog", log);
}
