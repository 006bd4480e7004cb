//! Objects in buckets.

use std::path::Path;

use super::CloudError;

/// S3.
#[expect(async_fn_in_trait, reason = "the engine runs on one thread, so no future needs to be Send")]
pub trait Objects {
    /// Whether an object exists.
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError>;
    /// Store a file, verified by its SHA-256 on arrival.
    async fn put_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError>;
    /// Store a text.
    async fn put_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError>;
    /// The URL under which CloudFormation finds an object.
    fn object_url(&self, bucket: &str, key: &str) -> String;
    /// Delete every object of a bucket, all versions; how many.
    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError>;
}
