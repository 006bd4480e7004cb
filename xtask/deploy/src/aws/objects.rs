//! Objects under conditions, lists of them, and what time S3 thinks it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use aws_sdk_s3::types::{ChecksumMode, Delete, ObjectIdentifier};
use engine::cloud::{CloudError, Condition, ErrorKind, Listed, Listing, Stored, StoredObject};
use sha2::{Digest, Sha256};

use super::{Aws, errors};

const SERVICE: &str = "s3";

/// As many keys as DeleteObjects takes.
const DELETED_AT_ONCE: usize = 1_000;

/// The time in the `Date` of the last answer: S3 dates objects by the same clock.
#[derive(Debug, Clone, Default)]
struct ServerClock(Arc<AtomicI64>);

impl ServerClock {
    fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Intercept for ServerClock {
    fn name(&self) -> &'static str {
        "ServerClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(date) = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok()) {
            self.0.store(date.secs(), Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Aws {
    /// A client, and the clock of whoever answers it. One clock per call: calls overlap.
    fn dated_s3(&self) -> (aws_sdk_s3::Client, ServerClock) {
        let clock = ServerClock::default();
        let config = aws_sdk_s3::config::Builder::from(&self.config).interceptor(clock.clone()).build();
        (aws_sdk_s3::Client::from_conf(config), clock)
    }

    pub(super) async fn read_object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>, CloudError> {
        self.count(SERVICE);
        let (s3, clock) = self.dated_s3();
        let got = s3.get_object().bucket(bucket).key(key).send().await;
        let Some(got) = no_key(got.map_err(|error| errors::of(SERVICE, "GetObject", error)))? else { return Ok(None) };
        let (etag, modified) = (got.e_tag.unwrap_or_default(), got.last_modified);
        let bytes = got.body.collect().await.map_err(|error| broken("GetObject", &error))?.to_vec();
        let server_seconds = clock.seconds();
        Ok(Some(StoredObject { bytes, etag, modified_seconds: modified.map_or(server_seconds, |time| time.secs()), server_seconds }))
    }

    pub(super) async fn write_if(&self, bucket: &str, key: &str, text: &str, condition: Condition<'_>) -> Result<Stored, CloudError> {
        self.count(SERVICE);
        let (s3, clock) = self.dated_s3();
        let body = ByteStream::from(text.as_bytes().to_vec());
        let call = s3.put_object().bucket(bucket).key(key).content_type("application/json").body(body);
        let call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Matches(etag) => call.if_match(etag),
        };
        let put = call.send().await.map_err(|error| errors::of(SERVICE, "PutObject", error))?;
        Ok(Stored { etag: put.e_tag.unwrap_or_default(), server_seconds: clock.seconds() })
    }

    /// Not every endpoint knows conditional deletes; there, what was read a moment ago has to do.
    pub(super) async fn remove_if(&self, bucket: &str, key: &str, etag: &str) -> Result<(), CloudError> {
        self.count(SERVICE);
        let call = self.s3().delete_object().bucket(bucket).key(key).if_match(etag);
        let gone = call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "DeleteObject", error));
        match gone {
            Err(error) if error.code.as_deref() == Some("NotImplemented") => {}
            other => return other,
        }
        match self.read_object(bucket, key).await? {
            Some(found) if found.etag == etag => {
                self.count(SERVICE);
                let call = self.s3().delete_object().bucket(bucket).key(key);
                call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "DeleteObject", error))
            }
            Some(_) => Err(CloudError { kind: ErrorKind::Conflict, ..broken("DeleteObject", &"the object is another one by now") }),
            None => Ok(()),
        }
    }

    pub(super) async fn list(&self, bucket: &str, prefix: &str) -> Result<Listing, CloudError> {
        let (s3, clock) = self.dated_s3();
        let mut objects = Vec::new();
        let mut token = None;
        loop {
            self.count(SERVICE);
            let call = s3.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token);
            let page = call.send().await.map_err(|error| errors::of(SERVICE, "ListObjectsV2", error))?;
            objects.extend(page.contents.unwrap_or_default().into_iter().map(|object| Listed {
                key: object.key.unwrap_or_default(),
                bytes: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                // Without a date it is as young as can be: nobody may take it for old.
                modified_seconds: object.last_modified.map_or(i64::MAX, |time| time.secs()),
            }));
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(Listing { objects, server_seconds: clock.seconds() });
            }
        }
    }

    pub(super) async fn remove_all(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
        for keys in keys.chunks(DELETED_AT_ONCE) {
            let objects = keys.iter().filter_map(|key| ObjectIdentifier::builder().key(key).build().ok()).collect();
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let delete = delete.map_err(|error| broken("DeleteObjects", &error))?;
            self.count(SERVICE);
            let done = self.s3().delete_objects().bucket(bucket).delete(delete).send().await;
            let done = done.map_err(|error| errors::of(SERVICE, "DeleteObjects", error))?;
            if let Some(first) = done.errors.unwrap_or_default().into_iter().next() {
                let message = format!("{}: {}", first.key.unwrap_or_default(), first.message.unwrap_or_default());
                return Err(CloudError { code: first.code, ..broken("DeleteObjects", &message) });
            }
        }
        Ok(())
    }

    /// As S3 computed it at the upload. What was uploaded in parts has only a checksum of checksums, so its content is read.
    pub(super) async fn sha256_of(&self, bucket: &str, key: &str) -> Result<Option<String>, CloudError> {
        self.count(SERVICE);
        let head = self.s3().head_object().bucket(bucket).key(key).checksum_mode(ChecksumMode::Enabled).send().await;
        let Some(head) = no_key(head.map_err(|error| errors::of(SERVICE, "HeadObject", error)))? else { return Ok(None) };
        let whole = head.checksum_sha256.filter(|checksum| !checksum.contains('-'));
        if let Some(bytes) = whole.and_then(|checksum| aws_smithy_types::base64::decode(checksum).ok()) {
            return Ok(Some(hexadecimal(&bytes)));
        }
        self.count(SERVICE);
        let got = self.s3().get_object().bucket(bucket).key(key).send().await;
        let Some(mut got) = no_key(got.map_err(|error| errors::of(SERVICE, "GetObject", error)))? else { return Ok(None) };
        let mut sha = Sha256::new();
        while let Some(bytes) = got.body.try_next().await.map_err(|error| broken("GetObject", &error))? {
            sha.update(&bytes);
        }
        Ok(Some(hexadecimal(&sha.finalize())))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// None for an object that does not exist; a bucket that does not exist is an error.
fn no_key<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Err(error) if error.code.as_deref() == Some("NoSuchBucket") => Err(error),
        other => errors::absent(other),
    }
}

fn broken(operation: &'static str, error: &impl std::fmt::Display) -> CloudError {
    CloudError { service: SERVICE, operation, code: None, message: error.to_string(), kind: ErrorKind::Other }
}
