//! Buckets in memory. Every call can be made to fail, and the world can change just before any call.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::Mutex,
    sync::atomic::{AtomicUsize, Ordering},
};

use transcode::spool::{Appetite, Arrivals};
use transcode::store::{Head, NewObject, Store, StoreError};

/// Bucket and key.
pub(crate) type Place = (String, String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What comes before a call: it may change the objects, and it may make the call fail.
type Before = Box<dyn FnMut(&str, &mut BTreeMap<Place, Object>) -> Option<&'static str> + Send>;

#[derive(Default)]
pub(crate) struct MemoryStore {
    objects: Mutex<BTreeMap<Place, Object>>,
    calls: Mutex<Vec<String>>,
    before: Mutex<Option<Before>>,
    breaks_off_once: Mutex<Option<usize>>,
    sent: AtomicUsize,
}

pub(crate) fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn place(bucket: &str, key: &str) -> Place {
    (bucket.to_owned(), key.to_owned())
}

impl MemoryStore {
    /// A store with these objects in the source bucket.
    pub(crate) fn with(objects: &[(&str, &[u8])]) -> Self {
        let store = Self::default();
        for (key, body) in objects {
            store.upload(key, body);
        }
        store
    }

    pub(crate) fn upload(&self, key: &str, body: &[u8]) {
        put(&mut self.objects.lock().unwrap(), key, body);
    }

    /// Runs before each call; the call is named like `get photos-in/in/a.jpg`.
    pub(crate) fn before_each(&self, before: impl FnMut(&str, &mut BTreeMap<Place, Object>) -> Option<&'static str> + Send + 'static) {
        *self.before.lock().unwrap() = Some(Box::new(before));
    }

    /// Makes the call of this number (from 0) fail, once.
    pub(crate) fn fail_call(&self, number: usize) {
        let mut count = 0;
        self.before_each(move |_, _| {
            count += 1;
            (count == number + 1).then_some("503 Slow Down")
        });
    }

    /// Makes the next object that is read break off after so many bytes.
    pub(crate) fn break_off(&self, after: usize) {
        *self.breaks_off_once.lock().unwrap() = Some(after);
    }

    /// How many bytes of objects were sent.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn get_object(&self, bucket: &str, key: &str) -> Option<Object> {
        self.objects.lock().unwrap().get(&place(bucket, key)).cloned()
    }

    pub(crate) fn insert(&self, place: Place, object: Object) {
        self.objects.lock().unwrap().insert(place, object);
    }

    pub(crate) fn objects(&self) -> BTreeMap<Place, Object> {
        self.objects.lock().unwrap().clone()
    }

    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        self.objects.lock().unwrap().keys().filter(|(in_bucket, _)| in_bucket == bucket).map(|(_, key)| key.clone()).collect()
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    fn call<T>(
        &self,
        doing: &'static str,
        bucket: &str,
        key: &str,
        act: impl FnOnce(&mut BTreeMap<Place, Object>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let name = format!("{doing} {bucket}/{key}");
        let mut objects = self.objects.lock().unwrap();
        let trouble = self.before.lock().unwrap().as_mut().and_then(|before| before(&name, &mut objects));
        self.calls.lock().unwrap().push(name);
        match trouble {
            Some(trouble) => Err(StoreError::Failed { doing, bucket: bucket.to_owned(), key: key.to_owned(), source: trouble.into() }),
            None => act(&mut objects),
        }
    }
}

/// Puts an object into the source bucket.
pub(crate) fn put(objects: &mut BTreeMap<Place, Object>, key: &str, body: &[u8]) {
    let object = Object { body: body.to_vec(), content_type: "application/octet-stream".to_owned(), metadata: BTreeMap::new() };
    objects.insert(place(super::SOURCE, key), object);
}

fn find<'a>(objects: &'a BTreeMap<Place, Object>, bucket: &str, key: &str, if_etag: Option<&str>) -> Result<&'a Object, StoreError> {
    let (bucket_name, key_name) = place(bucket, key);
    let object = objects.get(&place(bucket, key)).ok_or(StoreError::Missing { bucket: bucket_name, key: key_name })?;
    let (bucket, key) = place(bucket, key);
    if if_etag.is_some_and(|wanted| wanted != etag(&object.body)) { Err(StoreError::Changed { bucket, key }) } else { Ok(object) }
}

impl Store for MemoryStore {
    async fn head(&self, bucket: &str, key: &str) -> Result<Head, StoreError> {
        self.call("head", bucket, key, |objects| {
            let Object { body, metadata, .. } = find(objects, bucket, key, None)?;
            Ok(Head { bytes: body.len() as u64, etag: etag(body), version: Some("v1".to_owned()), metadata: metadata.clone() })
        })
    }

    async fn get(&self, bucket: &str, key: &str, etag: &str, mut arrivals: Arrivals) -> Result<(), StoreError> {
        let body = self.call("get", bucket, key, |objects| Ok(find(objects, bucket, key, Some(etag))?.body.clone()))?;
        let failed =
            |source: io::Error| StoreError::Failed { doing: "get", bucket: bucket.to_owned(), key: key.to_owned(), source: source.into() };
        let breaks_off = self.breaks_off_once.lock().unwrap().take();
        let sent = breaks_off.unwrap_or(body.len()).min(body.len());
        for chunk in body[..sent].chunks(1_000) {
            self.sent.fetch_add(chunk.len(), Ordering::Relaxed);
            if arrivals.append(chunk).map_err(failed)? == Appetite::Enough {
                return Ok(());
            }
            // As a network does, so that the decoder may have a look at it.
            tokio::task::yield_now().await;
        }
        arrivals.complete().map_err(failed)
    }

    async fn put(&self, bucket: &str, key: &str, object: NewObject) -> Result<(), StoreError> {
        self.call("put", bucket, key, |objects| {
            let NewObject { body, content_type, metadata } = object;
            let metadata = metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            objects.insert(place(bucket, key), Object { body, content_type: content_type.to_owned(), metadata });
            Ok(())
        })
    }

    async fn copy(&self, bucket: &str, key: &str, etag: &str, to: &str) -> Result<(), StoreError> {
        self.call("copy", bucket, key, |objects| {
            let object = find(objects, bucket, key, Some(etag))?.clone();
            objects.insert(place(bucket, to), object);
            Ok(())
        })
    }

    async fn delete(&self, bucket: &str, key: &str, etag: &str) -> Result<(), StoreError> {
        self.call("delete", bucket, key, |objects| {
            // As S3 does: deleting what is not there is no mistake, deleting something else is one.
            match find(objects, bucket, key, Some(etag)) {
                Ok(_) => drop(objects.remove(&place(bucket, key))),
                Err(StoreError::Missing { .. }) => {}
                Err(changed) => return Err(changed),
            }
            Ok(())
        })
    }
}
