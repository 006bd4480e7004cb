//! The servers: what they may do, what they run, how many there are.

use cfn_kit::context::Context;
use cfn_kit::ecs::{self, service, task_definition as task};
use cfn_kit::fargate::Size;
use cfn_kit::prelude::*;
use cfn_kit::{ec2, iam, logs};
use contract::upload::UploadConfig;
use foundation::Stack;
use foundation::environment::{Architecture, Egress, Environment, ImageDigest};

use super::{Entrance, PORT, Upload};
use crate::api::Api;
use crate::api::uploads::{DRAIN_SECONDS, UPLOAD, grants, settings};
use crate::constructs::{Text, protect};
use crate::images::Images;
use crate::jobs::Jobs;
use crate::network::Network;

/// The log says who brought what and when: personal data, so for no longer than this.
const MOST_LOG_DAYS: u32 = 30;

/// Nobody: the image knows no user, and the program needs none.
pub(super) const USER: &str = "65532:65532";

/// So long may a server take to end: its own time for uploads, and some seconds to forget what is not whole. Fargate's most is 120.
const STOP_SECONDS: u32 = DRAIN_SECONDS + 15;

pub(super) fn servers(
    stack: &mut Stack<'_, Upload>,
    jobs: &Jobs,
    images: &Images,
    api: &Api,
    network: &Network,
    image: &ImageDigest,
    entrance: &Entrance,
) {
    let env = stack.environment();
    let log = logs::LogGroup::new().retention_in_days(env.log_retention_days.min(MOST_LOG_DAYS));
    let log = stack.add("ServerLog", protect(log, env.protection.data));
    let cluster = stack.add("Cluster", ecs::Cluster::new());
    let definition = definition(stack, jobs, images, api, image, &log);

    let port = i64::from(PORT);
    let come = ec2::security_group::Ingress::new("tcp")
        .from_port(port)
        .to_port(port)
        .source_security_group_id(&entrance.group)
        .description("From the load balancer alone");
    let go = ec2::security_group::Egress::new("tcp").from_port(443).to_port(443).cidr_ip("0.0.0.0/0").description("AWS, over HTTPS");
    let group = ec2::SecurityGroup::new("Servers that take pictures: only the load balancer may come in")
        .vpc_id(entrance.vpc.clone())
        .security_group_ingress([come])
        .security_group_egress([go]);
    let group = stack.add("ServerSecurityGroup", group);

    // Where subnets have no gateway of their own, an address is the only way to the image and to AWS; nobody may come in by it.
    let address = match env.network.egress {
        Egress::Public => service::AssignPublicIp::Enabled,
        Egress::Nat | Egress::Endpoints => service::AssignPublicIp::Disabled,
    };
    let place = service::AwsVpcConfiguration::new()
        .subnets(network.worker_subnets.map(|subnet| stack.import(&subnet)))
        .security_groups([&group])
        .assign_public_ip(address);
    let rollout = service::DeploymentConfiguration::new()
        .deployment_circuit_breaker(service::DeploymentCircuitBreaker::new(true, true))
        .minimum_healthy_percent(100)
        .maximum_percent(200);
    let balanced = service::LoadBalancer::new().container_name(UPLOAD).container_port(port).target_group_arn(&entrance.targets);
    let service = ecs::Service::new()
        .cluster(&cluster)
        .task_definition(&definition)
        .launch_type(service::LaunchType::Fargate)
        .desired_count(i64::from(env.images.upload.servers))
        .network_configuration(service::NetworkConfiguration::new().awsvpc_configuration(place))
        .deployment_configuration(rollout)
        .health_check_grace_period_seconds(30)
        .load_balancers([balanced])
        // A target group without a listener is refused.
        .depends_on(&entrance.listener);
    let service = stack.add("Service", service);
    stack.explain(
        &service,
        Context::why("two servers in two zones; a deploy whose servers do not get well is taken back by itself")
            .must("StopTimeout of the container is longer than the drain time of the program"),
    );
}

fn definition(
    stack: &mut Stack<'_, Upload>,
    jobs: &Jobs,
    images: &Images,
    api: &Api,
    image: &ImageDigest,
    log: &Handle<logs::LogGroup, Upload>,
) -> Handle<ecs::TaskDefinition, Upload> {
    let env = stack.environment();
    let (source, destination) = (stack.import(&images.source_bucket), stack.import(&images.destination_bucket));
    let rates = stack.import(&jobs.rate_table.arn);
    let mut may = grants(&source, &destination);
    may.push(Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem"]).on(rates));
    let role = stack.add("ServerRole", role(may));
    let starter = stack.add("StartRole", role_of_agent(image, log));

    let pool = stack.import(&api.user_pool);
    let issuer = sub!("https://cognito-idp.{}.amazonaws.com/{}", region(), pool);
    let config = UploadConfig {
        jwks_url: Text(sub!("{}/.well-known/jwks.json", issuer.clone())),
        issuer: Text(issuer),
        client_id: Text(text(stack.import(&api.client))),
        rate_table: Text(text(stack.import(&jobs.rate_table.name))),
        source_bucket: Text(text(source)),
        destination_bucket: Text(text(destination)),
        listen: format!("0.0.0.0:{PORT}"),
        ..settings(env)
    };
    let container = container(env, config, image, log);
    let architecture = match env.images.architecture {
        Architecture::X86_64 => task::CpuArchitecture::X86_64,
        Architecture::Arm64 => task::CpuArchitecture::ARM64,
    };
    let platform = task::RuntimePlatform::new().cpu_architecture(architecture).operating_system_family(task::OperatingSystemFamily::Linux);
    let definition = ecs::TaskDefinition::new()
        // As many pictures at once as the environment allows, 16 MiB each, and the program beside them.
        .fargate(Size::of::<512, 1024>())
        .task_role_arn(role.arn())
        .execution_role_arn(starter.arn())
        .runtime_platform(platform)
        .container_definitions([container]);
    stack.add("Server", definition)
}

fn container(
    env: &Environment,
    config: UploadConfig<Text<Upload>>,
    image: &ImageDigest,
    log: &Handle<logs::LogGroup, Upload>,
) -> task::ContainerDefinition<Upload> {
    let variables = config.variables().into_iter().map(|(name, Text(value))| task::KeyValuePair::new().name(name).value(value));
    let options = [
        ("awslogs-group", text(log.log_group_name())),
        ("awslogs-region", region()),
        ("awslogs-stream-prefix", text(env.name.as_str())),
        // A log that is slow must not hold up pictures; what does not fit into the buffer is lost.
        ("mode", text("non-blocking")),
        ("max-buffer-size", text("4m")),
    ];
    task::ContainerDefinition::new(image.as_str(), UPLOAD)
        .essential(true)
        .user(USER)
        .readonly_root_filesystem(true)
        .linux_parameters(task::LinuxParameters::new().capabilities(task::KernelCapabilities::new().drop(["ALL"])))
        .port_mappings([task::PortMapping::new().container_port(i64::from(PORT)).protocol(task::Protocol::Tcp)])
        .stop_timeout(i64::from(STOP_SECONDS))
        .environment(variables.collect::<Vec<_>>())
        .log_configuration(task::LogConfiguration::new("awslogs").options(options))
}

/// What the program may do.
fn role(may: Vec<Statement<Upload>>) -> iam::Role<Upload> {
    iam::Role::new(PolicyDocument::assumed_by_service("ecs-tasks.amazonaws.com"))
        .policies([iam::role::Policy::new(PolicyDocument::new(may), "Granted")])
}

/// What Fargate may do to start it: fetch this image, write this log.
fn role_of_agent(image: &ImageDigest, log: &Handle<logs::LogGroup, Upload>) -> iam::Role<Upload> {
    let [region, account, repository] = image.repository();
    let repository = sub!("arn:{}:ecr:{}:{}:repository/{}", partition(), text(region), text(account), text(repository));
    let statements = [
        Statement::allow(["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]).on(repository),
        // It knows no single repository.
        Statement::allow(["ecr:GetAuthorizationToken"]).on("*"),
        Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(log.arn()),
    ];
    iam::Role::new(PolicyDocument::assumed_by_service("ecs-tasks.amazonaws.com"))
        .policies([iam::role::Policy::new(PolicyDocument::new(statements), "Granted")])
}
