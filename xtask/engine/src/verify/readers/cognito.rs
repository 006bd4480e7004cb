//! Cognito user pools.

use serde_json::{Value, json};

use super::prelude::*;

static COGNITO: Service = Service::new("cognito-idp", Protocol::Json { version: "1.1", target: "AWSCognitoIdentityProviderService" });

const POOL: Action = COGNITO.action("DescribeUserPool", "/");
const MFA: Action = COGNITO.action("GetUserPoolMfaConfig", "/");
const CLIENT: Action = COGNITO.action("DescribeUserPoolClient", "/");
const GROUP: Action = COGNITO.action("GetGroup", "/");
const DOMAIN: Action = COGNITO.action("DescribeUserPoolDomain", "/");
const RESOURCE_SERVER: Action = COGNITO.action("DescribeResourceServer", "/");

pub(super) const READERS: &[Reader] = &[
    Reader {
        resource_type: "AWS::Cognito::UserPool",
        asks: |subject| {
            let mut asks = vec![POOL.ask(json!({ "UserPoolId": subject.id }))];
            asks.extend(subject.declares("EnabledMfas").then(|| MFA.ask(json!({ "UserPoolId": subject.id }))));
            asks
        },
        live: |_, answers| {
            let pool = answers.part(&POOL, "UserPool");
            let same = [
                "AccountRecoverySetting",
                "AdminCreateUserConfig",
                "AliasAttributes",
                "AutoVerifiedAttributes",
                "DeletionProtection",
                "DeviceConfiguration",
                "EmailConfiguration",
                "EmailVerificationMessage",
                "EmailVerificationSubject",
                "LambdaConfig",
                "MfaConfiguration",
                "Policies",
                "SmsAuthenticationMessage",
                "SmsConfiguration",
                "SmsVerificationMessage",
                "UserAttributeUpdateSettings",
                "UserPoolAddOns",
                "UserPoolTags",
                "UserPoolTier",
                "UsernameAttributes",
                "UsernameConfiguration",
                "VerificationMessageTemplate",
            ];
            Live::default()
                .same(&pool, &same)
                .set("UserPoolName", at(&pool, "Name"))
                .set("EnabledMfas", factors(&answers.get(&MFA)))
                .attributes(&pool, &["Arn"])
        },
        attributes: |id, place| {
            let provider = format!("cognito-idp.{}.amazonaws.com/{id}", place.region);
            vec![
                ("Arn", place.arn("cognito-idp", &format!("userpool/{id}"))),
                ("ProviderURL", format!("https://{provider}")),
                ("ProviderName", provider),
                ("UserPoolId", id.to_owned()),
            ]
        },
        rules: &[("UserPoolTags", Rule::Tags), ("Schema", Rule::WriteOnly)],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Cognito::UserPoolClient",
        asks: |subject| vec![CLIENT.ask(json!({ "UserPoolId": subject.text("UserPoolId"), "ClientId": subject.id }))],
        live: |_, answers| {
            let client = answers.part(&CLIENT, "UserPoolClient");
            let same = [
                "AccessTokenValidity",
                "AllowedOAuthFlows",
                "AllowedOAuthFlowsUserPoolClient",
                "AllowedOAuthScopes",
                "AuthSessionValidity",
                "CallbackURLs",
                "ClientName",
                "DefaultRedirectURI",
                "EnablePropagateAdditionalUserContextData",
                "EnableTokenRevocation",
                "ExplicitAuthFlows",
                "IdTokenValidity",
                "LogoutURLs",
                "PreventUserExistenceErrors",
                "ReadAttributes",
                "RefreshTokenRotation",
                "RefreshTokenValidity",
                "SupportedIdentityProviders",
                "TokenValidityUnits",
                "UserPoolId",
                "WriteAttributes",
            ];
            // The secret itself is nobody's business here: only whether there is one.
            let secret = at(&client, "ClientSecret");
            let has_secret = if unknown_reason(&secret).is_some() { secret } else { json!(!secret.is_null()) };
            Live::default().same(&client, &same).set("GenerateSecret", has_secret)
        },
        attributes: |id, _| vec![("ClientId", id.to_owned())],
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Cognito::UserPoolGroup",
        asks: |subject| vec![GROUP.ask(json!({ "UserPoolId": subject.text("UserPoolId"), "GroupName": subject.id }))],
        live: |_, answers| {
            let group = answers.part(&GROUP, "Group");
            Live::default().same(&group, &["Description", "GroupName", "Precedence", "RoleArn", "UserPoolId"])
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Cognito::UserPoolDomain",
        asks: |subject| vec![DOMAIN.ask(json!({ "Domain": subject.text("Domain") }))],
        live: |_, answers| {
            let domain = answers.part(&DOMAIN, "DomainDescription");
            // For a domain that nobody has, Cognito answers with an empty description.
            let found = at(&domain, "Domain");
            Live::default().same(&domain, &["CustomDomainConfig", "Domain", "ManagedLoginVersion", "UserPoolId"]).unless_gone(&found)
        },
        ..PLAIN
    },
    Reader {
        resource_type: "AWS::Cognito::UserPoolResourceServer",
        asks: |subject| {
            vec![RESOURCE_SERVER.ask(json!({ "UserPoolId": subject.text("UserPoolId"), "Identifier": subject.text("Identifier") }))]
        },
        live: |_, answers| {
            let server = answers.part(&RESOURCE_SERVER, "ResourceServer");
            Live::default().same(&server, &["Identifier", "Name", "Scopes", "UserPoolId"])
        },
        ..PLAIN
    },
];

/// The second factors that are on, in CloudFormation's words.
fn factors(answer: &Value) -> Value {
    if unknown_reason(answer).is_some() {
        return answer.clone();
    }
    let sms = answer.get("SmsMfaConfiguration").is_some().then_some("SMS_MFA");
    let software = text_at(answer, "SoftwareTokenMfaConfiguration.Enabled") == "true";
    let email = answer.get("EmailMfaConfiguration").is_some().then_some("EMAIL_OTP");
    sms.into_iter().chain(software.then_some("SOFTWARE_TOKEN_MFA")).chain(email).map(|factor| json!(factor)).collect()
}
