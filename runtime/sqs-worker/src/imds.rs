//! The instance metadata service (IMDSv2: with a token): who this machine is, and whether it is about to go.

use std::fmt;
use std::time::Duration;

use aws_config::imds;

use crate::Notice;

/// EC2 announces the end of a Spot instance two minutes before; AWS advises to look each five seconds.
const GLANCE: Duration = Duration::from_secs(5);
/// Beside EC2 nobody answers at that address.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service of this machine, which is known to answer.
#[derive(Clone)]
pub struct Imds {
    client: imds::Client,
    instance_id: String,
    instance_type: String,
    glance: Duration,
}

impl fmt::Debug for Imds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imds").field("instance_id", &self.instance_id).finish_non_exhaustive()
    }
}

impl Imds {
    /// Asks who this machine is; nothing where nobody answers, which is every machine beside EC2.
    pub async fn find() -> Option<Self> {
        Self::ask(imds::Client::builder(), GLANCE).await
    }

    /// The same, of a service at another address.
    pub async fn find_at(endpoint: &str, glance: Duration) -> Option<Self> {
        Self::ask(imds::Client::builder().endpoint(endpoint).ok()?, glance).await
    }

    async fn ask(builder: imds::client::Builder, glance: Duration) -> Option<Self> {
        let client = builder.connect_timeout(PATIENCE).read_timeout(PATIENCE).max_attempts(2).build();
        let instance_id = client.get("/latest/meta-data/instance-id").await.ok()?.into();
        let instance_type = client.get("/latest/meta-data/instance-type").await.ok()?.into();
        Some(Self { client, instance_id, instance_type, glance })
    }

    /// The instance, such as `i-0123456789abcdef0`.
    #[must_use]
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    /// Its type, such as `g5.xlarge`.
    #[must_use]
    pub fn instance_type(&self) -> &str {
        &self.instance_type
    }

    /// What stands there; nothing while nothing does, and when the service does not answer this once.
    async fn read(&self, path: &str) -> Option<String> {
        self.client.get(path).await.ok().map(String::from)
    }
}

impl Notice for Imds {
    async fn told(&mut self) -> &'static str {
        loop {
            // There is such a document only once the instance is about to be stopped or terminated.
            if self.read("/latest/meta-data/spot/instance-action").await.is_some() {
                return "EC2 takes the Spot instance back";
            }
            // `Terminated` is what Auto Scaling wants it to become; a lifecycle hook may still hold it.
            if self.read("/latest/meta-data/autoscaling/target-lifecycle-state").await.is_some_and(|state| state.trim() == "Terminated") {
                return "the Auto Scaling group scales in";
            }
            tokio::time::sleep(self.glance).await;
        }
    }
}
