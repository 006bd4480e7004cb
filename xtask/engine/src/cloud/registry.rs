//! What the engine asks of the registry of container images.

use serde_json::json;

use super::{Action, Ask, Protocol, Service};

static ECR: Service =
    Service::new("ecr", Protocol::Json { version: "1.1", target: "AmazonEC2ContainerRegistry_V20150921" }).at("api.ecr", "ecr");

/// A password for the registry. It is a secret, so no question to a service gives it: only who pushes an image may have it.
const TOKEN: Action = Action::unchecked(&ECR, "GetAuthorizationToken");

/// The question for a password of the registry, good for twelve hours.
#[must_use]
pub fn registry_login() -> Ask {
    TOKEN.ask(json!({}))
}

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// Bytes that were sent; none when the registry had all of it.
    pub bytes: u64,
}
