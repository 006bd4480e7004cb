//! The user pool's public keys, over HTTPS.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};

use crate::{StoreError, keys::KeySource};

/// A set of two keys has under two kilobytes.
const MOST_BYTES: usize = 65_536;

/// Cognito answers in some tens of milliseconds. A request that waits for keys shall not wait for long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const WHOLE_TIMEOUT: Duration = Duration::from_secs(2);

const FETCHING: &str = "fetch the issuer's keys";

/// Where a user pool publishes its keys.
#[derive(Debug)]
pub struct UserPool {
    url: String,
    connector: Option<SharedHttpConnector>,
}

impl UserPool {
    /// The keys at that address. Nothing is called yet.
    #[must_use]
    pub fn new(url: &str, config: &SdkConfig) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(WHOLE_TIMEOUT).build();
        Self { url: url.to_owned(), connector: default_connector(&settings, config.sleep_impl()) }
    }

    async fn get(&self) -> Result<Vec<u8>, StoreError> {
        let connector = self.connector.as_ref().ok_or_else(|| StoreError::new(FETCHING, "this program was built without TLS"))?;
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(self.url.as_str()).map_err(|error| StoreError::new(FETCHING, error))?;
        let response = connector.call(request).await.map_err(|error| StoreError::new(FETCHING, error))?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(StoreError::new(FETCHING, format!("`{}` answered {status}", self.url)));
        }
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await.map_err(|error| StoreError::new(FETCHING, error))?;
        Ok(body.to_bytes().to_vec())
    }
}

impl KeySource for UserPool {
    async fn fetch(&self) -> Result<Vec<u8>, StoreError> {
        // The connector's own limits end where the body begins.
        let answer = tokio::time::timeout(WHOLE_TIMEOUT, self.get()).await;
        answer.unwrap_or_else(|_| Err(StoreError::new(FETCHING, format!("`{}` took longer than {WHOLE_TIMEOUT:?}", self.url))))
    }
}
