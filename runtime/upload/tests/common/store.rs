//! Two buckets in memory, whose calls can be told to fail.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use caller::{
    StoreError,
    limits::{RateStore, Window, Written},
};
use contract::upload::Form;
use upload::store::{Part, Store};

/// What the store holds, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Whole pictures of the bucket for arrivals: type and bytes.
    pub(crate) pictures: BTreeMap<String, (String, Vec<u8>)>,
    /// Pictures that are not whole, by the identity of their upload.
    pub(crate) unfinished: BTreeMap<String, (String, BTreeMap<i32, Vec<u8>>)>,
    pub(crate) proxies: Vec<String>,
    pub(crate) reasons: BTreeMap<String, Vec<u8>>,
    pub(crate) calls: Vec<&'static str>,
    rates: HashMap<String, Window>,
    fails: Option<&'static str>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryStore(Arc<Mutex<Held>>);

impl MemoryStore {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    /// Every call of that name fails from now on.
    pub(crate) fn fail(&self, call: &'static str) {
        self.look(|held| held.fails = Some(call));
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.look(|held| held.calls.clone())
    }

    /// Whether there is nothing in it, whole or not.
    pub(crate) fn is_empty(&self) -> bool {
        self.look(|held| held.pictures.is_empty() && held.unfinished.is_empty())
    }

    async fn call<T>(&self, name: &'static str, work: impl FnOnce(&mut Held) -> T) -> Result<T, StoreError> {
        // Others get their turn, as they do while a real call is on its way.
        tokio::task::yield_now().await;
        self.look(|held| {
            held.calls.push(name);
            if held.fails == Some(name) { Err(StoreError::new(name, "a test said so")) } else { Ok(work(held)) }
        })
    }
}

impl RateStore for MemoryStore {
    async fn write(&self, user: &str, expected: Option<u64>, window: &Window, _: u64) -> Result<Written, StoreError> {
        Ok(self.look(|held| {
            let present = held.rates.get(user).cloned();
            if present.as_ref().map(|window| window.version) != expected {
                return Written::No(present);
            }
            held.rates.insert(user.to_owned(), window.clone());
            Written::Yes
        }))
    }
}

impl Store for MemoryStore {
    async fn put(&self, key: &str, content_type: &str, picture: Vec<u8>) -> Result<(), StoreError> {
        self.call("put", |held| drop(held.pictures.insert(key.to_owned(), (content_type.to_owned(), picture)))).await
    }

    async fn begin(&self, key: &str, content_type: &str) -> Result<String, StoreError> {
        self.call("begin", |held| {
            let upload = format!("upload of {key}");
            held.unfinished.insert(upload.clone(), (content_type.to_owned(), BTreeMap::new()));
            upload
        })
        .await
    }

    async fn part(&self, _: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part, StoreError> {
        self.call("part", |held| {
            held.unfinished.get_mut(upload).unwrap().1.insert(number, bytes);
            Part { number, etag: number.to_string(), crc32: None }
        })
        .await
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[Part]) -> Result<(), StoreError> {
        self.call("complete", |held| {
            let (content_type, written) = held.unfinished.remove(upload).unwrap();
            let (last, others) = parts.split_last().unwrap();
            assert!(others.iter().all(|part| 5 * 1024 * 1024 <= written[&part.number].len()), "S3 takes no smaller part but the last");
            let whole = others.iter().chain([last]).map(|part| written[&part.number].as_slice()).collect::<Vec<_>>().concat();
            held.pictures.insert(key.to_owned(), (content_type, whole));
        })
        .await
    }

    async fn abort(&self, _: &str, upload: &str) -> Result<(), StoreError> {
        self.call("abort", |held| drop(held.unfinished.remove(upload))).await
    }

    async fn form(&self, key: &str, content_type: &str, bytes: u64, _: SystemTime) -> Result<Form, StoreError> {
        let fields = [("key", key.to_owned()), ("Content-Type", content_type.to_owned()), ("bytes", bytes.to_string())];
        let fields = fields.map(|(name, value)| (name.to_owned(), value)).into();
        self.call("form", |_| Form { url: "https://photos-in.example.com/".to_owned(), fields, expires_at: 1 }).await
    }

    async fn arrived(&self, key: &str) -> Result<bool, StoreError> {
        self.call("arrived", |held| held.pictures.contains_key(key)).await
    }

    async fn has_proxy(&self, key: &str) -> Result<bool, StoreError> {
        self.call("has_proxy", |held| held.proxies.iter().any(|proxy| proxy == key)).await
    }

    async fn reason(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call("reason", |held| held.reasons.get(key).cloned()).await
    }

    async fn link(&self, key: &str) -> Result<String, StoreError> {
        self.call("link", |_| format!("https://photos-out.example.com/{key}?signed")).await
    }
}
