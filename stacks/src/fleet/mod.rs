//! The fleet: workers that come when there are jobs, and go when there are none.
//!
//! ```text
//! ops queue ──▶ reconciler ──desired capacity──▶ Auto Scaling group ──▶ workers ──▶ job queue, jobs table
//! each minute ──▶    └──▶ state machines: another instance type, the one instance on and off
//! ```

mod compute;
mod operations;
mod reconciler;
mod worker;

use cfn_kit::context::{Context, Outline};
use cfn_kit::prelude::*;
use cfn_kit::units::Seconds;
use cfn_kit::{cloudwatch, s3, sns, sqs};
use contract::outputs;
use foundation::environment::{Environment, FleetMode};
use foundation::{Built, Stack};

use crate::artifacts::Artifacts;
use crate::constructs::{Bucket, Lifecycle, with_runbook};
use crate::imagegen::Imagegen;
use crate::jobs::Jobs;
use crate::network::Network;

/// What the stack gives to others: nothing yet.
#[derive(Debug, Clone, Copy)]
pub struct Fleet;

/// Workers that take jobs, as many as the queue asks for, none when there is nothing to do.
#[must_use]
pub fn fleet(env: &Environment, artifacts: &Artifacts, jobs: &Jobs, imagegen: &Imagegen, network: &Network) -> Built<Fleet> {
    let mut stack = Stack::new(env, outputs::fleet::STACK, "Workers that come when there are jobs, and go when there are none");
    stack.outline(
        Outline::new("counts of the job queue -> reconciler -> Auto Scaling group from zero -> workers; resizing by state machines")
            .must("no desired capacity and no instance type in this template: both are state of the running platform"),
    );
    let shared = Shared {
        alerts: stack.import(&jobs.alerts),
        code_bucket: stack.import(&artifacts.bucket),
        fleet_table: text(stack.import(&jobs.fleet_table.name)),
        fleet_table_arn: text(stack.import(&jobs.fleet_table.arn)),
        jobs_table: text(stack.import(&jobs.jobs_table.name)),
        jobs_table_arn: text(stack.import(&jobs.jobs_table.arn)),
        job_queue_url: text(stack.import(&jobs.job_queue.url)),
        job_queue_arn: text(stack.import(&jobs.job_queue.arn)),
        picture_queue_url: text(stack.import(&imagegen.queue.url)),
        picture_queue_arn: text(stack.import(&imagegen.queue.arn)),
        instance_type_parameter: text(stack.import(&jobs.instance_type)),
        key: jobs.key.map(|key| text(stack.import(&key))),
    };
    let queue_name = stack.import(&jobs.job_queue_name);

    let lifecycle = Lifecycle { incomplete_upload_days: env.artifacts.incomplete_upload_days, ..Lifecycle::default() };
    let models = stack.add("ModelBucket", Bucket::new(env.protection.data).versioned().lifecycle(&lifecycle));
    stack.explain(&models, Context::why("model files, put here by hand; a worker takes the one whose SHA-256 the environment names"));
    let worker = worker::worker(&mut stack, &shared, jobs, &models, network);
    let compute = match env.fleet.mode {
        FleetMode::Scaled => compute::scaled(&mut stack, &worker, network),
        FleetMode::Single => compute::single(&mut stack, &worker, network),
    };
    let machines = operations::machines(&mut stack, &shared, &worker, &compute);
    let reconciler = reconciler::reconciler(&mut stack, &shared, jobs, &compute, &machines);
    no_worker_alarm(&mut stack, &queue_name, &shared.alerts);

    stack.output(outputs::fleet::LAUNCH_TEMPLATE_ID, worker.template.launch_template_id(), "Launch template of the workers");
    stack.output(outputs::fleet::MODEL_BUCKET_NAME, models.bucket_name(), "Bucket that models lie in");
    stack.output(outputs::fleet::RECONCILER_NAME, reconciler.function_name(), "The reconciler function");
    match &compute {
        compute::Compute::Group(group) => {
            stack.output(outputs::fleet::AUTO_SCALING_GROUP_NAME, group.reference(), "Auto Scaling group of the workers");
        }
        compute::Compute::Instance(instance) => {
            stack.output("InstanceId", instance.instance_id(), "The one worker");
        }
    }
    stack.finish(Fleet)
}

/// What several parts of the stack need of others.
struct Shared {
    alerts: Value<sns::topic::TopicArn, Fleet>,
    code_bucket: Value<s3::bucket::BucketName, Fleet>,
    fleet_table: Value<String, Fleet>,
    fleet_table_arn: Value<String, Fleet>,
    jobs_table: Value<String, Fleet>,
    jobs_table_arn: Value<String, Fleet>,
    job_queue_url: Value<String, Fleet>,
    job_queue_arn: Value<String, Fleet>,
    picture_queue_url: Value<String, Fleet>,
    picture_queue_arn: Value<String, Fleet>,
    instance_type_parameter: Value<String, Fleet>,
    key: Option<Value<String, Fleet>>,
}

/// Jobs wait and nobody has any in work, minute after minute: no worker comes up, or none that comes up takes jobs.
///
/// Both counts in one alarm: jobs that wait while others are in work are the business of the alarms on the queue.
const NO_WORKER: &str = "NoWorkerAlarm";

fn no_worker_alarm(
    stack: &mut Stack<'_, Fleet>,
    queue_name: &Value<sqs::queue::QueueName, Fleet>,
    alerts: &Value<sns::topic::TopicArn, Fleet>,
) {
    use cloudwatch::alarm::{ComparisonOperator, Dimension, MetricDataQuery, MetricProperty, MetricStat, TreatMissingData};
    let minutes = i64::from(stack.environment().fleet.alarms.no_worker_minutes);
    let means = "Jobs wait and no worker has any in work: look at the group's activity, then at `cargo xtask logs --stack fleet`";
    let description = with_runbook(means, NO_WORKER, &stack.environment().alerts);
    let count = |id: &str, name: &str, statistic: &str| {
        let metric = MetricProperty::new()
            .namespace("AWS/SQS")
            .metric_name(name)
            .dimensions([Dimension::new("QueueName", text(queue_name.clone()))]);
        MetricDataQuery::new(id).metric_stat(MetricStat::new(metric, Seconds(60), statistic)).return_data(false)
    };
    let stuck = MetricDataQuery::new("stuck")
        .expression("IF(waiting >= 1 AND working < 1, 1, 0)")
        .label("Jobs wait, and nobody works")
        .return_data(true);
    let alarm = cloudwatch::Alarm::new()
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .evaluation_periods(minutes)
        .alarm_description(description)
        .metrics([
            count("waiting", "ApproximateNumberOfMessagesVisible", "Minimum"),
            count("working", "ApproximateNumberOfMessagesNotVisible", "Maximum"),
            stuck,
        ])
        .threshold(1)
        .treat_missing_data(TreatMissingData::NotBreaching)
        .alarm_actions([alerts.clone()])
        .ok_actions([alerts.clone()]);
    stack.add(NO_WORKER, alarm);
}
