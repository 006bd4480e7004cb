//! What a worker is: its role, its network interface to the world, and what its first start does.

use cfn_kit::context::Context;
use cfn_kit::prelude::*;
use cfn_kit::{base64, ec2, iam, logs, s3, sub_raw};
use contract::worker::WorkerConfig;
use foundation::Stack;
use foundation::environment::{Architecture, Engine, Environment, Sha256};

use super::{Fleet, Shared};
use crate::constructs::{Text, protect};
use crate::jobs::Jobs;
use crate::network::Network;

/// The binary of `runtime/` that works.
const GPU_WORKER: &str = "gpu-worker";

/// Days that the log of the workers is kept: prompts are personal data, and what a log says of them no less.
const MOST_LOG_DAYS: u32 = 30;

/// Where a worker keeps models from one start to the next.
const MODEL_FOLDER: &str = "/var/lib/gpu-worker/models";

/// Where a worker's first start puts the key of the engine's server: in memory, nobody's but the worker's.
const KEY_FILE: &str = "/run/gpu-worker/engine-key";

/// What runs at an instance's first start.
///
/// It takes the CloudWatch agent from Amazon Linux's own packages, which puts it below `/opt/aws` (CloudWatch user guide, "Installing the
/// CloudWatch agent"). The agent's configuration may have any name: `fetch-config` copies it to where the agent looks.
const USER_DATA: &str = include_str!("../../../templates/worker.sh.tera");

/// A worker, before there is any.
pub(super) struct Worker {
    pub(super) role: Handle<iam::Role, Fleet>,
    pub(super) template: Handle<ec2::LaunchTemplate, Fleet>,
}

/// Role, security group, log and launch template.
pub(super) fn worker(
    stack: &mut Stack<'_, Fleet>,
    shared: &Shared,
    jobs: &Jobs,
    models: &Handle<s3::Bucket, Fleet>,
    network: &Network,
) -> Worker {
    let env = stack.environment();
    let code_key = stack.ship_program(GPU_WORKER, env.fleet.architecture);
    let log = logs::LogGroup::new().retention_in_days(env.log_retention_days.min(MOST_LOG_DAYS));
    let log = stack.add("WorkerLog", protect(log, env.protection.data));
    let role = role(stack, shared, jobs, models, &code_key, &log);
    let profile = stack.add("WorkerProfile", iam::InstanceProfile::new([&role]));

    let vpc = stack.import(&network.vpc);
    let out = ec2::security_group::Egress::new("tcp").from_port(443).to_port(443).cidr_ip("0.0.0.0/0").description("AWS, over HTTPS");
    let group = ec2::SecurityGroup::new("Workers: nobody may come in").vpc_id(vpc).security_group_egress([out]);
    let group = stack.add("WorkerSecurityGroup", group);

    let config = config(env, shared, text(stack.import(&jobs.dead_letters.url)), text(models.bucket_name()));
    let mut lines =
        vec![("AWS_REGION", region()), ("WORKER_ARTIFACT_BUCKET", text(shared.code_bucket.clone())), ("WORKER_ARTIFACT_KEY", code_key)];
    lines.push(("WORKER_ENGINE_KEY_PARAMETER", text(key_parameter(env).unwrap_or("none"))));
    lines.extend(config.variables().into_iter().map(|(name, Text(value))| (name, value)));
    let user_data = user_data(env, &lines, &text(log.log_group_name()));
    let template = stack.add("WorkerTemplate", template(env, &profile, &group, &user_data));
    stack.explain(
        &template,
        Context::why("what every worker starts from")
            .must("the instance type is read from a parameter: an admin may have changed it since the last deploy"),
    );
    Worker { role, template }
}

/// The parameter with the key of the engine's server.
fn key_parameter(env: &Environment) -> Option<&str> {
    env.fleet.engine_key_parameter.as_ref().filter(|_| env.fleet.engine == Engine::Http).map(|name| name.as_str())
}

/// What a worker may do: take jobs and put them aside, write down what it does, read its model and its program.
fn role(
    stack: &mut Stack<'_, Fleet>,
    shared: &Shared,
    jobs: &Jobs,
    models: &Handle<s3::Bucket, Fleet>,
    code_key: &Value<String, Fleet>,
    log: &Handle<logs::LogGroup, Fleet>,
) -> Handle<iam::Role, Fleet> {
    let dead_letters = stack.import(&jobs.dead_letters.arn);
    let receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"];
    let mut statements = vec![
        Statement::allow(receive).on(shared.job_queue_arn.clone()),
        Statement::allow(["sqs:SendMessage"]).on(dead_letters),
        Statement::allow(["dynamodb:GetItem", "dynamodb:UpdateItem"]).on(shared.jobs_table_arn.clone()),
        Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"])
            .on(shared.fleet_table_arn.clone()),
        Statement::allow(["s3:GetObject"]).on(sub!("{}/*", models.arn())).on(sub!(
            "arn:{}:s3:::{}/{}",
            partition(),
            shared.code_bucket.clone(),
            code_key.clone()
        )),
        // Without it, S3 answers 403 for a model that nobody has put there, and the worker could not say what is missing.
        Statement::allow(["s3:ListBucket"]).on(models.arn()),
        Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]).on(log.arn()),
    ];
    // A `SecureString` under SSM's own key, which lets in whoever may read the parameter.
    let parameter = |name: &str| sub!("arn:{}:ssm:{}:{}:parameter{}", partition(), region(), account_id(), name);
    statements.extend(key_parameter(stack.environment()).map(|name| Statement::allow(["ssm:GetParameter"]).on(parameter(name))));
    statements.extend(shared.key.clone().map(|key| Statement::allow(["kms:Decrypt", "kms:GenerateDataKey"]).on(key)));
    let sessions = sub!("arn:{}:iam::aws:policy/AmazonSSMManagedInstanceCore", partition());
    let role = iam::Role::new(PolicyDocument::assumed_by_service("ec2.amazonaws.com"))
        .managed_policy_arns([sessions])
        .policies([iam::role::Policy::new(PolicyDocument::new(statements), "Granted")]);
    stack.add("WorkerRole", role)
}

fn config(
    env: &Environment,
    shared: &Shared,
    dead_letter_queue_url: Value<String, Fleet>,
    model_bucket: Value<String, Fleet>,
) -> WorkerConfig<Text<Fleet>> {
    let settings = &env.fleet;
    let of_file = |text: &str| match settings.engine {
        Engine::Llama => text.to_owned(),
        Engine::Http => "none".to_owned(),
    };
    let engine_url = settings.engine_url.as_ref().filter(|_| settings.engine == Engine::Http);
    WorkerConfig {
        job_queue_url: Text(shared.job_queue_url.clone()),
        dead_letter_queue_url: Text(dead_letter_queue_url),
        jobs_table: Text(shared.jobs_table.clone()),
        fleet_table: Text(shared.fleet_table.clone()),
        model_bucket: Text(model_bucket),
        engine: settings.engine.as_str().to_owned(),
        engine_url: engine_url.map_or("none", |url| url.as_str()).to_owned(),
        engine_key_file: key_parameter(env).map_or("none", |_| KEY_FILE).to_owned(),
        model: settings.model.name.to_string(),
        model_key: of_file(settings.model.key.as_str()),
        // Without one no deploy to AWS begins; whatever else makes a template of it gets workers that refuse every file.
        model_sha256: of_file(settings.model.sha256.as_ref().map_or("none", Sha256::as_str)),
        model_folder: MODEL_FOLDER.to_owned(),
        slots: settings.slots,
        context_tokens: settings.context_tokens,
        gpu_layers: settings.gpu_layers,
        visibility_timeout_seconds: env.jobs.visibility_timeout_seconds,
        max_job_seconds: settings.max_job_seconds,
        tries: env.jobs.tries,
        drain_seconds: settings.drain_seconds,
        record_days: env.api.record_days,
    }
}

/// The script, with the values that only AWS knows as placeholders of `Fn::Sub`.
fn user_data(env: &Environment, lines: &[(&str, Value<String, Fleet>)], log_group: &Value<String, Fleet>) -> Value<String, Fleet> {
    let lines: Vec<String> = lines.iter().map(|(name, value)| format!("{name}={}", placeholder(value))).collect();
    let script = USER_DATA
        .replace("{{ environment }}", &lines.join("\n"))
        .replace("{{ log_group }}", &placeholder(log_group))
        .replace("{{ region }}", "${AWS::Region}")
        // The worker ends by itself; systemd waits a little longer than that.
        .replace("{{ stop_seconds }}", &(env.fleet.drain_seconds + 15).to_string());
    base64(sub_raw(&script))
}

/// A value within the text of a `Fn::Sub`.
fn placeholder<S>(value: &Value<String, S>) -> String {
    let json = value.json();
    let attribute = || Some(format!("${{{}.{}}}", json["Fn::GetAtt"][0].as_str()?, json["Fn::GetAtt"][1].as_str()?));
    let reference = || Some(format!("${{{}}}", json["Ref"].as_str()?));
    json.as_str().map(str::to_owned).or_else(reference).or_else(attribute).unwrap_or_default()
}

fn template(
    env: &Environment,
    profile: &Handle<iam::InstanceProfile, Fleet>,
    group: &Handle<ec2::SecurityGroup, Fleet>,
    user_data: &Value<String, Fleet>,
) -> ec2::LaunchTemplate<Fleet> {
    use ec2::launch_template as of;
    let processor = match env.fleet.architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "arm64",
    };
    // Linux with the drivers of the GPU. EC2 looks the id up at each start, so a new worker has the newest patches. The parameter's name, for
    // both processors: release notes of the "AWS Deep Learning Base OSS Nvidia Driver GPU AMI (Amazon Linux 2023)".
    let image = format!("resolve:ssm:/aws/service/deeplearning/ami/{processor}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id");
    let disk = of::Ebs::new()
        .volume_size(i64::from(env.fleet.volume_gigabytes))
        .volume_type(of::VolumeType::Gp3)
        .encrypted(true)
        .delete_on_termination(true);
    let metadata = of::MetadataOptions::new()
        .http_tokens(of::HttpTokens::Required)
        // One hop: what runs in a container of the worker cannot ask for the worker's credentials.
        .http_put_response_hop_limit(1)
        // The worker's group, which this template cannot name: the group is made of it.
        .instance_metadata_tags(of::InstanceMetadataTags::Enabled)
        .http_endpoint(of::HttpEndpoint::Enabled);
    let data = of::LaunchTemplateData::new()
        .image_id(image)
        .instance_type(sub_raw("{{resolve:ssm:${JobsInstanceTypeParameter}}}"))
        .iam_instance_profile(of::IamInstanceProfile::new().arn(profile.arn()))
        .security_group_ids([group])
        .metadata_options(metadata)
        .block_device_mappings([of::BlockDeviceMapping::new().device_name("/dev/xvda").ebs(disk)])
        .tag_specifications([of::TagSpecification::new()
            .resource_type(of::ResourceType::Instance)
            .tags([of::Tag::new("Name", format!("cloudwright-{}-worker", env.name))])])
        .user_data(user_data.clone());
    ec2::LaunchTemplate::new(data)
}
