//! What the service asks of the store of pictures: a small trait, so that its tests can make every call fail.

mod s3;

use std::{future::Future, time::SystemTime};

use caller::{StoreError, limits::RateStore};
use contract::upload::Form;

pub use s3::S3;

/// All that the service asks of the cloud beside the keys of tokens.
pub trait Cloud: Store + RateStore {}

impl<T: Store + RateStore> Cloud for T {}

/// A part of a picture that S3 has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its place among the parts, from 1 on.
    pub number: i32,
    /// Its entity tag.
    pub etag: String,
    /// Its checksum, as S3 counted it.
    pub crc32: Option<String>,
}

/// The bucket that pictures arrive in, and the one for proxies.
pub trait Store {
    /// Writes a whole picture.
    fn put(&self, key: &str, content_type: &str, picture: Vec<u8>) -> impl Future<Output = Result<(), StoreError>>;

    /// Begins a picture that comes in parts, and gives the upload's identity. Nothing is to be seen of it until it is whole.
    fn begin(&self, key: &str, content_type: &str) -> impl Future<Output = Result<String, StoreError>>;

    /// Writes a part; all but the last must have at least 5 MiB.
    fn part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> impl Future<Output = Result<Part, StoreError>>;

    /// Makes the parts one picture.
    fn complete(&self, key: &str, upload: &str, parts: &[Part]) -> impl Future<Output = Result<(), StoreError>>;

    /// Forgets a picture that is not whole, with all its parts.
    fn abort(&self, key: &str, upload: &str) -> impl Future<Output = Result<(), StoreError>>;

    /// A form by which anybody may put exactly so many bytes under this key, until its end.
    fn form(&self, key: &str, content_type: &str, bytes: u64, now: SystemTime) -> impl Future<Output = Result<Form, StoreError>>;

    /// Whether a picture lies in the bucket for arrivals.
    fn arrived(&self, key: &str) -> impl Future<Output = Result<bool, StoreError>>;

    /// Whether a proxy is there.
    fn has_proxy(&self, key: &str) -> impl Future<Output = Result<bool, StoreError>>;

    /// What stands beside a rejected picture; nothing when it is not rejected.
    fn reason(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// A link by which anybody may fetch a proxy for a few minutes.
    fn link(&self, key: &str) -> impl Future<Output = Result<String, StoreError>>;
}
