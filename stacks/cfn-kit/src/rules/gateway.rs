//! What stands before and behind the routes of an API.

use serde_json::Value as Json;

use super::sketches::sketch;
use super::view::{Res, View, function};
use super::{Broken, Rule};
use crate::finding::Severity;

/// A web ACL on an HTTP API.
pub(super) const WAF_HTTP_API: Rule = Rule {
    id: "waf-http-api",
    severity: Severity::Error,
    title: "a web ACL stands before something that can have one",
    why: "WAF refuses HTTP and WebSocket APIs when the association is made, in the middle of the deploy",
    check: waf_http_api,
};

fn waf_http_api(view: &View<'_>, broken: &mut Broken<'_>) {
    for association in view.of_type("AWS::WAFv2::WebACLAssociation") {
        let Some(arn) = association.get("ResourceArn") else { continue };
        let is_api =
            |id: &&str| view.resource(id).is_some_and(|one| matches!(one.kind, "AWS::ApiGatewayV2::Api" | "AWS::ApiGatewayV2::Stage"));
        let api = view.mentions(arn).into_iter().find(is_api);
        // A REST API's ARN says `/restapis/`.
        if api.is_none() && !sketch(arn).is_some_and(|text| text.contains("::/apis/")) {
            continue;
        }
        let name = api.unwrap_or("another template's API");
        broken.at(
            &association.path("ResourceArn"),
            format!("`{}` puts a web ACL before `{name}`, which is an HTTP or WebSocket API", association.id),
            "put CloudFront or an application load balancer with the web ACL before it, or make it a REST API",
        );
    }
}

/// A route whose tokens nobody checks.
pub(super) const JWT_AUTHORIZER: Rule = Rule {
    id: "jwt-authorizer",
    severity: Severity::Error,
    title: "a route that wants authorization has an authorizer of its own API that is complete",
    why: "API Gateway refuses the route, or lets everybody in",
    check: jwt_authorizer,
};

fn jwt_authorizer(view: &View<'_>, broken: &mut Broken<'_>) {
    for route in view.of_type("AWS::ApiGatewayV2::Route") {
        // Without a type, a route is open.
        let kind = route.get("AuthorizationType").map_or(Some("NONE".into()), |kind| view.text(kind));
        let (Some(kind), authorizer) = (kind, route.get("AuthorizerId")) else { continue };
        match (kind.as_ref(), authorizer) {
            ("JWT" | "CUSTOM", None) => broken.at(
                &route.path("AuthorizationType"),
                format!("`{}` wants {kind} authorization and names no authorizer", route.id),
                "set `AuthorizerId` to a `Ref` of the authorizer",
            ),
            ("NONE", Some(value)) if !view.branches(value).is_empty() => broken.at(
                &route.path("AuthorizerId"),
                format!("`{}` names an authorizer, and its `AuthorizationType` is `NONE`: everybody may call it", route.id),
                "set `AuthorizationType` to `JWT` or `CUSTOM`, or leave the authorizer out",
            ),
            (kind, Some(value)) => {
                if let Some(authorizer) = view.target_of(value, "AWS::ApiGatewayV2::Authorizer") {
                    pair(view, route, kind, authorizer, broken);
                }
            }
            _ => {}
        }
    }
    for authorizer in view.of_type("AWS::ApiGatewayV2::Authorizer") {
        complete(view, authorizer, broken);
    }
}

/// Whether a route and its authorizer fit together.
fn pair(view: &View<'_>, route: Res<'_>, kind: &str, authorizer: Res<'_>, broken: &mut Broken<'_>) {
    let api = |resource: Res<'_>| resource.get("ApiId").and_then(|id| view.target(id)).map(|target| target.id.to_owned());
    if let (Some(own), Some(other)) = (api(route), api(authorizer))
        && own != other
    {
        broken.at(
            &route.path("AuthorizerId"),
            format!("`{}` belongs to `{own}` and its authorizer `{}` to `{other}`", route.id, authorizer.id),
            format!("give `{own}` an authorizer of its own"),
        );
    }
    let wanted = match kind {
        "JWT" => "JWT",
        "CUSTOM" => "REQUEST",
        _ => return,
    };
    let Some(actual) = authorizer.get("AuthorizerType").and_then(|kind| view.text(kind)) else { return };
    if actual != wanted {
        broken.at(
            &route.path("AuthorizationType"),
            format!("`{}` wants {kind} authorization and `{}` is of type `{actual}`", route.id, authorizer.id),
            format!("{kind} goes with an authorizer of type `{wanted}`"),
        );
    }
}

fn complete(view: &View<'_>, authorizer: Res<'_>, broken: &mut Broken<'_>) {
    if authorizer.get("AuthorizerType").and_then(|kind| view.text(kind)).as_deref() != Some("JWT") {
        return;
    }
    let settings = authorizer.get("JwtConfiguration");
    if settings.is_some_and(|settings| function(settings).is_some()) {
        return;
    }
    for (name, example) in [("Issuer", "the `iss` of its tokens"), ("Audience", "the client IDs that its tokens are for")] {
        let value = settings.and_then(|settings| settings.get(name));
        let empty = value.is_none_or(|value| value == "" || value.as_array().is_some_and(Vec::is_empty));
        if empty {
            let path = authorizer.path(if settings.is_some() { "JwtConfiguration" } else { "AuthorizerType" });
            broken.at(&path, format!("the JWT authorizer `{}` has no `{name}`", authorizer.id), format!("set it to {example}"));
        }
    }
}

/// An API that may not call its function.
pub(super) const API_INVOKE_PERMISSION: Rule = Rule {
    id: "api-invoke-permission",
    severity: Severity::Error,
    title: "an API may call the functions that it hands requests to",
    why: "every call ends with status 500, and only the access log of the API says why",
    check: api_invoke_permission,
};

/// Types that call functions: where they name it, where they name a role for the call, and where their API.
const CALLERS: &[(&str, &str, &str, &str)] = &[
    ("AWS::ApiGatewayV2::Integration", "IntegrationUri", "CredentialsArn", "ApiId"),
    ("AWS::ApiGatewayV2::Authorizer", "AuthorizerUri", "AuthorizerCredentialsArn", "ApiId"),
    ("AWS::ApiGateway::Method", "Integration/Uri", "Integration/Credentials", "RestApiId"),
    ("AWS::ApiGateway::Authorizer", "AuthorizerUri", "AuthorizerCredentials", "RestApiId"),
];

const CALLED: &[&str] = &["AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::Version"];

fn api_invoke_permission(view: &View<'_>, broken: &mut Broken<'_>) {
    let permissions: Vec<Permission<'_>> = view.of_type("AWS::Lambda::Permission").map(|resource| Permission::of(view, resource)).collect();
    // One for a function by name may well be for any of these.
    if permissions.iter().any(|permission| permission.functions.is_empty()) {
        return;
    }
    for caller in view.all() {
        let Some((_, uri, credentials, api)) = CALLERS.iter().find(|(kind, ..)| *kind == caller.kind) else { continue };
        let (Some(uri_value), None) = (caller.get(uri), caller.get(credentials)) else { continue };
        let is_called = |id: &&str| view.resource(id).is_some_and(|one| CALLED.contains(&one.kind));
        let Some(function) = view.mentions(uri_value).into_iter().find(is_called) else { continue };
        let own_api = caller.get(api).and_then(|id| view.target(id)).map(|target| target.id);
        let meant: Vec<&Permission<'_>> =
            permissions.iter().filter(|permission| permission.is_for_apis && permission.functions.contains(&function)).collect();
        if meant.iter().any(|permission| permission.other_than(own_api).is_none()) {
            continue;
        }
        let wrong = meant.iter().find_map(|permission| Some((permission, permission.other_than(own_api)?)));
        match (wrong, own_api) {
            (Some((permission, other)), Some(api)) => broken.at(
                &permission.resource.path("SourceArn"),
                format!("`{api}` calls `{function}`, and the permission is for calls from `{other}`"),
                format!("put `{api}` into the ARN"),
            ),
            _ => broken.at(
                &caller.path(uri),
                format!("`{}` calls `{function}`, and nothing allows API Gateway to do so", caller.id),
                "add an `AWS::Lambda::Permission` for `apigateway.amazonaws.com` with the API's ARN as `SourceArn`",
            ),
        }
    }
}

/// A permission as far as APIs are concerned.
struct Permission<'a> {
    resource: Res<'a>,
    /// What it names as the function. Who calls an alias needs a permission on the alias; one on the function is not looked at.
    functions: Vec<&'a str>,
    /// The APIs of this template that the calls must come from; none where that is open or hidden.
    apis: Vec<&'a str>,
    is_for_apis: bool,
}

impl<'a> Permission<'a> {
    fn of(view: &View<'a>, resource: Res<'a>) -> Self {
        let mentions = |name: &str| resource.get(name).map(|value| view.mentions(value)).unwrap_or_default();
        let is_api =
            |id: &&str| view.resource(id).is_some_and(|one| matches!(one.kind, "AWS::ApiGatewayV2::Api" | "AWS::ApiGateway::RestApi"));
        let text = |name: &str| resource.get(name).and_then(Json::as_str);
        let right_principal = text("Principal").is_none_or(|principal| matches!(principal, "apigateway.amazonaws.com" | "*"));
        let right_action = text("Action").is_none_or(|action| matches!(action, "lambda:InvokeFunction" | "lambda:*" | "*"));
        Self {
            resource,
            functions: mentions("FunctionName"),
            apis: mentions("SourceArn").into_iter().filter(is_api).collect(),
            is_for_apis: right_principal && right_action,
        }
    }

    /// The API that it is for, where that is not this one.
    fn other_than(&self, api: Option<&str>) -> Option<&'a str> {
        let api = api?;
        self.apis.first().copied().filter(|_| !self.apis.contains(&api))
    }
}
