//! S3: bytes, entity tags, versions, and a clock of its own.

use super::*;

/// The moment at which every test begins: 2026-11-23T10:00:00Z.
const BEGINNING: i64 = 1_795_428_000;

/// One version of an object.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) bytes: Vec<u8>,
    etag: String,
    modified_seconds: i64,
    sha256: Option<String>,
}

/// An object with all its versions, oldest first; none is a delete marker.
type Versions = Vec<Option<Version>>;

#[derive(Debug, Default)]
pub(crate) struct Store {
    objects: RefCell<BTreeMap<String, Versions>>,
    /// S3's clock moves by a second with every write, and with the pauses of the engine.
    writes: Cell<i64>,
}

impl ScriptedCloud {
    fn server_seconds(&self) -> i64 {
        BEGINNING + self.store.writes.get() + i64::try_from(self.now().as_secs()).unwrap()
    }

    /// The newest version of an object.
    pub(crate) fn newest(&self, bucket: &str, key: &str) -> Option<Version> {
        self.store.objects.borrow().get(&format!("{bucket}/{key}")).and_then(|versions| versions.last().cloned().flatten())
    }

    /// How often an object was written.
    pub(crate) fn versions(&self, bucket: &str, key: &str) -> usize {
        self.store.objects.borrow().get(&format!("{bucket}/{key}")).map_or(0, |versions| versions.iter().flatten().count())
    }

    /// Somebody else writes an object.
    pub(crate) fn put_bytes(&self, bucket: &str, key: &str, bytes: &[u8], sha256: Option<&str>) -> Stored {
        self.store.writes.set(self.store.writes.get() + 1);
        let mut objects = self.store.objects.borrow_mut();
        let versions = objects.entry(format!("{bucket}/{key}")).or_default();
        // As S3 does it without KMS: the same content has the same tag.
        let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        let (etag, server_seconds) = (format!("\"{sum:016x}\""), self.server_seconds());
        let sha256 = sha256.map(str::to_owned);
        versions.push(Some(Version { bytes: bytes.to_vec(), etag: etag.clone(), modified_seconds: server_seconds, sha256 }));
        Stored { etag, server_seconds }
    }

    /// Somebody else deletes an object.
    pub(crate) fn remove(&self, bucket: &str, key: &str) {
        self.store.objects.borrow_mut().entry(format!("{bucket}/{key}")).or_default().push(None);
    }

    /// The keys of a bucket under a prefix.
    pub(crate) fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let start = format!("{bucket}/{prefix}");
        let objects = self.store.objects.borrow();
        let there = objects.iter().filter(|(key, versions)| key.starts_with(&start) && matches!(versions.last(), Some(Some(_))));
        there.map(|(key, _)| key[bucket.len() + 1..].to_owned()).collect()
    }

    fn as_tagged(&self, bucket: &str, key: &str, etag: &str, operation: &'static str) -> Result<(), CloudError> {
        match self.newest(bucket, key) {
            Some(there) if there.etag == etag => Ok(()),
            Some(_) => Err(error(operation, ErrorKind::Conflict, "At least one of the pre-conditions you specified did not hold")),
            None => Err(error(operation, ErrorKind::NotFound, "The specified key does not exist.")),
        }
    }
}

impl Objects for ScriptedCloud {
    async fn has_object(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.call("s3", "HeadObject")?;
        Ok(self.newest(bucket, key).is_some())
    }

    async fn put_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError> {
        self.call("s3", "PutObject")?;
        self.wrote(format!("put {key}"));
        if self.interrupt_at_upload.get() {
            self.wish(Wish::Stop);
        }
        self.put_bytes(bucket, key, path.to_string_lossy().as_bytes(), Some(sha256));
        Ok(())
    }

    async fn put_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError> {
        self.call("s3", "PutObject")?;
        self.wrote(format!("put {key}"));
        self.put_bytes(bucket, key, text.as_bytes(), None);
        Ok(())
    }

    fn object_url(&self, bucket: &str, key: &str) -> String {
        format!("https://s3.example/{bucket}/{key}")
    }

    async fn empty_bucket(&self, bucket: &str) -> Result<u64, CloudError> {
        self.call("s3", "DeleteObjects")?;
        self.wrote(format!("empty {bucket}"));
        Ok(3)
    }

    async fn object(&self, bucket: &str, key: &str) -> Result<Option<StoredObject>, CloudError> {
        self.call("s3", "GetObject")?;
        Ok(self.newest(bucket, key).map(|there| StoredObject {
            bytes: there.bytes,
            etag: there.etag,
            modified_seconds: there.modified_seconds,
            server_seconds: self.server_seconds(),
        }))
    }

    async fn put_if(&self, bucket: &str, key: &str, text: &str, condition: Condition<'_>) -> Result<Stored, CloudError> {
        self.call("s3", "PutObjectIf")?;
        match condition {
            Condition::Absent if self.newest(bucket, key).is_some() => {
                return Err(error("PutObject", ErrorKind::Conflict, "At least one of the pre-conditions you specified did not hold"));
            }
            Condition::Absent => {}
            Condition::Matches(etag) => self.as_tagged(bucket, key, etag, "PutObject")?,
        }
        self.wrote(format!("put {key}"));
        let stored = self.put_bytes(bucket, key, text.as_bytes(), None);
        // The answer may be lost although the object is there.
        self.answer("PutObjectIf")?;
        self.faults.borrow_mut().told("PutObjectAnswer").map_or(Ok(stored), Err)
    }

    async fn delete_if(&self, bucket: &str, key: &str, etag: &str) -> Result<(), CloudError> {
        self.call("s3", "DeleteObject")?;
        self.as_tagged(bucket, key, etag, "DeleteObject")?;
        self.wrote(format!("remove {key}"));
        self.remove(bucket, key);
        Ok(())
    }

    async fn objects(&self, bucket: &str, prefix: &str) -> Result<Listing, CloudError> {
        self.call("s3", "ListObjectsV2")?;
        let listed = |key: String| {
            let there = self.newest(bucket, &key).unwrap();
            Listed { bytes: there.bytes.len() as u64, modified_seconds: there.modified_seconds, key }
        };
        let objects = self.keys(bucket, prefix).into_iter().map(listed).collect();
        Ok(Listing { objects, server_seconds: self.server_seconds() })
    }

    async fn delete_objects(&self, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
        self.call("s3", "DeleteObjects")?;
        for key in keys {
            self.wrote(format!("remove {key}"));
            self.remove(bucket, key);
        }
        Ok(())
    }

    async fn object_sha256(&self, bucket: &str, key: &str) -> Result<Option<String>, CloudError> {
        self.call("s3", "HeadObject")?;
        Ok(self.newest(bucket, key).map(|there| there.sha256.unwrap_or_else(|| "content".to_owned())))
    }
}
