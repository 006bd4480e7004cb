//! The function that takes pictures: small ones itself, for larger ones it signs forms.

use cfn_kit::context::{Context, Mutability};
use cfn_kit::prelude::*;
use cfn_kit::{lambda, s3};
use contract::images::TranscodeConfig;
use contract::upload::UploadConfig;
use foundation::Stack;
use foundation::environment::Environment;

use super::users::Users;
use super::{Api, Place, Shared};
use crate::constructs::{Alarm, Function, Text};
use crate::images::Images;

/// The binary of `runtime/` that takes pictures.
pub(crate) const UPLOAD: &str = "upload";

/// Its log says who brought what and when: personal data, so for no longer than this.
const MOST_LOG_DAYS: u32 = 30;

/// A picture of 4 MiB takes a second or two; what takes longer than an HTTP API waits is nobody's any more.
const TIMEOUT_SECONDS: u32 = 28;

/// The function, its role with what it needs of the buckets and of the table of requests, and its alarm.
pub(super) fn upload(
    stack: &mut Stack<'_, Api>,
    users: &Users,
    place: &Place<Api>,
    shared: &Shared,
    images: &Images,
) -> Handle<lambda::Function, Api> {
    let env = stack.environment();
    let code_bucket = shared.code_bucket.clone();
    let code_key = stack.ship(UPLOAD, env.images.architecture);
    let source = stack.import(&images.source_bucket);
    let destination = stack.import(&images.destination_bucket);

    let config = UploadConfig {
        issuer: Text(sub!("https://cognito-idp.{}.amazonaws.com/{}", region(), users.pool.user_pool_id())),
        jwks_url: Text(place.jwks_url(&users.pool)),
        client_id: Text(text(users.client.client_id())),
        rate_table: Text(text(shared.rate_table.clone())),
        source_bucket: Text(text(source.clone())),
        destination_bucket: Text(text(destination.clone())),
        ..settings(env)
    };
    let function = Function::new("Takes pictures, and signs forms for larger ones", code_bucket, code_key)
        .architecture(env.images.architecture)
        .memory_mb(env.images.upload.memory_mb)
        .timeout_seconds(TIMEOUT_SECONDS)
        .log_retention_days(env.log_retention_days.min(MOST_LOG_DAYS))
        .protected(env.protection.data)
        .variables(config.variables().into_iter().map(|(name, Text(value))| (name, value)).collect())
        .may(Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem"]).on(shared.rate_table_arn.clone()));
    let function = grants(&source, &destination).into_iter().fold(function, Function::may);
    let parts = stack.add("Upload", function);
    stack.explain(
        &parts.function,
        Context::why("takes pictures up to 4 MiB; for larger ones it signs forms, in which size, type and place are bound")
            .must("a form is good for what this role may do: nothing but to write below the incoming prefix")
            .property("MemorySize", Mutability::FreeToTune),
    );
    stack.add(
        "UploadErrorsAlarm",
        Alarm::on(parts.function.metric(lambda::function::Metric::Errors))
            .sum_of_seconds(300)
            .at_least(1)
            .describe(
                "The function that takes pictures crashed or ran out of time: `cargo xtask logs --stack api` shows where",
                &env.alerts,
            )
            .tell(&shared.alerts),
    );
    parts.function
}

/// What the service is told beside what only AWS knows, which is left to whoever wires it.
pub(crate) fn settings<S>(env: &Environment) -> UploadConfig<Text<S>> {
    let (settings, folders) = (&env.images.upload, TranscodeConfig::new((), ()));
    let unknown = || Text(text(""));
    UploadConfig {
        issuer: unknown(),
        jwks_url: unknown(),
        client_id: unknown(),
        rate_table: unknown(),
        source_bucket: unknown(),
        destination_bucket: unknown(),
        mode: settings.mode.as_str().to_owned(),
        listen: "none".to_owned(),
        token_use: env.api.token_use.as_str().to_owned(),
        origins: env.api.origins.iter().map(|origin| origin.as_str()).collect(),
        burst_per_second: env.api.burst_per_second,
        per_minute: env.api.per_minute,
        retry_after: env.api.retry_after.as_str().to_owned(),
        incoming_prefix: folders.incoming_prefix,
        reject_prefix: folders.reject_prefix,
        boxes: env.images.boxes.iter().map(u32::to_string).collect(),
        max_bytes: u32::try_from(env.images.limits().max_input_bytes).unwrap_or(u32::MAX),
        link_seconds: settings.link_minutes * 60,
        max_uploads: settings.uploads_per_server,
        idle_seconds: IDLE_SECONDS,
        drain_seconds: DRAIN_SECONDS,
    }
}

/// A client that sends nothing for so long is given up; half of what a load balancer waits for an answer.
const IDLE_SECONDS: u32 = 30;

/// A picture of 100 MB at 10 Mbit/s takes 84 s; Fargate waits 120 s at most before it kills.
pub(crate) const DRAIN_SECONDS: u32 = 100;

/// What the service may do with the buckets: write what arrives and see what became of it.
pub(crate) fn grants<S>(source: &Value<s3::bucket::BucketName, S>, destination: &Value<s3::bucket::BucketName, S>) -> Vec<Statement<S>> {
    let folders = TranscodeConfig::new((), ());
    let bucket = |name: &Value<s3::bucket::BucketName, S>| sub!("arn:{}:s3:::{}", partition(), name.clone());
    let below = |name: &Value<s3::bucket::BucketName, S>, what: &str| sub!("arn:{}:s3:::{}/{}*", partition(), name.clone(), text(what));
    vec![
        Statement::allow(["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]).on(below(source, &folders.incoming_prefix)),
        Statement::allow(["s3:GetObject"]).on(below(source, &folders.reject_prefix)).on(below(destination, &folders.incoming_prefix)),
        // Without it, S3 answers 403 for what is not there, and a picture that still waits would look like a missing permission.
        Statement::allow(["s3:ListBucket"]).on(bucket(source)).on(bucket(destination)),
    ]
}
