//! Where pictures come from and go to: the few things that the handler asks of S3.

mod s3;

use std::{collections::BTreeMap, error::Error, future::Future};

pub use s3::S3Store;

use crate::spool::Arrivals;

/// Buckets of objects. The handler knows no more of S3 than this, so its tests need no cloud, and can make every call fail.
pub trait Store: Send + Sync {
    /// What an object is like, without its content.
    fn head(&self, bucket: &str, key: &str) -> impl Future<Output = Result<Head, StoreError>> + Send;

    /// An object's content, as long as it still has this entity tag, piece by piece into `arrivals`.
    ///
    /// It is well when all that was announced has arrived and is what was stored, or when no more is wanted.
    fn get(&self, bucket: &str, key: &str, etag: &str, arrivals: Arrivals) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes an object, in place of what is there.
    fn put(&self, bucket: &str, key: &str, object: NewObject) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Copies an object within its bucket, as long as it still has this entity tag.
    fn copy(&self, bucket: &str, key: &str, etag: &str, to: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes an object, as long as it still has this entity tag.
    fn delete(&self, bucket: &str, key: &str, etag: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Largest object that can be copied in one call, in bytes: S3's limit.
pub const MAX_COPY_BYTES: u64 = 5 << 30;

/// What an object is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its size.
    pub bytes: u64,
    /// Its entity tag, without quotes: another content has another one.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version: Option<String>,
    /// What its writer noted on it, by name.
    pub metadata: BTreeMap<String, String>,
}

/// An object to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    /// Its content.
    pub body: Vec<u8>,
    /// What its content is, such as `image/jpeg`.
    pub content_type: &'static str,
    /// Notes on it, by name; S3 takes ASCII only.
    pub metadata: Vec<(&'static str, String)>,
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such object.
    #[error("there is no object `{key}` in `{bucket}`")]
    Missing {
        /// Where it was looked for.
        bucket: String,
        /// What was looked for.
        key: String,
    },
    /// The object is not the one that was meant any more.
    #[error("the object `{key}` in `{bucket}` has changed")]
    Changed {
        /// Where it lies.
        bucket: String,
        /// Which it is.
        key: String,
    },
    /// Anything else: the network, too many requests, a missing permission. It may work the next time.
    #[error("could not {doing} `{key}` in `{bucket}`")]
    Failed {
        /// What was being done, such as `read`.
        doing: &'static str,
        /// In which bucket.
        bucket: String,
        /// To which object.
        key: String,
        /// What the store said.
        source: Box<dyn Error + Send + Sync>,
    },
}
