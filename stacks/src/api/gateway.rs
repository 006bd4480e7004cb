//! The HTTP API: its routes, their limits and its log.

use cfn_kit::context::Context;
use cfn_kit::prelude::*;
use cfn_kit::{MetricOf, apigatewayv2, lambda, logs, sns};
use contract::{api::ROUTES, upload};
use foundation::Stack;
use foundation::environment::Environment;
use serde_json::{Map, json};

use super::Api;
use crate::constructs::{Alarm, protect};

/// What a browser asks before it calls: any path, answered by the front door, because the API's own CORS cannot refuse an origin.
const PREFLIGHT: (&str, &str) = ("OPTIONS", "/{proxy+}");

/// The log of every request, also of those that never reach the front door. The brackets hold what the service fills in; the text of
/// an error comes with its own quotes.
const ACCESS_LOG: &str = r#"{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","route":"$context.routeKey","status":"$context.status","latencyMs":"$context.responseLatency","userAgent":"$context.identity.userAgent","error":$context.error.messageString}"#;

/// The name that prod's access log must have; others have the environment's name behind it, so that an account can hold several.
const ACCESS_LOG_GROUP: &str = "/apigw/tinyllama-access";

/// How long anybody's calls can be looked up on AWS, whatever an environment keeps of its other logs: long enough for a complaint about
/// last month, and no longer, since addresses and users are personal data.
const ACCESS_LOG_DAYS: u32 = 30;

/// For how many days the gateway's access log and the front door's, which holds the other half of each line, are kept.
pub(super) fn access_log_days(env: &Environment) -> u32 {
    if env.endpoint_url.is_none() { ACCESS_LOG_DAYS } else { env.log_retention_days.min(ACCESS_LOG_DAYS) }
}

/// What the access log may take in a month, in bytes: within what CloudWatch Logs gives for nothing.
const ACCESS_LOG_BYTES_A_MONTH: u32 = 100_000_000;

/// The share of a day, of the part of the month's bytes at which somebody is told. No alarm looks back for a month.
const ACCESS_LOG_BYTES_A_DAY: u32 = ACCESS_LOG_BYTES_A_MONTH / 100 * 70 / 30;

/// The API without anything behind it, so that its address is known to what will be.
pub(super) fn http_api(stack: &mut Stack<'_, Api>) -> Handle<apigatewayv2::Api, Api> {
    let name = format!("cloudwright-{}", stack.environment().name);
    let api = apigatewayv2::Api::new().name(name).protocol_type(apigatewayv2::api::ProtocolType::Http);
    let api = stack.add("HttpApi", api);
    stack.explain(
        &api,
        Context::why("takes requests from the internet and hands every one to the front door")
            .must("no CORS here: with it, the front door's own answers would lose their headers, and no origin could be refused")
            .must("no definition imported: it would overwrite the limits of the routes"),
    );
    api
}

/// Every route to the front door, those of pictures to the function that takes them, with a limit each, and the log.
pub(super) fn routes(
    stack: &mut Stack<'_, Api>,
    api: &Handle<apigatewayv2::Api, Api>,
    front_door: &Handle<lambda::Function, Api>,
    uploads: Option<&Handle<lambda::Function, Api>>,
    alerts: &Value<sns::topic::TopicArn, Api>,
) {
    let pages = stack.environment().alerts.clone();
    use apigatewayv2::route::AuthorizationType;
    let settings = &stack.environment().api;
    let to_front_door = integration(stack, api, "FrontDoor", front_door);
    let mut targets: Vec<_> = ROUTES.into_iter().chain([PREFLIGHT]).map(|route| (route, to_front_door.clone())).collect();
    if let Some(function) = uploads {
        let to_upload = integration(stack, api, "Upload", function);
        targets.extend(upload::ROUTES.map(|route| (route, to_upload.clone())));
    }
    let mut limits = Map::new();
    let mut routes = Vec::new();
    for ((method, path), target) in targets {
        let path = &as_route(path);
        let key = format!("{method} {path}");
        // A limit here knows no users: it protects all of them together, and stands far above what one may do.
        limits.insert(key.clone(), json!({ "ThrottlingRateLimit": settings.route_rate(), "ThrottlingBurstLimit": settings.route_burst() }));
        let route = apigatewayv2::Route::new(api, key)
            .target(sub!("integrations/{}", target.reference()))
            .authorization_type(AuthorizationType::None);
        routes.push(stack.add(&route_id(method, path), route));
    }
    let log = access_log(stack, alerts);
    let logging = apigatewayv2::stage::AccessLogSettings::new().destination_arn(stream_arn(&log)).format(ACCESS_LOG);
    // For a route that somebody adds by hand: no more than the others have.
    let usual = apigatewayv2::stage::RouteSettings::new()
        .throttling_rate_limit(f64::from(settings.route_rate()))
        .throttling_burst_limit(i64::from(settings.route_burst()));
    let stage = apigatewayv2::Stage::new(api.api_id(), "$default")
        .auto_deploy(true)
        .access_log_settings(logging)
        .default_route_settings(usual)
        .route_settings(limits);
    // A limit for a route that is not there yet fails the stage.
    stack.add("Stage", routes.iter().fold(stage, |stage, route| stage.depends_on(route)));

    let failures = MetricOf { namespace: "AWS/ApiGateway", name: "5xx", dimensions: vec![("ApiId", text(api.api_id()))] };
    stack.add(
        "ApiFailuresAlarm",
        Alarm::on(failures)
            .sum_of_seconds(300)
            .at_least(settings.alarms.failures_per_five_minutes)
            .describe("The API answers 5xx: `error` in its access log says whether the front door was reached", &pages)
            .tell(alerts),
    );
}

/// What a route leads to, and the leave that the function gives to the API.
fn integration(
    stack: &mut Stack<'_, Api>,
    api: &Handle<apigatewayv2::Api, Api>,
    id: &str,
    function: &Handle<lambda::Function, Api>,
) -> Handle<apigatewayv2::Integration, Api> {
    use apigatewayv2::integration::{IntegrationType, PayloadFormatVersion};
    let integration = apigatewayv2::Integration::new(api, IntegrationType::AwsProxy)
        .integration_uri(function.arn())
        .payload_format_version(PayloadFormatVersion::V2_0);
    let integration = stack.add(&format!("{id}Integration"), integration);
    let source = sub!("arn:{}:execute-api:{}:{}:{}/*", partition(), region(), account_id(), api.api_id());
    let permission = lambda::Permission::new("lambda:InvokeFunction", function.arn(), "apigateway.amazonaws.com").source_arn(source);
    stack.add(&format!("{id}Permission"), permission);
    integration
}

fn access_log(stack: &mut Stack<'_, Api>, alerts: &Value<sns::topic::TopicArn, Api>) -> Handle<logs::LogGroup, Api> {
    let env = stack.environment();
    let name = if env.name == "prod" { ACCESS_LOG_GROUP.to_owned() } else { format!("{ACCESS_LOG_GROUP}/{}", env.name) };
    let group = logs::LogGroup::new().log_group_name(name).retention_in_days(access_log_days(env));
    let cost = format!("up to {} MB a month, which CloudWatch Logs gives for nothing (5 GB)", ACCESS_LOG_BYTES_A_MONTH / 1_000_000);
    let group = stack.add("AccessLog", protect(group, env.protection.data).metadata("Cost", cost));
    let bytes = MetricOf { namespace: "AWS/Logs", name: "IncomingBytes", dimensions: vec![("LogGroupName", text(group.log_group_name()))] };
    stack.add(
        "AccessLogVolumeAlarm",
        Alarm::on(bytes)
            .sum_of_seconds(86_400)
            .at_least(ACCESS_LOG_BYTES_A_DAY)
            .describe("The access log grows by more than a day's share of 70 MB a month: look at it for who calls so often", &env.alerts)
            .tell(alerts),
    );
    group
}

/// The ARN that a stage wants: without the `:*` that stands for the streams of the group.
fn stream_arn<S>(group: &Handle<logs::LogGroup, S>) -> Value<String, S> {
    sub!("arn:{}:logs:{}:{}:log-group:{}", partition(), region(), account_id(), group.log_group_name())
}

/// A path as an HTTP API takes it: it refuses a slash at the end, and sends what comes with one to the route for whatever lies below.
fn as_route(path: &str) -> String {
    if path.ends_with('/') { format!("{path}{{proxy+}}") } else { path.to_owned() }
}

/// `GET /jobs/{id}` as `GetJobsIdRoute`.
fn route_id(method: &str, path: &str) -> String {
    let words = std::iter::once(method).chain(path.split('/')).map(|word| word.trim_matches(['{', '}', '+']).to_lowercase());
    words.map(|word| foundation::pascal(&word)).collect::<String>() + "Route"
}
