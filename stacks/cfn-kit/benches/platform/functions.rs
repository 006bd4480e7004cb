//! The three functions, each with its log group, its role and what it may do.

use cfn_kit::prelude::*;
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{ec2, iam, lambda, logs};

use super::Site;
use super::api::Users;
use super::queue::Jobs;

/// What a consumer of the queue does with it.
pub(crate) const CONSUME: [&str; 5] =
    ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

pub(crate) fn submit<S>(site: &mut Site<'_, S>, jobs: &Jobs<S>, users: &Users<S>) -> Handle<lambda::Function, S> {
    let variables = [("QUEUE_URL", text(jobs.queue.queue_url())), ("USER_POOL_ID", text(users.pool.user_pool_id()))];
    let send = Statement::allow(["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]).on(jobs.queue.arn());
    let encrypt = Statement::allow(["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"]).on(jobs.key.arn());
    function(site, "Submit", Seconds(10), variables, [send, encrypt])
}

pub(crate) fn status<S>(site: &mut Site<'_, S>, jobs: &Jobs<S>) -> Handle<lambda::Function, S> {
    let variables = [("QUEUE_URL", text(jobs.queue.queue_url())), ("DLQ_URL", text(jobs.dead_letters.queue_url()))];
    let look = Statement::allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl"]).on_each([jobs.queue.arn(), jobs.dead_letters.arn()]);
    function(site, "Status", Seconds(10), variables, [look])
}

/// Starts the worker when a job comes in.
pub(crate) fn starter<S>(site: &mut Site<'_, S>, jobs: &Jobs<S>, worker: &Handle<ec2::Instance, S>) -> Handle<lambda::Function, S> {
    let variables = [("QUEUE_URL", text(jobs.queue.queue_url())), ("WORKER_INSTANCE_ID", text(worker.instance_id()))];
    let instance = sub!("arn:{}:ec2:{}:{}:instance/{}", partition(), region(), account_id(), worker.instance_id());
    let grants = [
        Statement::allow(CONSUME).on(jobs.queue.arn()),
        Statement::allow(["kms:Decrypt"]).on(jobs.key.arn()),
        Statement::allow(["ec2:StartInstances", "ec2:StopInstances"]).on(instance),
        Statement::allow(["ec2:DescribeInstances"]).on("*"),
    ];
    let starter = function(site, "Starter", Seconds(60), variables, grants);
    let batches = lambda::EventSourceMapping::new(&starter)
        .event_source_arn(&jobs.queue)
        .batch_size(1)
        .function_response_types([lambda::event_source_mapping::FunctionResponseTypes::ReportBatchItemFailures]);
    site.add("StarterEventSource", batches);
    starter
}

/// A role that a service takes on, with one of AWS's own policies.
pub(crate) fn role<S>(service: &str, managed: &str) -> iam::Role<S> {
    let managed = sub!("arn:{}:iam::aws:policy/{}", partition(), managed);
    iam::Role::new(PolicyDocument::assumed_by_service(service)).managed_policy_arns([managed])
}

/// A log group named after the part that writes it.
pub(crate) fn log_group<S>(site: &mut Site<'_, S>, id: &str) -> Handle<logs::LogGroup, S> {
    let name = format!("/jobs/{}/{}", site.config.name, id.to_lowercase());
    let log = logs::LogGroup::new().log_group_name(name).retention_in_days(Days(site.config.log_days));
    site.add(&format!("{id}LogGroup"), log)
}

fn function<S>(
    site: &mut Site<'_, S>,
    id: &str,
    timeout: Seconds,
    variables: [(&str, Value<String, S>); 2],
    grants: impl IntoIterator<Item = Statement<S>>,
) -> Handle<lambda::Function, S> {
    let short = id.to_lowercase();
    let role = site.add(&format!("{id}Role"), role("lambda.amazonaws.com", "service-role/AWSLambdaBasicExecutionRole"));
    let log = log_group(site, id);
    let policy = iam::Policy::new(PolicyDocument::new(grants), site.named(&short)).roles([&role]);
    let policy = site.add(&format!("{id}Policy"), policy);

    // A bucket of nobody's template: there is no handle to it.
    let bucket = sub!("jobs-artifacts-{}-{}", account_id(), region());
    let code = lambda::function::Code::new().s3_bucket(bucket).s3_key(format!("{short}.zip"));
    let function = lambda::Function::new(code, &role)
        .function_name(site.named(&short))
        .handler("bootstrap")
        .runtime(lambda::function::Runtime::ProvidedAl2023)
        .architectures([lambda::function::Architectures::Arm64])
        .memory_size(site.config.memory_mb)
        .timeout(timeout)
        .logging_config(lambda::function::LoggingConfig::new().log_group(&log).log_format(lambda::function::LogFormat::Json))
        .environment(lambda::function::Environment::new().variables(variables))
        .depends_on(&policy);
    site.add(&format!("{id}Function"), function)
}
