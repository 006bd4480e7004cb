//! Settings of the `account` stack: who may deploy without a stored key.

use super::texts::{DeploymentEnvironment, Repository};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The jobs on GitHub that may deploy this environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// Repository whose jobs may deploy: `owner/name`, or `owner@1234/name@5678` where GitHub signs their numbers too.
    ///
    /// It does for repositories made, renamed or moved since July 2026: `gh api repos/OWNER/NAME/actions/oidc/customization/sub` shows
    /// the text. The numbers outlive the names, so that nobody can take over a name that was given up.
    pub repository: Repository,

    /// Environment of that repository that a job must run in, as GitHub spells it; who must approve a deploy is set there.
    pub environment: DeploymentEnvironment,

    /// Whether the `account` stack of this environment makes the account's identity provider for GitHub.
    #[serde(default)]
    pub provider: IdentityProvider,
}

/// Where the account's identity provider for GitHub comes from: an account can have one, for all of its environments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdentityProvider {
    /// This environment's `account` stack makes it.
    #[default]
    Create,
    /// It is there: another environment or another team made it.
    Existing,
}
