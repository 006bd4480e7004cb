//! Objects in buckets.

use std::path::Path;

use super::CloudError;

/// What must be true of an object for it to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// It does not exist.
    Absent,
    /// Its content is still the one with this entity tag.
    Matches(&'a str),
}

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its entity tag.
    pub etag: String,
    /// When, in seconds since 1970, by the clock of whoever keeps it.
    pub server_seconds: i64,
}

/// An object that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its entity tag.
    pub etag: String,
    /// When it was written, in seconds since 1970.
    pub modified_seconds: i64,
    /// What time it was when it was read, by the same clock.
    pub server_seconds: i64,
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// When it was written, in seconds since 1970.
    pub modified_seconds: i64,
}

/// The objects under a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// All of them, in the order of their keys.
    pub objects: Vec<Listed>,
    /// What time it was, by the clock that dates the objects.
    pub server_seconds: i64,
}

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
    /// An object with its content; none when it does not exist.
    async fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>, CloudError>;
    /// Store a text if a condition holds. [`ErrorKind::Conflict`](super::ErrorKind::Conflict) when it does not.
    async fn put_if(&self, bucket: &str, key: &str, text: &str, condition: Condition<'_>) -> Result<Stored, CloudError>;
    /// Delete an object if its entity tag is still this one. [`ErrorKind::Conflict`](super::ErrorKind::Conflict) when it is not.
    async fn delete_if(&self, bucket: &str, key: &str, etag: &str) -> Result<(), CloudError>;
    /// Every object whose key begins with a prefix.
    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Listing, CloudError>;
    /// Delete objects. In a bucket with versions, the old versions stay.
    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError>;
    /// The SHA-256 of an object as S3 keeps it, or of its content where S3 keeps none; none when it does not exist.
    async fn object_sha256(&self, bucket: &str, key: &str) -> Result<Option<String>, CloudError>;
}
