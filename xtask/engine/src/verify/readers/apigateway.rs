//! HTTP and WebSocket APIs (API Gateway v2).

use serde_json::{Value, json};

use super::prelude::*;

static APIGATEWAY: Service = Service::new("apigateway", Protocol::RestJson);

const API: Action = APIGATEWAY.action("GetApi", "/v2/apis/{ApiId}");
const STAGE: Action = APIGATEWAY.action("GetStage", "/v2/apis/{ApiId}/stages/{StageName}");
const ROUTE: Action = APIGATEWAY.action("GetRoute", "/v2/apis/{ApiId}/routes/{RouteId}");
const INTEGRATION: Action = APIGATEWAY.action("GetIntegration", "/v2/apis/{ApiId}/integrations/{IntegrationId}");
const AUTHORIZER: Action = APIGATEWAY.action("GetAuthorizer", "/v2/apis/{ApiId}/authorizers/{AuthorizerId}");

/// Fields whose keys are somebody's own words.
const MAPS: &[&str] = &["RouteSettings", "StageVariables", "Tags", "RequestParameters"];

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::ApiGatewayV2::Api",
        asks: |subject| vec![API.ask(json!({ "ApiId": subject.id }))],
        live: |_, answers| {
            let api = pascal(&answers.get(&API), MAPS);
            let same = [
                "ApiKeySelectionExpression",
                "CorsConfiguration",
                "Description",
                "DisableExecuteApiEndpoint",
                "IpAddressType",
                "Name",
                "ProtocolType",
                "RouteSelectionExpression",
                "Tags",
                "Version",
            ];
            Live::default().same(&api, &same).attributes(&api, &["ApiEndpoint"])
        },
        attributes: |id, _| vec![("ApiId", id.to_owned())],
        rules: &[
            ("Tags", Rule::Tags),
            ("Body", Rule::WriteOnly),
            ("BodyS3Location", Rule::WriteOnly),
            ("FailOnWarnings", Rule::WriteOnly),
            ("CorsConfiguration.AllowHeaders", Rule::NoCase),
            ("CorsConfiguration.ExposeHeaders", Rule::NoCase),
        ],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ApiGatewayV2::Stage",
        asks: |subject| vec![STAGE.ask(json!({ "ApiId": subject.text("ApiId"), "StageName": subject.id }))],
        live: |subject, answers| {
            let stage = pascal(&answers.get(&STAGE), MAPS);
            let same = [
                "AutoDeploy",
                "ClientCertificateId",
                "DefaultRouteSettings",
                "Description",
                "RouteSettings",
                "StageName",
                "StageVariables",
                "Tags",
            ];
            Live::default()
                .same(&stage, &same)
                .set("ApiId", subject.property("ApiId"))
                .set("AccessLogSettings", access_log(subject, &at(&stage, "AccessLogSettings")))
                // With automatic deployments, the service chooses another with each.
                .set("DeploymentId", at(&stage, "DeploymentId"))
        },
        rules: &[("Tags", Rule::Tags), ("RouteSettings", Rule::Exact), ("StageVariables", Rule::Exact)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ApiGatewayV2::Route",
        asks: |subject| vec![ROUTE.ask(json!({ "ApiId": subject.text("ApiId"), "RouteId": tail(subject.id) }))],
        live: |subject, answers| {
            let route = pascal(&answers.get(&ROUTE), MAPS);
            let same = [
                "ApiKeyRequired",
                "AuthorizationScopes",
                "AuthorizationType",
                "AuthorizerId",
                "ModelSelectionExpression",
                "OperationName",
                "RouteKey",
                "RouteResponseSelectionExpression",
                "Target",
            ];
            Live::default().same(&route, &same).set("ApiId", subject.property("ApiId"))
        },
        attributes: |id, _| vec![("RouteId", tail(id).to_owned())],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ApiGatewayV2::Integration",
        asks: |subject| vec![INTEGRATION.ask(json!({ "ApiId": subject.text("ApiId"), "IntegrationId": subject.id }))],
        live: |subject, answers| {
            let integration = pascal(&answers.get(&INTEGRATION), MAPS);
            let same = [
                "ConnectionId",
                "ConnectionType",
                "CredentialsArn",
                "Description",
                "IntegrationMethod",
                "IntegrationSubtype",
                "IntegrationType",
                "IntegrationUri",
                "PassthroughBehavior",
                "PayloadFormatVersion",
                "RequestParameters",
                "TimeoutInMillis",
                "TlsConfig",
            ];
            Live::default().same(&integration, &same).set("ApiId", subject.property("ApiId"))
        },
        attributes: |id, _| vec![("IntegrationId", id.to_owned())],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::ApiGatewayV2::Authorizer",
        asks: |subject| vec![AUTHORIZER.ask(json!({ "ApiId": subject.text("ApiId"), "AuthorizerId": subject.id }))],
        live: |subject, answers| {
            let authorizer = pascal(&answers.get(&AUTHORIZER), MAPS);
            let same = [
                "AuthorizerCredentialsArn",
                "AuthorizerPayloadFormatVersion",
                "AuthorizerResultTtlInSeconds",
                "AuthorizerType",
                "AuthorizerUri",
                "EnableSimpleResponses",
                "IdentitySource",
                "IdentityValidationExpression",
                "JwtConfiguration",
                "Name",
            ];
            Live::default().same(&authorizer, &same).set("ApiId", subject.property("ApiId"))
        },
        attributes: |id, _| vec![("AuthorizerId", id.to_owned())],
        ..PLAIN
    },
];

/// API Gateway keeps the ARN of a log group without the `:*` with which CloudFormation gives it.
fn access_log(subject: &Subject<'_>, settings: &Value) -> Value {
    let declared = subject.text("AccessLogSettings.DestinationArn");
    let mut settings = settings.clone();
    if let Some(destination) = settings.get_mut("DestinationArn")
        && text(destination).is_some_and(|live| declared == format!("{live}:*"))
    {
        *destination = json!(declared);
    }
    settings
}
