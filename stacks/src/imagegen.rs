//! Generated pictures: a prompt becomes a picture in a bucket, and the job's record says where it lies.
//!
//! ```text
//! front door ──▶ queue ──▶ imagegen ──prompt──▶ image model (Bedrock)
//!                  │ ▲ no room: later │  └──picture──▶ bucket
//!                  │ └────────────────┘  └──where it lies──▶ jobs table
//!                  └── tried too often ──▶ dead-letter queue ──▶ alarm
//! ```

use cfn_kit::context::{Context, Mutability, Outline};
use cfn_kit::prelude::*;
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{MetricOf, lambda, s3, sns, sqs};
use contract::imagegen::{ImagegenConfig, PREFIX};
use contract::{metrics, outputs};

use crate::artifacts::Artifacts;
use crate::constructs::{Alarm, Bucket, DeadLetters, Expiry, Function, Lifecycle, Queue, Text};
use crate::jobs::{Jobs, QueueExport};
use foundation::environment::Environment;
use foundation::{Built, Export, Stack};

/// The binary of `runtime/` that has the pictures made.
const IMAGEGEN: &str = "imagegen";

/// Messages a call, all at once: the function waits for the model, and five waits cost what one costs. The setting `concurrency` says so.
const BATCH_SIZE: u32 = 5;

/// How often SQS hands a message out before it gives it up: the most that it allows. The function itself counts tries, in the job's
/// record, because a model that has no room is no try; waits of up to 15 minutes fill the four days that a job may be wanted in about 400.
const RECEIVES: u32 = 1_000;

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Imagegen {
    /// The queue that jobs for pictures wait in.
    pub queue: QueueExport,
    /// The bucket that pictures are put into, for the policy of those who give out links.
    pub bucket_arn: Export<s3::bucket::Arn>,
}

/// Jobs for pictures wait here, and one function has an image model make them.
#[must_use]
pub fn imagegen(env: &Environment, artifacts: &Artifacts, jobs: &Jobs) -> Built<Imagegen> {
    let settings = &env.imagegen;
    let mut stack = Stack::new(env, outputs::imagegen::STACK, "Prompts come in, generated pictures go out");
    stack.outline(
        Outline::new("queue -> function -> image model -> bucket and job record; tried too often -> dead letters -> alarm")
            .must("pictures are paid one by one: the job's record says who may have one made, so that no job has two"),
    );
    let alerts = stack.import(&jobs.alerts);
    let code_bucket = stack.import(&artifacts.bucket);
    let code_key = stack.ship(IMAGEGEN, settings.architecture);
    let (table, table_arn) = (stack.import(&jobs.jobs_table.name), stack.import(&jobs.jobs_table.arn));

    let queue = stack.add(
        "PictureQueue",
        Queue::standard(DeadLetters { tries: RECEIVES, days: settings.dead_letter_retention_days }, env.protection.data)
            .hidden_for(Seconds(settings.visibility_timeout_seconds()))
            .keep(Days(settings.retention_days)),
    );
    // A picture is of use for as long as the record that says where it lies.
    let kept = Expiry { name: "Pictures", prefix: PREFIX.to_owned(), days: env.api.record_days };
    let lifecycle = Lifecycle { old_version_days: None, incomplete_upload_days: env.artifacts.incomplete_upload_days, expire: vec![kept] };
    let bucket = stack.add("PictureBucket", Bucket::new(env.protection.data).lifecycle(&lifecycle));

    let config = ImagegenConfig {
        jobs_table: Text(text(table)),
        queue_url: Text(text(queue.queue.queue_url())),
        dead_letter_queue_url: Text(text(queue.dead_letters.queue_url())),
        result_bucket: Text(text(bucket.bucket_name())),
        model: settings.model.as_str().to_owned(),
        model_region: settings.model_region.as_str().to_owned(),
        family: settings.family.as_str().to_owned(),
        aspect_ratio: settings.aspect_ratio.as_str().to_owned(),
        tries: settings.tries,
        model_seconds: settings.model_seconds(),
        lease_seconds: settings.timeout_seconds,
        record_days: env.api.record_days,
    };
    let region = settings.model_region.as_str();
    // Models of AWS belong to no account.
    let model = sub!("arn:{}:bedrock:{}::foundation-model/{}", partition(), text(region), text(settings.model.as_str()));
    let function = stack.add(
        "Imagegen",
        Function::new("Has an image model make pictures", code_bucket, code_key)
            .architecture(settings.architecture)
            .memory_mb(settings.memory_mb)
            .timeout_seconds(settings.timeout_seconds)
            .log_retention_days(env.log_retention_days)
            .protected(env.protection.data)
            .variables(config.variables().into_iter().map(|(name, Text(value))| (name, value)).collect())
            .consumes(queue.queue.arn(), BATCH_SIZE, settings.concurrency)
            .may(Statement::allow(["bedrock:InvokeModel"]).on(model))
            .may(Statement::allow(["dynamodb:UpdateItem"]).on(table_arn))
            .may(Statement::allow(["s3:GetObject", "s3:PutObject"]).on(sub!("{}/{}*", bucket.arn(), text(PREFIX))))
            // Without it, S3 answers 403 for a picture that is not there yet, which could be a missing permission as well.
            .may(Statement::allow(["s3:ListBucket"]).on(bucket.arn()))
            .may(Statement::allow(["sqs:SendMessage"]).on(queue.dead_letters.arn())),
    );

    stack.explain(
        &queue.queue,
        Context::why("no order is needed: a picture does not wait for the one before it")
            .must("VisibilityTimeout is at least six times the function's timeout")
            .must("maxReceiveCount stays high: the function counts tries, and a model without room is no try"),
    );
    stack.explain(&bucket, Context::why("pictures by job; given out by links of five minutes, deleted when their record is forgotten"));
    stack.explain(
        &function.function,
        Context::why("several pictures at once in one call: it waits for the model, and memory is that of a few pictures")
            .property("MemorySize", Mutability::FreeToTune),
    );
    alarms(&mut stack, &queue, &function.function, &alerts);

    stack.output(outputs::imagegen::PICTURE_BUCKET_NAME, bucket.bucket_name(), "Bucket that pictures are put into");
    let gives = Imagegen {
        queue: QueueExport {
            url: stack.output(outputs::imagegen::PICTURE_QUEUE_URL, queue.queue.queue_url(), "Queue that jobs for pictures wait in"),
            arn: stack.output("PictureQueueArn", queue.queue.arn(), "The same, for policies"),
        },
        bucket_arn: stack.output("PictureBucketArn", bucket.arn(), "Bucket of pictures, for policies"),
    };
    stack.finish(gives)
}

fn alarms(
    stack: &mut Stack<'_, Imagegen>,
    queue: &crate::constructs::QueueParts<cfn_kit::queue::Standard, Imagegen>,
    function: &Handle<lambda::Function, Imagegen>,
    alerts: &Value<sns::topic::TopicArn, Imagegen>,
) {
    let pages = stack.environment().alerts.clone();
    let settings = stack.environment().imagegen.alarms.clone();
    stack.add(
        "DeadLettersAlarm",
        Alarm::on(queue.dead_letters.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible))
            .at_least(1)
            .describe(
                "A picture could not be made in several tries: `cargo xtask dlq list --queue PictureDeadLetterQueue` says which job and why",
                &pages,
            )
            .tell(alerts),
    );
    stack.add(
        "OldestPictureAlarm",
        Alarm::on(queue.queue.metric(sqs::queue::Metric::ApproximateAgeOfOldestMessage))
            .at_least(settings.oldest_message_minutes * 60)
            .describe("Jobs for pictures wait longer than they should: raise `imagegen.concurrency`, or look for errors", &pages)
            .tell(alerts),
    );
    let told_to_wait = MetricOf {
        namespace: metrics::NAMESPACE,
        name: metrics::MODEL_THROTTLES,
        dimensions: vec![(metrics::DIMENSION_FUNCTION_NAME, text(function.function_name()))],
    };
    stack.add(
        "ModelThrottlesAlarm",
        Alarm::on(told_to_wait)
            .sum_of_seconds(3_600)
            .at_least(settings.throttles_per_hour)
            .describe("The image model tells jobs to wait again and again: the account's quota for it is too small", &pages)
            .tell(alerts),
    );
    stack.add(
        "ImagegenErrorsAlarm",
        Alarm::on(function.metric(lambda::function::Metric::Errors))
            .sum_of_seconds(300)
            .at_least(1)
            .describe("The function crashed or ran out of time: `cargo xtask logs --stack imagegen` shows where", &pages)
            .tell(alerts),
    );
}
