//! A question as a signed HTTP request, in whichever of AWS's protocols its service speaks.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign as signature,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use engine::cloud::{Action, Ask, ErrorKind, Home, Protocol};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::answer::Refusal;

/// What RFC 3986 leaves as it is; everything else is encoded, as signatures want it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request before it is signed.
#[derive(Debug)]
pub(super) struct Unsigned {
    pub(super) method: &'static str,
    pub(super) uri: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

/// The request for a question.
pub(super) fn of(ask: &Ask, config: &SdkConfig) -> Result<Unsigned, Refusal> {
    let action = &ask.action;
    let endpoint = endpoint(ask, config)?;
    let post = |content_type: &str, more: Vec<(&'static str, String)>, body: String| {
        let mut headers = vec![("content-type", content_type.to_owned())];
        headers.extend(more);
        Unsigned { method: "POST", uri: format!("{endpoint}/"), headers, body }
    };
    Ok(match action.service().protocol {
        Protocol::Json { version, target } => {
            let target = vec![("x-amz-target", format!("{target}.{}", action.operation()))];
            post(&format!("application/x-amz-json-{version}"), target, Value::Object(ask.parameters.clone()).to_string())
        }
        Protocol::Query { version, flat } => {
            let mut fields = vec![("Action".to_owned(), action.operation().to_owned()), ("Version".to_owned(), version.to_owned())];
            ask.parameters.iter().for_each(|(name, value)| form(name, value, flat, &mut fields));
            let body = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&");
            post("application/x-www-form-urlencoded; charset=utf-8", Vec::new(), body)
        }
        Protocol::RestJson | Protocol::RestXml => {
            let uri = format!("{endpoint}{}", rest(action.path(), &ask.parameters));
            Unsigned { method: "GET", uri, headers: Vec::new(), body: String::new() }
        }
    })
}

/// Where the service answers; never with a slash at its end.
fn endpoint(ask: &Ask, config: &SdkConfig) -> Result<String, Refusal> {
    let action = &ask.action;
    let everywhere = || config.endpoint_url().map(str::to_owned);
    if let Some(url) = of_service(action, config).or_else(everywhere) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let region = region(ask, config)?;
    let service = action.service();
    let (suffix, first) = partition(&region);
    Ok(match service.home {
        Home::Regional => format!("https://{}.{region}.{suffix}", service.endpoint),
        // Only the first partition has a name without a region for its global services.
        Home::Global if suffix == "amazonaws.com" && first == "us-east-1" => format!("https://{}.{suffix}", service.endpoint),
        Home::Global => format!("https://{}.{first}.{suffix}", service.endpoint),
    })
}

/// The endpoint that is set for this service alone, in the ways of AWS's SDKs: `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`, or a `services`
/// section of the profile. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is minded by the configuration itself.
fn of_service(action: &Action, config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(action.service_id()?).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    config.service_config()?.load_config(key.ok()?)
}

/// The domain of a region's partition, and the region in which the partition's global services live.
fn partition(region: &str) -> (&'static str, &'static str) {
    match region {
        region if region.starts_with("cn-") => ("amazonaws.com.cn", "cn-north-1"),
        region if region.starts_with("us-gov-") => ("amazonaws.com", "us-gov-west-1"),
        _ => ("amazonaws.com", "us-east-1"),
    }
}

fn region(ask: &Ask, config: &SdkConfig) -> Result<String, Refusal> {
    let region = ask.region.clone().or_else(|| config.region().map(ToString::to_string));
    region.ok_or_else(|| Refusal::here("no region is configured", ErrorKind::Refused))
}

/// Sign a request for its service, and make it ready to be sent.
pub(super) fn sign(
    unsigned: Unsigned,
    ask: &Ask,
    config: &SdkConfig,
    identity: &Identity,
    now: SystemTime,
) -> Result<HttpRequest, Refusal> {
    let service = ask.action.service();
    let own = region(ask, config)?;
    let region = if service.home == Home::Global { partition(&own).1 } else { own.as_str() };
    let mut settings = SigningSettings::default();
    if service.protocol == Protocol::RestXml {
        // S3 signs the digest of the body, and keys as they are written.
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let wrong = |what: &str| Refusal::here(&format!("the request cannot be signed: {what}"), ErrorKind::Other);
    let parameters = v4::SigningParams::builder()
        .identity(identity)
        .region(region)
        .name(service.signing)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| wrong(&error.to_string()))?
        .into();
    let headers = unsigned.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let body = SignableBody::Bytes(unsigned.body.as_bytes());
    let signable = SignableRequest::new(unsigned.method, &unsigned.uri, headers, body).map_err(|error| wrong(&error.to_string()))?;
    let (instructions, _) = signature(signable, &parameters).map_err(|error| wrong(&error.to_string()))?.into_parts();

    let mut request = HttpRequest::new(SdkBody::from(unsigned.body));
    request.set_method(unsigned.method).map_err(|error| wrong(&error.to_string()))?;
    request.set_uri(unsigned.uri).map_err(|error| wrong(&error.to_string()))?;
    for (name, value) in unsigned.headers {
        request.headers_mut().insert(name, value);
    }
    for (name, value) in instructions.headers() {
        request.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(request)
}

/// The path with its parameters in it, and the others as a query.
fn rest(path: &str, parameters: &Map<String, Value>) -> String {
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for (name, value) in parameters {
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            path = path.replace(&place, &encode(&text(value)));
        } else if let Value::Array(items) = value {
            query.extend(items.iter().map(|item| format!("{}={}", encode(name), encode(&text(item)))));
        } else {
            query.push(format!("{}={}", encode(name), encode(&text(value))));
        }
    }
    match (query.is_empty(), path.contains('?')) {
        (true, _) => path,
        (false, true) => format!("{path}&{}", query.join("&")),
        (false, false) => format!("{path}?{}", query.join("&")),
    }
}

/// A parameter as fields of a form: `AlarmNames.member.1`, or `VpcId.1` where lists are flat.
fn form(name: &str, value: &Value, flat: bool, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            let between = if flat { "" } else { ".member" };
            items.iter().enumerate().for_each(|(at, item)| form(&format!("{name}{between}.{}", at + 1), item, flat, fields));
        }
        Value::Object(entries) => entries.iter().for_each(|(key, item)| form(&format!("{name}.{key}"), item, flat, fields)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => fields.push((name.to_owned(), text(value))),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_counts_lists_as_its_service_wants_it() {
        let mut members = Vec::new();
        let mut flat = Vec::new();

        form("AlarmNames", &json!(["a b", "c"]), false, &mut members);
        form("VpcId", &json!(["vpc-1"]), true, &mut flat);

        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(members, [pair("AlarmNames.member.1", "a b"), pair("AlarmNames.member.2", "c")]);
        assert_eq!(flat, [pair("VpcId.1", "vpc-1")], "EC2 would answer with all of the account's networks");
    }

    #[test]
    fn a_path_holds_its_parameters_and_the_query_the_others() {
        let parameters = json!({ "FunctionName": "arn:aws:lambda:x:1:function:f", "Qualifier": "live", "keys": ["a", "b"] });
        let Value::Object(parameters) = parameters else { panic!("an object") };

        let path = rest("/2015-03-31/functions/{FunctionName}/policy", &parameters);

        assert_eq!(
            path, "/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax%3A1%3Afunction%3Af/policy?Qualifier=live&keys=a&keys=b",
            "the service would not know which function is meant"
        );
    }

    #[test]
    fn a_partition_has_its_own_domain() {
        assert_eq!(partition("cn-northwest-1"), ("amazonaws.com.cn", "cn-north-1"));
        assert_eq!(partition("us-gov-east-1"), ("amazonaws.com", "us-gov-west-1"));
        assert_eq!(partition("eu-central-1"), ("amazonaws.com", "us-east-1"));
    }
}
