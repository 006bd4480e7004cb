//! An account of the cloud, for one test.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;

/// An account of a local cloud: twelve digits, which are also its access key; any secret will do.
#[derive(Debug, Clone)]
pub struct Tenant {
    endpoint: String,
    account: String,
}

const REGION: &str = "us-east-1";
const SECRET: &str = "no-secret";

impl Tenant {
    pub(crate) fn new(endpoint: String, account: String) -> Self {
        Self { endpoint, account }
    }

    /// What the SDK's clients are made of.
    pub async fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.account, SECRET, None, None, "testcloud");
        let config = aws_config::defaults(BehaviorVersion::latest()).endpoint_url(&self.endpoint).region(Region::new(REGION));
        config.credentials_provider(credentials).load().await
    }

    /// What makes another program work in this account, and in no other.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", self.account.clone()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}
