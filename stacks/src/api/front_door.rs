//! The function behind all routes.

use cfn_kit::context::{Context, Mutability};
use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, lambda};
use contract::front_door::FrontDoorConfig;
use contract::imagegen::PREFIX;
use contract::metrics;
use foundation::Stack;

use super::gateway::access_log_days;
use super::users::{ADMINS, Users};
use super::{Api, Place, Shared};
use crate::constructs::{Alarm, Function, Text};
use crate::imagegen::Imagegen;
use crate::jobs::Jobs;

/// The binary of `runtime/` that answers.
const FRONT_DOOR: &str = "front-door";

/// The function, its role with what it needs of the tables and queues and nothing else, and its alarms.
pub(super) fn front_door(
    stack: &mut Stack<'_, Api>,
    users: &Users,
    place: &Place<Api>,
    shared: &Shared,
    jobs: &Jobs,
    imagegen: &Imagegen,
) -> Handle<lambda::Function, Api> {
    let env = stack.environment();
    let code_bucket = shared.code_bucket.clone();
    let code_key = stack.ship(FRONT_DOOR, env.api.architecture);
    let [jobs_arn, fleet_arn] = [&jobs.jobs_table, &jobs.fleet_table].map(|table| stack.import(&table.arn));
    let queues = [&jobs.job_queue, &imagegen.queue, &jobs.ops_queue].map(|queue| stack.import(&queue.arn));
    let pictures = stack.import(&imagegen.bucket_arn);
    let key = jobs.key.map(|key| stack.import(&key));

    let settings = &env.api;
    let config = FrontDoorConfig {
        issuer: Text(sub!("https://cognito-idp.{}.amazonaws.com/{}", region(), users.pool.user_pool_id())),
        jwks_url: Text(place.jwks_url(&users.pool)),
        client_id: Text(text(users.client.client_id())),
        jobs_table: Text(text(stack.import(&jobs.jobs_table.name))),
        rate_table: Text(text(shared.rate_table.clone())),
        fleet_table: Text(text(stack.import(&jobs.fleet_table.name))),
        job_queue_url: Text(text(stack.import(&jobs.job_queue.url))),
        picture_queue_url: Text(text(stack.import(&imagegen.queue.url))),
        ops_queue_url: Text(text(stack.import(&jobs.ops_queue.url))),
        token_use: settings.token_use.as_str().to_owned(),
        origins: settings.origins.iter().map(|origin| origin.as_str()).collect(),
        burst_per_second: settings.burst_per_second,
        per_minute: settings.per_minute,
        retry_after: settings.retry_after.as_str().to_owned(),
        accepts_jobs: settings.job_intake,
        max_body_bytes: settings.max_body_bytes,
        max_prompt_bytes: settings.max_prompt_bytes,
        max_tokens: settings.max_tokens,
        models: [env.fleet.model.name.as_str()].into_iter().collect(),
        picture_family: env.imagegen.family.as_str().to_owned(),
        job_lifetime_seconds: settings.job_lifetime_minutes * 60,
        record_days: settings.record_days,
        admin_group: ADMINS.to_owned(),
        may_resize: !env.fleet.mixes_types(),
        instance_types: env.fleet.instance_types.iter().map(|name| name.as_str()).collect(),
    };
    let mut function = Function::new("Answers every route of the API", code_bucket, code_key)
        .architecture(settings.architecture)
        .memory_mb(settings.memory_mb)
        .timeout_seconds(settings.timeout_seconds)
        // It says who asked for what and when: the other half of the access log.
        .log_retention_days(access_log_days(env))
        .protected(env.protection.data)
        .variables(config.variables().into_iter().map(|(name, Text(value))| (name, value)).collect())
        // A job and its idempotency key are written in one transaction, whose parts ask for these and for the check.
        .may(Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"]).on(jobs_arn))
        .may(Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]).on(shared.rate_table_arn.clone()))
        .may(Statement::allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]).on(fleet_arn))
        .may(Statement::allow(["sqs:SendMessage"]).on_each(queues))
        // A link is worth what its signer may do.
        .may(Statement::allow(["s3:GetObject"]).on(sub!("{}/{}*", pictures, text(PREFIX))));
    if let Some(key) = key {
        function = function.may(Statement::allow(["kms:GenerateDataKey", "kms:Decrypt"]).on(key));
    }
    let parts = stack.add("FrontDoor", function);
    stack.explain(
        &parts.function,
        Context::why("one binary for all routes: an HTTP API gives neither a 403 body, nor a limit per user, nor an origin with any port")
            .property("MemorySize", Mutability::FreeToTune),
    );
    alarms(stack, &parts.function, shared);
    parts.function
}

fn alarms(stack: &mut Stack<'_, Api>, function: &Handle<lambda::Function, Api>, shared: &Shared) {
    let alerts = &shared.alerts;
    let pages = stack.environment().alerts.clone();
    use lambda::function::Metric;
    let settings = stack.environment().api.alarms.clone();
    // By the table and not by the function: a user's limit is one wherever he knocks, and whoever takes pictures refuses him too.
    let refused = MetricOf {
        namespace: metrics::NAMESPACE,
        name: metrics::API_RATE_LIMIT_BREACHES,
        dimensions: vec![(metrics::DIMENSION_RATE_TABLE, text(shared.rate_table.clone()))],
    };
    stack.add(
        "RateLimitBreachesAlarm",
        Alarm::on(refused)
            .sum_of_seconds(300)
            .at_least(settings.refused_per_five_minutes)
            .describe(
                "Many requests were refused for their number, whichever program they met: a client repeats itself; `jwtSub` in the logs says whose",
                &pages,
            )
            .tell(alerts),
    );
    stack.add(
        "FrontDoorErrorsAlarm",
        Alarm::on(function.metric(Metric::Errors))
            .sum_of_seconds(300)
            .at_least(1)
            .describe("The front door crashed or ran out of time: `cargo xtask logs --stack api` shows where", &pages)
            .tell(alerts),
    );
    stack.add(
        "FrontDoorThrottlesAlarm",
        Alarm::on(function.metric(Metric::Throttles))
            .sum_of_seconds(300)
            .at_least(1)
            .describe("Requests found no free function: the account's concurrency is used up, look which function takes it", &pages)
            .tell(alerts),
    );
    stack.add(
        "FrontDoorSlowAlarm",
        Alarm::on(function.metric(Metric::Duration))
            .p99_of_seconds(300)
            .at_least(settings.p99_milliseconds)
            .describe("One request in a hundred takes longer than it should: look at cold starts, then at the tables' latency", &pages)
            .tell(alerts),
    );
}
