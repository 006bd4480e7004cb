//! One object: proxies of it as it is now, or its removal with the reason why not.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use contract::{
    images::{MAX_KEY_BYTES, PROXY_CONTENT_TYPE, TranscodeConfig, metadata, proxy_key, reason_key, reject_key},
    logs,
    metrics::{self, Unit},
};
use picture::{Proxy, Reason, Refusal, TranscodeError};
use serde::Serialize;
use telemetry::Line;

use crate::{
    event::ObjectEvent,
    handler::{ComeAgain, Transcoder},
    spool::spool,
    store::{Head, MAX_COPY_BYTES, NewObject, Store, StoreError},
};

/// The way from pixels to pixels: raise it when the same input would give other proxies, so that the old ones are made anew.
const PIPELINE: u32 = 3;

/// How often an object may be replaced while it is worked on before its message has to wait.
const MAX_CHANGES: usize = 3;

/// How proxies are made with these settings, as it is noted on them; those with another note are stale.
#[must_use]
pub fn recipe(config: &TranscodeConfig) -> String {
    let proxies = &config.proxies;
    let light = if proxies.linear_light { ", linear light" } else { "" };
    format!("{PIPELINE}, quality {}, background {}{light}", proxies.jpeg_quality, proxies.background)
}

/// What became of one look at an object.
enum Turn {
    /// There is nothing more to do.
    Done,
    /// It is another object now.
    Again,
}

impl<S: Store> Transcoder<S> {
    pub(crate) async fn object_event(&self, event: &ObjectEvent, message_id: &str) -> Result<(), ComeAgain> {
        let task = Task { transcoder: self, event, message_id, begun: Instant::now() };
        if event.bucket != self.config.source_bucket {
            // Nothing is wrong with the picture: somebody has wired a bucket to this queue, and should find out.
            task.about(self.log.error("the event is of another bucket than the source bucket")).write();
            return Err(ComeAgain);
        }
        // A console makes folders as empty objects whose keys end with a slash.
        if !event.is_creation() || !event.key.starts_with(&self.config.incoming_prefix) || event.key.ends_with('/') {
            task.about(self.log.info("the event is of no new picture")).write();
            return Ok(());
        }
        for _ in 0..MAX_CHANGES {
            match task.turn().await {
                Ok(Turn::Done) => return Ok(()),
                Ok(Turn::Again) | Err(StoreError::Changed { .. }) => {}
                Err(error @ StoreError::Missing { .. }) if error.is_about(event) => {
                    task.about(self.log.info("the picture is gone")).write();
                    return Ok(());
                }
                Err(error @ (StoreError::Missing { .. } | StoreError::Failed { .. })) => {
                    task.about(self.log.error("the picture will be tried again")).because(&error).write();
                    return Err(ComeAgain);
                }
            }
        }
        task.about(self.log.warn("the picture keeps changing and will be tried again")).write();
        Err(ComeAgain)
    }
}

impl StoreError {
    fn is_about(&self, event: &ObjectEvent) -> bool {
        match self {
            Self::Missing { bucket, key } | Self::Changed { bucket, key } | Self::Failed { bucket, key, .. } => {
                (bucket, key) == (&event.bucket, &event.key)
            }
        }
    }
}

/// The work that one event asks for.
struct Task<'a, S> {
    transcoder: &'a Transcoder<S>,
    event: &'a ObjectEvent,
    message_id: &'a str,
    begun: Instant,
}

impl<S: Store> Task<'_, S> {
    async fn turn(&self) -> Result<Turn, StoreError> {
        let store = &self.transcoder.store;
        let ObjectEvent { bucket, key, .. } = self.event;
        let head = store.head(bucket, key).await?;
        if self.is_up_to_date(&head).await? {
            self.about(self.transcoder.log.info("the proxies are up to date")).field(logs::ETAG, &head.etag).write();
            return Ok(Turn::Done);
        }
        if let Err(refusal) = self.check(&head) {
            return self.refuse(&head, refusal).await;
        }
        let proxies = match self.proxies(&head).await? {
            Ok(proxies) => proxies,
            Err(refusal) => return self.refuse(&head, refusal).await,
        };
        for proxy in proxies {
            self.write(&head, proxy).await?;
        }
        // Two events may be worked on side by side. Whoever writes last looks again, so the proxies end up as those of the newest picture.
        if store.head(bucket, key).await?.etag != head.etag {
            return Ok(Turn::Again);
        }
        let milliseconds = self.begun.elapsed().as_secs_f64() * 1_000.0;
        self.about(self.transcoder.log.info("the proxies are written"))
            .field(logs::ETAG, &head.etag)
            .metric(metrics::TRANSCODED_IMAGES, Unit::Count, 1.0)
            .metric(metrics::TRANSCODE_MILLISECONDS, Unit::Milliseconds, milliseconds.round())
            .write();
        Ok(Turn::Done)
    }

    /// Makes the proxies while the picture still arrives, or says why there are none.
    async fn proxies(&self, head: &Head) -> Result<Result<Vec<Proxy>, Refusal>, StoreError> {
        let ObjectEvent { bucket, key, .. } = self.event;
        let failed =
            |source: io::Error| StoreError::Failed { doing: "read", bucket: bucket.clone(), key: key.clone(), source: source.into() };
        let (arrivals, mut arrived) = spool(head.bytes).map_err(failed)?;
        let config = Arc::clone(&self.transcoder.config);
        // On a thread of its own, since it waits for what has not arrived.
        let work = tokio::task::spawn_blocking(move || {
            let made = picture::transcode(&mut arrived, &config.proxies, &config.limits);
            let decided_by_the_header = match &made {
                Err(TranscodeError::Refused(refusal)) => refusal.reason.is_about_the_header(),
                Err(TranscodeError::Memory { .. }) => true,
                Ok(_) | Err(TranscodeError::Source(_)) => false,
            };
            if decided_by_the_header {
                arrived.enough();
            }
            made
        });
        let (read, made) = tokio::join!(self.transcoder.store.get(bucket, key, &head.etag, arrivals), work);
        // First: nothing is known of a picture that did not arrive as it was stored, whatever the decoder thinks of it.
        read?;
        match made {
            Ok(Ok(proxies)) => Ok(Ok(proxies)),
            Ok(Err(TranscodeError::Refused(refusal))) => Ok(Err(refusal)),
            Ok(Err(TranscodeError::Source(error))) => Err(failed(error)),
            Ok(Err(error @ TranscodeError::Memory { .. })) => {
                Err(StoreError::Failed { doing: "decode", bucket: bucket.clone(), key: key.clone(), source: error.into() })
            }
            Err(_) => Ok(Err(Refusal::new(Reason::DecoderFailed, "the decoder panicked"))),
        }
    }

    /// Whether every proxy was made from this very object in the way it would be made now.
    async fn is_up_to_date(&self, head: &Head) -> Result<bool, StoreError> {
        let config = &self.transcoder.config;
        let recipe = recipe(config);
        for &box_edge in &config.proxies.boxes {
            let key = proxy_key(&self.event.key, box_edge);
            if key.len() > MAX_KEY_BYTES {
                return Ok(false);
            }
            let proxy = match self.transcoder.store.head(&config.destination_bucket, &key).await {
                Ok(proxy) => proxy,
                Err(StoreError::Missing { .. }) => return Ok(false),
                Err(error @ (StoreError::Changed { .. } | StoreError::Failed { .. })) => return Err(error),
            };
            let noted = |name, value: &str| proxy.metadata.get(name).is_some_and(|noted| noted == value);
            if !noted(metadata::SOURCE_ETAG, &head.etag) || !noted(metadata::RECIPE, &recipe) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What can be refused before it is read.
    fn check(&self, head: &Head) -> Result<(), Refusal> {
        let config = &self.transcoder.config;
        let most = config.limits.max_input_bytes;
        if head.bytes > most {
            return Err(Refusal::new(Reason::TooManyBytes, format!("the file has {} bytes, allowed are {most}", head.bytes)));
        }
        let longest = config.proxies.boxes.iter().map(|&edge| proxy_key(&self.event.key, edge).len()).max().unwrap_or_default();
        if longest > MAX_KEY_BYTES {
            return Err(Refusal::new(Reason::KeyTooLong, format!("a proxy's key would have {longest} bytes, allowed are {MAX_KEY_BYTES}")));
        }
        Ok(())
    }

    async fn write(&self, head: &Head, proxy: Proxy) -> Result<(), StoreError> {
        let config = &self.transcoder.config;
        let mut notes = vec![(metadata::SOURCE_ETAG, head.etag.clone()), (metadata::RECIPE, recipe(config))];
        notes.extend(head.version.clone().map(|version| (metadata::SOURCE_VERSION, version)));
        let object = NewObject { body: proxy.jpeg, content_type: PROXY_CONTENT_TYPE, metadata: notes };
        self.transcoder.store.put(&config.destination_bucket, &proxy_key(&self.event.key, proxy.box_edge), object).await
    }

    /// Moves the picture away, with the reason beside it, and counts it: last, so that a move which is interrupted and tried again counts once.
    async fn refuse(&self, head: &Head, refusal: Refusal) -> Result<Turn, StoreError> {
        let (store, config, log) = (&self.transcoder.store, &self.transcoder.config, &self.transcoder.log);
        let ObjectEvent { bucket, key, .. } = self.event;
        let rejected = reject_key(&config.reject_prefix, key, &head.etag);
        // What is too large to be moved stays where it is; the reason tells of it all the same.
        let movable = head.bytes <= MAX_COPY_BYTES;
        if movable {
            store.copy(bucket, key, &head.etag, &rejected).await?;
        }
        let why = Why { reason: refusal.reason, detail: &refusal.detail, bucket, key, etag: &head.etag, bytes: head.bytes, moved: movable };
        let body = serde_json::to_vec_pretty(&why).map_err(|error| StoreError::Failed {
            doing: "describe",
            bucket: bucket.clone(),
            key: key.clone(),
            source: error.into(),
        })?;
        let note = NewObject { body, content_type: "application/json", metadata: Vec::new() };
        store.put(bucket, &reason_key(&rejected), note).await?;
        if movable {
            store.delete(bucket, key, &head.etag).await?;
        }
        self.about(log.warn("the picture is refused"))
            .field(logs::ETAG, &head.etag)
            .field(logs::REASON, refusal.reason.as_str())
            .because(&refusal)
            .metric(metrics::TRANSCODE_FAILURES, Unit::Count, 1.0)
            .write();
        Ok(Turn::Done)
    }

    /// Adds to a line which object and which message it is about.
    fn about<'l>(&self, line: Line<'l>) -> Line<'l> {
        let ObjectEvent { bucket, key, .. } = self.event;
        line.field(logs::MESSAGE_ID, self.message_id).field(logs::BUCKET, bucket).field(logs::KEY, key)
    }
}

/// The JSON object beside a refused picture.
#[derive(Serialize)]
struct Why<'a> {
    reason: Reason,
    detail: &'a str,
    bucket: &'a str,
    key: &'a str,
    etag: &'a str,
    bytes: u64,
    moved: bool,
}
