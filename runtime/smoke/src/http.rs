//! One small client: plain requests to the API, signed ones to the services that no crate of the SDK is linked for.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;

type Problem = Box<dyn Error + Send + Sync>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An API answers within half a minute, or its gateway gives up.
const READ_TIMEOUT: Duration = Duration::from_secs(31);

/// An answer, whatever its status.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
    /// The body as text.
    pub(crate) body: String,
}

impl Answer {
    /// A header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { status, headers, bytes: body.as_bytes().to_vec(), body: body.to_owned() }
    }
}

/// A request that is not sent yet.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Http {
    connector: SharedHttpConnector,
    config: SdkConfig,
    region: String,
    endpoint: Option<String>,
}

impl Http {
    pub(crate) fn new(config: &SdkConfig, region: &str, endpoint: Option<&str>) -> Result<Self, Problem> {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        let connector = default_connector(&settings, config.sleep_impl()).ok_or("this program was built without a way to connect")?;
        let endpoint = endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        Ok(Self { connector, config: config.clone(), region: region.to_owned(), endpoint })
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, Problem> {
        self.deliver(request(&call)?).await
    }

    /// Calls an operation of the user pools' service.
    pub(crate) async fn cognito(&self, operation: &str, body: &Value) -> Result<Answer, Problem> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", target)];
        let call = Call { method: "POST", url: self.service("cognito-idp"), headers, body: body.to_string().into_bytes() };
        self.signed("cognito-idp", call).await
    }

    /// Asks for an Auto Scaling group; the answer is XML.
    pub(crate) async fn auto_scaling_group(&self, name: &str) -> Result<Answer, Problem> {
        // Names of groups are made by CloudFormation of letters, digits and hyphens: nothing to encode.
        let body = format!("Action=DescribeAutoScalingGroups&Version=2011-01-01&AutoScalingGroupNames.member.1={name}");
        let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        let call = Call { method: "POST", url: self.service("autoscaling"), headers, body: body.into_bytes() };
        self.signed("autoscaling", call).await
    }

    fn service(&self, name: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{endpoint}/"),
            None => {
                let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
                format!("https://{name}.{}.{suffix}/", self.region)
            }
        }
    }

    async fn signed(&self, service: &str, call: Call) -> Result<Answer, Problem> {
        let provider = self.config.credentials_provider().ok_or("no credentials are configured")?;
        let identity: Identity = provider.provide_credentials().await?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable = SignableRequest::new(call.method, &call.url, headers, SignableBody::Bytes(&call.body))?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let mut request = request(&call)?;
        for (name, value) in instructions.headers() {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        self.deliver(request).await
    }

    async fn deliver(&self, request: HttpRequest) -> Result<Answer, Problem> {
        let response = self.connector.call(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let bytes = ByteStream::new(response.into_body()).collect().await?.to_vec();
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned(), bytes })
    }
}

fn request(call: &Call) -> Result<HttpRequest, Problem> {
    let mut request = HttpRequest::new(SdkBody::from(call.body.clone()));
    request.set_method(call.method)?;
    request.set_uri(call.url.as_str())?;
    for (name, value) in &call.headers {
        request.headers_mut().insert(*name, value.clone());
    }
    Ok(request)
}
