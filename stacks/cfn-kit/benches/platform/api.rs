//! The HTTP API and who may call it.

use cfn_kit::prelude::*;
use cfn_kit::{apigatewayv2, cognito, lambda};
use serde_json::{Map, json};

use cfn_kit::apigatewayv2::authorizer::AuthorizerType;
use cfn_kit::apigatewayv2::integration::{IntegrationType, PayloadFormatVersion};
use cfn_kit::apigatewayv2::route::AuthorizationType;

use super::Site;
use super::functions::log_group;

/// Who may call the API, and through what program.
pub(crate) struct Users<S> {
    pub(crate) pool: Handle<cognito::UserPool, S>,
    pub(crate) client: Handle<cognito::UserPoolClient, S>,
}

pub(crate) fn users<S>(site: &mut Site<'_, S>) -> Users<S> {
    use cognito::user_pool as pool;
    use cognito::user_pool_client::{AccessToken, ExplicitAuthFlows, TokenValidityUnits};

    let password = pool::PasswordPolicy::new()
        .minimum_length(12)
        .require_lowercase(true)
        .require_numbers(true)
        .require_symbols(true)
        .require_uppercase(true);
    let users = cognito::UserPool::new()
        .user_pool_name(site.name())
        .admin_create_user_config(pool::AdminCreateUserConfig::new().allow_admin_create_user_only(true))
        .auto_verified_attributes([pool::AutoVerifiedAttributes::Email])
        .username_attributes([pool::UsernameAttributes::Email])
        .policies(pool::Policies::new().password_policy(password))
        .retain();
    let pool = site.add("UserPool", users);
    let client = cognito::UserPoolClient::new(&pool)
        .client_name(site.named("client"))
        .generate_secret(false)
        .explicit_auth_flows([
            ExplicitAuthFlows::AllowUserPasswordAuth,
            ExplicitAuthFlows::AllowUserSrpAuth,
            ExplicitAuthFlows::AllowRefreshTokenAuth,
        ])
        .access_token_validity(60)
        .token_validity_units(TokenValidityUnits::new().access_token(AccessToken::Minutes));
    let client = site.add("UserPoolClient", client);
    Users { pool, client }
}

/// What is written about every call.
const ACCESS_LOG: &str = r#"{"requestId":"$context.requestId","routeKey":"$context.routeKey","status":"$context.status","sub":"$context.authorizer.claims.sub"}"#;

pub(crate) fn api<S>(
    site: &mut Site<'_, S>,
    users: &Users<S>,
    submit: &Handle<lambda::Function, S>,
    status: &Handle<lambda::Function, S>,
) -> Handle<apigatewayv2::Api, S> {
    let cors = apigatewayv2::api::Cors::new()
        .allow_methods(["GET", "POST", "DELETE"])
        .allow_origins(["*"])
        .allow_headers(["authorization", "content-type"]);
    let api = apigatewayv2::Api::new().name(site.name()).protocol_type(apigatewayv2::api::ProtocolType::Http).cors_configuration(cors);
    let api = site.add("HttpApi", api);
    let log = log_group(site, "Api");
    let [submit_target, status_target] = [("Submit", submit), ("Status", status)].map(|(id, function)| {
        let integration = apigatewayv2::Integration::new(&api, IntegrationType::AwsProxy)
            .integration_uri(function.arn())
            .payload_format_version(PayloadFormatVersion::V2_0);
        site.add(&format!("{id}Integration"), integration)
    });
    let issuer = sub!("https://cognito-idp.{}.amazonaws.com/{}", region(), users.pool.user_pool_id());
    let jwt = apigatewayv2::authorizer::JWTConfiguration::new().audience([users.client.client_id()]).issuer(issuer);
    let authorizer = apigatewayv2::Authorizer::new(&api, AuthorizerType::Jwt, "cognito")
        .identity_source(["$request.header.Authorization"])
        .jwt_configuration(jwt);
    let authorizer = site.add("ApiAuthorizer", authorizer);

    let config = site.config;
    let writes = json!({ "ThrottlingRateLimit": config.submit_rate, "ThrottlingBurstLimit": config.submit_burst });
    let reads = json!({ "ThrottlingRateLimit": config.read_rate, "ThrottlingBurstLimit": config.read_burst });
    let calls = [
        ("SubmitJob", "POST", "/jobs", &submit_target, submit, &writes),
        ("ListJobs", "GET", "/jobs", &status_target, status, &reads),
        ("GetJob", "GET", "/jobs/{id}", &status_target, status, &reads),
        ("CancelJob", "DELETE", "/jobs/{id}", &submit_target, submit, &writes),
        ("Health", "GET", "/health", &status_target, status, &reads),
    ];
    let mut limits = Map::new();
    let mut routes = Vec::new();
    for (id, method, path, target, function, limit) in calls {
        let key = format!("{method} {path}");
        limits.insert(key.clone(), limit.clone());
        // A route wants the integration behind a word, which the types of the two do not say.
        let route = apigatewayv2::Route::new(&api, key).target(sub!("integrations/{}", target.reference()));
        // Whether the platform lives is everybody's to ask.
        let route = match id {
            "Health" => route.authorization_type(AuthorizationType::None),
            _ => route.authorization_type(AuthorizationType::Jwt).authorizer_id(&authorizer),
        };
        routes.push(site.add(&format!("{id}Route"), route));
        let source = sub!("arn:{}:execute-api:{}:{}:{}/*/*{}", partition(), region(), account_id(), api.api_id(), path);
        let permission = lambda::Permission::new("lambda:InvokeFunction", function.arn(), "apigateway.amazonaws.com").source_arn(source);
        site.add(&format!("{id}Permission"), permission);
    }

    let logging = apigatewayv2::stage::AccessLogSettings::new().destination_arn(log.arn()).format(ACCESS_LOG);
    let usual = apigatewayv2::stage::RouteSettings::new().throttling_rate_limit(config.read_rate).throttling_burst_limit(config.read_burst);
    let stage = apigatewayv2::Stage::new(api.api_id(), "$default")
        .auto_deploy(true)
        .access_log_settings(logging)
        .default_route_settings(usual)
        .route_settings(limits);
    site.add("ApiStage", routes.iter().fold(stage, |stage, route| stage.depends_on(route)));
    api
}
