//! The image pipeline: a picture that arrives in one bucket becomes two JPEG proxies in another.
//!
//! ```text
//! source bucket ──in/──▶ queue ──▶ transcode ──▶ destination bucket
//!       ▲                  │ too often  │ not a picture
//!       └── rejected/ ◀────┼────────────┘
//!                          ▼
//!                  dead-letter queue ──▶ alarm
//! ```

use cfn_kit::context::{Context, Mutability, Outline};
use cfn_kit::prelude::*;
use cfn_kit::units::{Days, Seconds};
use cfn_kit::{MetricOf, lambda, s3, sqs};
use contract::images::TranscodeConfig;
use contract::{metrics, outputs};

use crate::artifacts::Artifacts;
use crate::constructs::{Alarm, Bucket, DeadLetters, Expiry, Function, Lifecycle, Queue, Text};
use crate::jobs::Jobs;
use foundation::environment::Environment;
use foundation::{Built, Export, Stack};

/// The binary of `runtime/` that makes the proxies.
const TRANSCODE: &str = "transcode";

/// Messages a call. Each is one picture after the other, so that memory is that of one, and a call that runs out of time repeats
/// at most so many.
const BATCH_SIZE: u32 = 5;

/// glibc keeps a pool of memory for each thread, and what one thread frees another cannot use: in a small function, one pool is enough.
const ONE_POOL: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Images {
    /// Bucket that pictures arrive in.
    pub source_bucket: Export<s3::bucket::BucketName>,
    /// Bucket that proxies are written to.
    pub destination_bucket: Export<s3::bucket::BucketName>,
}

/// Origins that the API allows beside those of the environment, as S3 writes them: any port of localhost, and pages inside of an app.
const ALWAYS_ALLOWED: [&str; 3] = ["http://localhost", "http://localhost:*", "capacitor://*"];

/// Pictures arrive under `in/` in the source bucket and come out as proxies in the destination bucket.
#[must_use]
pub fn images(env: &Environment, artifacts: &Artifacts, jobs: &Jobs) -> Built<Images> {
    let settings = &env.images;
    let mut stack = Stack::new(env, outputs::images::STACK, "Pictures come in, JPEG proxies go out");
    stack.outline(Outline::new(
        "source bucket -> queue -> function -> destination bucket; no picture -> reject prefix; too often -> dead letters -> alarm",
    ));
    let alerts = stack.import(&jobs.alerts);
    let code_bucket = stack.import(&artifacts.bucket);
    let code_key = stack.ship(TRANSCODE, settings.architecture);

    let queue = stack.add(
        "ArrivalsQueue",
        Queue::standard(DeadLetters { tries: settings.tries, days: settings.dead_letter_retention_days }, env.protection.data)
            .hidden_for(Seconds(settings.visibility_timeout_seconds()))
            .keep(Days(settings.retention_days))
            .from_s3(),
    );

    let folders = TranscodeConfig::new((), ());
    let filter = s3::bucket::NotificationFilter::new(s3::bucket::S3KeyFilter::new([s3::bucket::FilterRule::new(
        "prefix",
        folders.incoming_prefix.as_str(),
    )]));
    // Only arrivals: without the prefix, each rejected picture would arrive again.
    let arrival = s3::bucket::QueueConfiguration::new("s3:ObjectCreated:*", &queue.queue).filter(filter);
    let mut expire = vec![Expiry { name: "Rejected", prefix: folders.reject_prefix.clone(), days: settings.rejected_days }];
    expire.extend(settings.incoming_days.map(|days| Expiry { name: "Originals", prefix: folders.incoming_prefix.clone(), days }));
    let lifecycle = Lifecycle { old_version_days: None, incomplete_upload_days: env.artifacts.incomplete_upload_days, expire };
    let source = stack.add(
        "SourceBucket",
        Bucket::new(env.protection.data)
            .lifecycle(&lifecycle)
            // A page that sends a form may read whether S3 took it. What a form lets in stands in its policy, not here.
            .posted_from(ALWAYS_ALLOWED.into_iter().chain(env.api.origins.iter().map(|origin| origin.as_str())))
            .notify(s3::bucket::NotificationConfiguration::new().queue_configurations([arrival]), &queue.policy),
    );
    let unfinished = Lifecycle { incomplete_upload_days: env.artifacts.incomplete_upload_days, ..Lifecycle::default() };
    let destination = stack.add("DestinationBucket", Bucket::new(env.protection.data).lifecycle(&unfinished));

    let config = TranscodeConfig {
        proxies: settings.proxies(),
        limits: settings.limits(),
        ..TranscodeConfig::new(Text(text(source.bucket_name())), Text(text(destination.bucket_name())))
    };
    let (incoming, rejected) = (config.incoming_prefix.clone(), config.reject_prefix.clone());
    let transcode = stack.add(
        "Transcode",
        Function::new("Makes JPEG proxies of a picture", code_bucket, code_key)
            .architecture(settings.architecture)
            .memory_mb(settings.memory_mb)
            .timeout_seconds(settings.timeout_seconds)
            .log_retention_days(env.log_retention_days)
            .protected(env.protection.data)
            .variables(
                config.variables().into_iter().map(|(name, Text(value))| (name, value)).chain([(ONE_POOL.0, text(ONE_POOL.1))]).collect(),
            )
            .consumes(queue.queue.arn(), BATCH_SIZE, settings.concurrency)
            .may(Statement::allow(["s3:GetObject", "s3:DeleteObject"]).on(sub!("{}/{}*", source.arn(), text(incoming.as_str()))))
            .may(Statement::allow(["s3:PutObject"]).on(sub!("{}/{}*", source.arn(), text(rejected.as_str()))))
            .may(Statement::allow(["s3:GetObject", "s3:PutObject"]).on(sub!("{}/*", destination.arn())))
            // Without it, S3 answers 403 for an object that is not there, and a deleted picture would be tried again and again.
            .may(Statement::allow(["s3:ListBucket"]).on(source.arn()).on(destination.arn())),
    );

    stack.explain(
        &source,
        Context::why("a picture stays where it came in until a rule expires it, so that it can be transcoded again")
            .must("notifications only for the incoming prefix: the function writes rejected pictures into this bucket"),
    );
    stack.explain(
        &queue.queue,
        Context::why("between bucket and function for retries and back-pressure: a burst waits instead of being throttled")
            .must("VisibilityTimeout is at least six times the function's timeout"),
    );
    stack.explain(
        &transcode.function,
        Context::why("one binary for both proxies, one decode; rows of one picture at a time pass through memory")
            .property("MemorySize", Mutability::FreeToTune),
    );

    stack.add(
        "DeadLettersAlarm",
        Alarm::on(queue.dead_letters.metric(sqs::queue::Metric::ApproximateNumberOfMessagesVisible))
            .at_least(1)
            .describe("A picture could not be transcoded in several tries: `cargo xtask logs --stack images` shows why", &env.alerts)
            .tell(&alerts),
    );
    stack.add(
        "OldestArrivalAlarm",
        Alarm::on(queue.queue.metric(sqs::queue::Metric::ApproximateAgeOfOldestMessage))
            .at_least(settings.alarms.oldest_message_minutes * 60)
            .describe("Pictures wait longer than they should: raise `images.concurrency`, or look for errors of the function", &env.alerts)
            .tell(&alerts),
    );
    let rejected_pictures = MetricOf {
        namespace: metrics::NAMESPACE,
        name: metrics::TRANSCODE_FAILURES,
        dimensions: vec![(metrics::DIMENSION_FUNCTION_NAME, text(transcode.function.function_name()))],
    };
    stack.add(
        "RejectedAlarm",
        Alarm::on(rejected_pictures)
            .sum_of_seconds(3_600)
            .at_least(settings.alarms.rejected_per_hour)
            .describe("Many uploads are no pictures: the reason lies beside each under `rejected/` in the source bucket", &env.alerts)
            .tell(&alerts),
    );
    stack.add(
        "TranscodeErrorsAlarm",
        Alarm::on(transcode.function.metric(lambda::function::Metric::Errors))
            .sum_of_seconds(300)
            .at_least(1)
            .describe("The function crashed or ran out of time or memory: `cargo xtask logs --stack images` shows where", &env.alerts)
            .tell(&alerts),
    );

    let gives = Images {
        source_bucket: stack.output(
            outputs::images::SOURCE_BUCKET_NAME,
            source.bucket_name(),
            "Bucket that pictures arrive in, under `in/`",
        ),
        destination_bucket: stack.output(
            outputs::images::DESTINATION_BUCKET_NAME,
            destination.bucket_name(),
            "Bucket that proxies are written to",
        ),
    };
    stack.finish(gives)
}
