//! Settings that every stack shares: alerts, protection, artifacts.

use super::texts::{EmailAddress, WebAddress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many days CloudWatch Logs can keep a log group: these and no others.
pub const LOG_RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Who is told when something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// E-mail addresses that alarms go to; `[]` for nobody.
    ///
    /// AWS sends each a letter with a link that the person must follow before anything else arrives.
    #[schemars(extend("uniqueItems" = true))]
    pub emails: Vec<EmailAddress>,

    /// Where people read the runbooks of `docs/runbooks/`: the text of each alarm ends with this address and the runbook's file name.
    ///
    /// Left out, it ends with the path in the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WebAddress")]
    pub runbooks: Option<WebAddress>,
}

/// Where the runbooks are in the repository.
pub const RUNBOOKS: &str = "docs/runbooks";

impl Alerts {
    /// Where the runbook of an alarm is read; `name` is its file's without the ending.
    #[must_use]
    pub fn runbook(&self, name: &str) -> String {
        let folder = self.runbooks.as_ref().map_or(RUNBOOKS, WebAddress::as_str);
        format!("{}/{name}.md", folder.trim_end_matches('/'))
    }
}

/// What a deploy or destroy by mistake must not take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Whether CloudFormation refuses to delete this environment's stacks until a person takes the protection off.
    pub termination: bool,
    /// What happens to buckets, tables and keys when their stack, or their place in it, is deleted.
    pub data: DataProtection,
}

/// What happens to stateful resources when their stack, or their place in it, is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DataProtection {
    /// They stay in the account, without a stack.
    Keep,
    /// They are deleted, with all that is in them.
    Delete,
}

/// The bucket of build artifacts and of the release ledger.
///
/// What a release may still need is never deleted by age: artifacts are stored under their digest and never overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Artifacts {
    /// Days for which overwritten and deleted objects can be brought back.
    #[schemars(range(min = 1, max = 3650))]
    pub old_version_days: u32,
    /// Days after which parts of an upload that was never finished are deleted; nobody sees them, but they cost.
    #[schemars(range(min = 1, max = 365))]
    pub incomplete_upload_days: u32,
}

impl Default for Artifacts {
    fn default() -> Self {
        Self { old_version_days: 30, incomplete_upload_days: 7 }
    }
}
