//! A platform, as whoever deploys it sees it.

use crate::environment::{Architecture, Environment};
use crate::stack::Finished;

/// The short name of the stack that holds code, long templates and release records. Every platform has it, before all others.
pub const ARTIFACTS: &str = "artifacts";

/// The output of [`ARTIFACTS`] that names its bucket.
pub const ARTIFACT_BUCKET: &str = "BucketName";

/// The output of [`ARTIFACTS`] that gives the URI of the repository for container images, where an environment has one.
pub const IMAGE_REPOSITORY: &str = "ImageRepositoryUri";

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
    /// Who may deploy from outside of the account; an administrator deploys it, where the environment names somebody.
    pub account: fn(&Environment, &[Finished]) -> Option<Finished>,
    /// The program that an environment can run in a container.
    pub image: fn(&Environment) -> ContainerImage,
}

/// A program in a container, as the stack that runs it expects it: what the image says and what the template says are one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerImage {
    /// The package, with a binary of the same name.
    pub binary: &'static str,
    /// The processor that it runs on.
    pub architecture: Architecture,
    /// User and group that it runs as, in numbers: an image without accounts knows no names.
    pub user: &'static str,
    /// The TCP port that it listens on.
    pub port: u32,
    /// The setting of an environment that names the image by its digest: `images.upload.image`.
    pub setting: &'static str,
    /// The setting that makes the repository for it: `images.upload.repository`.
    pub repository_setting: &'static str,
}

impl Platform {
    /// Every stack of an environment: those that a deploy makes, then those that an administrator makes once.
    #[must_use]
    pub fn with_administered(&self, environment: &Environment) -> Vec<Finished> {
        let mut stacks = (self.stacks)(environment);
        let administered = [Some((self.execution_role)(environment, &stacks)), (self.account)(environment, &stacks)];
        stacks.extend(administered.into_iter().flatten());
        stacks
    }
}
