//! A platform, as whoever deploys it sees it.

use crate::environment::Environment;
use crate::stack::Finished;

/// The short name of the stack that holds code, long templates and release records. Every platform has it, before all others.
pub const ARTIFACTS: &str = "artifacts";

/// The output of [`ARTIFACTS`] that names its bucket.
pub const ARTIFACT_BUCKET: &str = "BucketName";

/// The output of the execution role's stack that gives the role.
pub const ROLE_ARN: &str = "RoleArn";

/// The tag that says which environment a stack belongs to.
pub const ENVIRONMENT_TAG: &str = "cloudwright:environment";

/// What an environment is made of, for a program that must not be compiled again whenever a stack changes.
///
/// Functions and not a list of stacks: the same environment gives the same bytes, whoever asks and how often.
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    /// All stacks of an environment, each after those that it needs.
    pub stacks: fn(&Environment) -> Vec<Finished>,
    /// What CloudFormation itself may do in an environment that holds these stacks; an administrator deploys it.
    pub execution_role: fn(&Environment, &[Finished]) -> Finished,
}
