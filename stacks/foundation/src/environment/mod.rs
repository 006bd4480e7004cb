//! What differs between environments: one file each, read strictly.
//!
//! `environments/prod.yaml` becomes an [`Environment`], or a list of everything that is wrong with it, each with its line. The JSON
//! schema that editors complete from ([`schema`]) is made from the same Rust types that read the file, and its bounds are the ones
//! that are enforced: a setting is described, bounded and defaulted once, at its field.

mod api;
mod basics;
mod check;
mod deploys;
mod fleet;
mod github;
mod imagegen;
mod images;
mod jobs;
mod mistakes;
mod nearest;
mod network;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
mod texts;
mod upload;

pub use api::{Api, ApiAlarms, Login, RetryAfter, TokenUse};
pub use basics::{Alerts, Artifacts, DataProtection, LOG_RETENTION_DAYS, Protection, RUNBOOKS};
pub use deploys::{Deploys, MOST_ALARMS, Rollback};
pub use fleet::{Engine, Fleet, FleetAlarms, FleetMode, ModelFile};
pub use github::{Github, IdentityProvider};
pub use imagegen::{Imagegen, ImagegenAlarms};
pub use images::{Architecture, ImageAlarms, Images};
pub use jobs::{Encryption, JobAlarms, Jobs};
pub use mistakes::{Mistake, Mistakes, Related};
pub use nearest::nearest;
pub use network::{Egress, Network};
pub use schema::schema;
pub use texts::{
    AccountId, AlarmName, DeploymentEnvironment, EmailAddress, Endpoint, EnvironmentName, Region, Repository, WebAddress, WrongForm,
};
pub use texts::{CertificateArn, DomainPrefix, ImageDigest, ImageModel, InstanceType, Model, ModelKey, Origin, ServerUrl, Sha256};
pub use upload::{Upload, UploadMode};

use cfn_kit::yaml;
use check::Check;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name of an environment: it becomes part of stack names and of everything that AWS names after a stack.
pub const MAXIMUM_NAME_LENGTH: usize = 20;

/// One environment of the platform: where it lives, how much it may keep, and how its queues and functions are set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The environment's name, from the name of its file: `staging` for `environments/staging.yaml`.
    #[serde(skip)]
    pub name: String,

    /// AWS account that this environment lives in, in quotes.
    ///
    /// A deploy compares it with the account of your credentials before it sends anything else.
    pub account: AccountId,

    /// AWS region that this environment lives in.
    pub region: Region,

    /// Where requests go instead of AWS: `local-cloud` for the local cloud that `cargo xtask local` runs, or a URL.
    ///
    /// Left out, they go to AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Endpoint")]
    pub endpoint_url: Option<Endpoint>,

    /// The jobs on GitHub that may deploy this environment; left out, none may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Github")]
    pub github: Option<Github>,

    /// How long logs are kept, in days: one of the values that CloudWatch Logs allows.
    #[schemars(extend("enum" = LOG_RETENTION_DAYS))]
    pub log_retention_days: u32,

    /// Who is told when something is wrong.
    pub alerts: Alerts,

    /// What a deploy or destroy by mistake must not take away.
    pub protection: Protection,

    /// What has to be before a deploy, and what watches over it.
    #[serde(default)]
    pub deploy: Deploys,

    /// The bucket of build artifacts and of the release ledger.
    #[serde(default)]
    pub artifacts: Artifacts,

    /// The job queue, its dead-letter queue and the jobs table.
    pub jobs: Jobs,

    /// The HTTP API: who may call it, how often, and with how much.
    #[serde(default)]
    pub api: Api,

    /// The network that workers run in.
    #[serde(default)]
    pub network: Network,

    /// The workers: what they run on, how many there are, and which model they have.
    #[serde(default)]
    pub fleet: Fleet,

    /// Generated pictures: a prompt in, a picture out.
    #[serde(default)]
    pub imagegen: Imagegen,

    /// The image pipeline: pictures in, smaller JPEGs out.
    pub images: Images,
}

impl Environment {
    /// Reads an environment from the text of its file.
    ///
    /// `name` is the environment's name; `file` is what the mistakes call the file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, in the order of its lines: broken YAML, unknown, missing and repeated keys, values of the
    /// wrong type or out of range, and values that do not fit together.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Self, Mistakes> {
        // Editors on Windows put a mark in front that is no part of the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut check = Check::new(file, text);
        check.name(name);
        match yaml::read(text) {
            Err(error) => check.not_yaml(&error),
            Ok(document) => {
                check.document(&document.root);
                rules::apply(&mut check, &document.root);
            }
        }
        check.finish()?;
        match serde_yaml::from_str::<Self>(text) {
            Ok(environment) => Ok(Self { name: name.to_owned(), ..environment }),
            // Whatever the schema lets through and the type does not is still a mistake with a place, not a crash.
            Err(error) => Err(Mistakes::from_serde(file, text, &error)),
        }
    }
}
