//! The GPU worker: one machine that takes jobs while there are any.

use cfn_kit::prelude::*;
use cfn_kit::{base64, ec2, iam};

use super::Site;
use super::functions::{CONSUME, log_group, role};
use super::network::Network;
use super::queue::Jobs;

/// The image that the machine starts from.
const IMAGE: &str = "ami-12c6146b";

pub(crate) fn worker<S>(site: &mut Site<'_, S>, jobs: &Jobs<S>, network: &Network<S>) -> Handle<ec2::Instance, S> {
    use ec2::launch_template as launch;

    let role = site.add("WorkerRole", role("ec2.amazonaws.com", "AmazonSSMManagedInstanceCore"));
    let profile = site.add("WorkerProfile", iam::InstanceProfile::new([&role]));
    let outwards = ec2::security_group::Egress::new("-1").cidr_ip("0.0.0.0/0").description("all outbound");
    let group = ec2::SecurityGroup::new(format!("{} worker", site.name())).vpc_id(&network.vpc).security_group_egress([outwards]);
    let group = site.add("WorkerSecurityGroup", group);
    let log = log_group(site, "Worker");

    let disk = launch::Ebs::new().volume_size(100).volume_type(launch::VolumeType::Gp3).encrypted(true).delete_on_termination(true);
    let start = sub!(
        "#!/bin/bash\nset -euo pipefail\n\
         printf '%s\\n' QUEUE_URL={} KEY_ARN={} TOPIC_ARN={} LOG_GROUP={} IDLE_SECONDS=900 >/etc/jobs-worker.env\n\
         aws s3 cp s3://jobs-artifacts/worker/latest /opt/jobs-worker\n\
         chmod 755 /opt/jobs-worker\n\
         systemctl enable --now jobs-worker\n",
        jobs.queue.queue_url(),
        jobs.key.arn(),
        jobs.alerts.topic_arn(),
        log.log_group_name(),
    );
    let data = launch::LaunchTemplateData::new()
        .image_id(IMAGE)
        .instance_type(site.config.instance_type.as_str())
        .iam_instance_profile(launch::IamInstanceProfile::new().arn(profile.arn()))
        .security_group_ids([&group])
        .metadata_options(launch::MetadataOptions::new().http_tokens(launch::HttpTokens::Required))
        .block_device_mappings([launch::BlockDeviceMapping::new().device_name("/dev/xvda").ebs(disk)])
        .user_data(base64(start));
    let template = ec2::LaunchTemplate::new(data).launch_template_name(site.named("worker"));
    let template = site.add("WorkerLaunchTemplate", template);
    let specification = ec2::instance::LaunchTemplateSpecification::new(template.latest_version_number()).launch_template_id(&template);
    let machine = ec2::Instance::new()
        .image_id(IMAGE)
        .instance_type(site.config.instance_type.as_str())
        .launch_template(specification)
        .subnet_id(&network.subnet)
        .tags([ec2::instance::Tag::new("Name", site.named("worker"))]);
    let machine = site.add("Worker", machine);

    let grants = [
        Statement::allow(CONSUME).on(jobs.queue.arn()),
        Statement::allow(["kms:Decrypt"]).on(jobs.key.arn()),
        Statement::allow(["logs:CreateLogStream", "logs:PutLogEvents"]).on(log.arn()),
        Statement::allow(["cloudwatch:PutMetricData"]).on("*"),
    ];
    let policy = iam::Policy::new(PolicyDocument::new(grants), site.named("worker")).roles([&role]);
    site.add("WorkerPolicy", policy);
    machine
}
