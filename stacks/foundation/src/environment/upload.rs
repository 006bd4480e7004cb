//! Settings of uploads: how pictures come in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::texts::{CertificateArn, ImageDigest};

/// How pictures come in over the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upload {
    /// By a function behind the API, or by servers behind a load balancer.
    pub mode: UploadMode,

    /// Minutes for which a form that takes a picture, and a link to a proxy, is good.
    #[schemars(range(min = 1, max = 60))]
    pub link_minutes: u32,

    /// Memory of the function in MB as Lambda counts them; it holds a picture of 4 MiB three times on its way.
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,

    /// Servers, for the mode `stream` alone; two stand in two zones.
    #[schemars(range(min = 1, max = 20))]
    pub servers: u32,

    /// Pictures that one server takes at once, for the mode `stream` alone; each may hold 16 MiB of its memory of 1 GiB.
    #[schemars(range(min = 1, max = 48))]
    pub uploads_per_server: u32,

    /// Whether there is a repository for the servers' image, into which `cargo xtask image --push` brings it; it costs what is in it.
    pub repository: bool,

    /// The certificate of the load balancer's host name, for the mode `stream`, which does without HTTPS under no circumstances.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CertificateArn")]
    pub certificate_arn: Option<CertificateArn>,

    /// The servers' container image in ECR, for the mode `stream`: named by its digest, because a tag can be moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ImageDigest")]
    pub image: Option<ImageDigest>,
}

/// How pictures come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UploadMode {
    /// A function takes pictures up to 4 MiB, and signs forms by which larger ones go to S3 themselves; costs nothing when idle.
    Presigned,
    /// Servers on Fargate take every picture in one request; a load balancer and the servers cost money all the time.
    Stream,
}

impl UploadMode {
    /// The service's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Presigned => "presigned",
            Self::Stream => "stream",
        }
    }
}

impl Default for Upload {
    fn default() -> Self {
        Self {
            mode: UploadMode::Presigned,
            link_minutes: 15,
            memory_mb: 512,
            servers: 2,
            uploads_per_server: 16,
            repository: false,
            certificate_arn: None,
            image: None,
        }
    }
}
