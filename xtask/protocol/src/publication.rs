//! Bringing artifacts to the cloud without deploying them.

use serde::{Deserialize, Serialize};

use crate::{Artifact, StackRef, Target};

/// Upload what a later deploy of the same binaries will need. What is there already is not sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publish {
    /// Where to.
    pub target: Target,
    /// What to upload.
    pub artifacts: Vec<Artifact>,
    /// The stack that holds the artifact bucket.
    pub bucket_stack: StackRef,
    /// Its output that names the bucket.
    pub bucket_output: String,
}
