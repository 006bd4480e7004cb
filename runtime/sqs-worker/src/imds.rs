//! The instance metadata service (IMDSv2: with a token): who this machine is, and whether it is about to go.

use std::fmt;
use std::time::Duration;

use aws_config::imds;

use crate::Notice;
use crate::notice::Told;

/// EC2 announces the end of a Spot instance two minutes before; AWS advises to look each five seconds.
const GLANCE: Duration = Duration::from_secs(5);
/// There while the instance is in an Auto Scaling group: the state that it is on its way to.
const TARGET: &str = "/latest/meta-data/autoscaling/target-lifecycle-state";
/// The tag that Auto Scaling gives its instances; there once the launch template lets tags into the metadata.
const GROUP_NAME: &str = "/latest/meta-data/tags/instance/aws:autoscaling:groupName";

/// Beside EC2 nobody answers at that address.
const PATIENCE: Duration = Duration::from_secs(1);

/// The service of this machine, which is known to answer.
#[derive(Clone)]
pub struct Imds {
    client: imds::Client,
    instance_id: String,
    instance_type: String,
    glance: Duration,
    /// Whether the instance was in service since the worker looks.
    in_service: bool,
    /// Whether it was told that the group takes the instance.
    taken: bool,
}

/// The instance is in an Auto Scaling group whose name it cannot know.
#[derive(Debug, thiserror::Error)]
#[error(
    "the instance is in an Auto Scaling group, and its metadata has no tag `aws:autoscaling:groupName`: the launch template needs `InstanceMetadataTags: enabled`"
)]
pub struct Nameless;

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
        Some(Self { client, instance_id, instance_type, glance, in_service: false, taken: false })
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

    /// Name of the Auto Scaling group that the instance is in, if it is in one.
    ///
    /// # Errors
    ///
    /// When it is in one, and its tags cannot be seen from within.
    pub async fn group(&self) -> Result<Option<String>, Nameless> {
        match (self.read(GROUP_NAME).await, self.read(TARGET).await) {
            (Some(name), _) => Ok(Some(name.trim().to_owned())),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Nameless),
        }
    }

    /// Why the state that the instance is on its way to ends its work, if it does.
    fn taken(&mut self, target: &str) -> Option<&'static str> {
        match target {
            "InService" => {
                self.in_service = true;
                None
            }
            // A lifecycle hook may still hold it.
            "Terminated" | "Warmed:Terminated" => Some("the Auto Scaling group ends the instance"),
            // `Standby`, `Detached`, back into the warm pool. One that never was in service is on its way out of that pool.
            _ => self.in_service.then_some("the Auto Scaling group takes the instance out of service"),
        }
    }

    /// What stands there; nothing while nothing does, and when the service does not answer this once.
    async fn read(&self, path: &str) -> Option<String> {
        self.client.get(path).await.ok().map(String::from)
    }
}

impl Notice for Imds {
    async fn told(&mut self) -> Told {
        loop {
            // There is such a document only once the instance is about to be stopped or terminated.
            if self.read("/latest/meta-data/spot/instance-action").await.is_some() {
                return Told::soon("EC2 takes the Spot instance back");
            }
            if !self.taken
                && let Some(target) = self.read(TARGET).await
                && let Some(reason) = self.taken(target.trim())
            {
                self.taken = true;
                return Told::waits(reason);
            }
            tokio::time::sleep(self.glance).await;
        }
    }
}
