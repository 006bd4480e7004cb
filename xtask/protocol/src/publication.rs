//! Bringing artifacts to the cloud without deploying them.

use std::path::PathBuf;

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

/// Bring a container image to the repository of an environment. What is there already is not sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Push {
    /// Where to.
    pub target: Target,
    /// The folder with the image, an OCI image layout.
    pub layout: PathBuf,
    /// The digest of its manifest: `sha256:…`.
    pub digest: String,
    /// The stack that holds the repository.
    pub repository_stack: StackRef,
    /// Its output that gives the repository's URI, without a scheme.
    pub repository_output: String,
}
