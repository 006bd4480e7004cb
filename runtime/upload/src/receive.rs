//! A picture as it comes over the wire: judged by its first bytes before the store hears of it, counted while it comes, and never held
//! whole.

use std::{sync::Arc, time::Duration};

use caller::Answer;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use telemetry::Log;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    judge,
    service::{Place, unstored},
    store::{Part, Store},
};

/// What is gathered before it goes to the store. S3 wants at least 5 MiB; a picture of 100 MiB has 13 of these.
pub(crate) const PART_BYTES: usize = 8 * 1024 * 1024;

/// How a picture is taken.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Where it goes.
    pub(crate) place: Place,
    /// What its sender says that it is.
    pub(crate) declared: Option<String>,
    /// Most bytes.
    pub(crate) most: u32,
    /// A sender that is silent for so long is given up.
    pub(crate) idle: Duration,
}

/// Takes a picture. Whatever goes wrong, nothing of it stays: not a refused one, not one whose sender went away.
pub(crate) async fn receive<S, B>(
    store: &Arc<S>,
    terms: &Terms,
    body: &mut B,
    stop: &mut watch::Receiver<bool>,
    log: &Log,
) -> Result<(), Answer>
where
    S: Store + 'static,
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let mut upload = Upload { store: store.clone(), terms, gathered: Vec::new(), begun: None, parts: Vec::new(), on_its_way: None };
    let ended = match upload.fill(body, stop).await {
        Ok(content_type) => upload.finish(content_type).await,
        Err(refusal) => Err(refusal),
    };
    if ended.is_err() {
        upload.forget(log).await;
    }
    ended
}

/// A picture that is not whole yet: in memory at most one part, and another one on its way.
struct Upload<'a, S> {
    store: Arc<S>,
    terms: &'a Terms,
    gathered: Vec<u8>,
    /// The identity of the upload, once there was more than one part.
    begun: Option<String>,
    parts: Vec<Part>,
    on_its_way: Option<JoinHandle<Result<Part, caller::StoreError>>>,
}

impl<S: Store + 'static> Upload<'_, S> {
    /// Reads the body to its end, and tells its type.
    async fn fill<B>(&mut self, body: &mut B, stop: &mut watch::Receiver<bool>) -> Result<&'static str, Answer>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
    {
        let (mut bytes, mut content_type) = (0_u64, None);
        while let Some(data) = self.next(body, stop).await? {
            bytes += data.len() as u64;
            if u64::from(self.terms.most) < bytes {
                return Err(judge::too_large_already(self.terms.most));
            }
            self.gathered.extend_from_slice(&data);
            if content_type.is_none() && judge::BEGIN_BYTES <= self.gathered.len() {
                content_type = Some(self.judge()?);
            }
            if let (Some(content_type), true) = (content_type, PART_BYTES <= self.gathered.len()) {
                self.flush(content_type).await?;
            }
        }
        content_type.map_or_else(|| self.judge(), Ok)
    }

    fn judge(&self) -> Result<&'static str, Answer> {
        judge::content_type(&self.gathered, self.terms.declared.as_deref())
    }

    /// The next bytes; nothing at the end.
    async fn next<B>(&self, body: &mut B, stop: &mut watch::Receiver<bool>) -> Result<Option<Bytes>, Answer>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
    {
        loop {
            let frame = tokio::select! {
                frame = timeout(self.terms.idle, body.frame()) => frame,
                _ = stop.wait_for(|stop| *stop) => return Err(Answer::unavailable("this server ends; send the picture again")),
            };
            match frame {
                Err(_) => {
                    let seconds = self.terms.idle.as_secs();
                    return Err(Answer::error(408, "too_slow", format!("nothing came for {seconds} seconds; send the picture again")));
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => {
                    return Err(Answer::error(400, "cut_off", "the body ended before its end").because(error.to_string()));
                }
                // Trailers are no part of a picture.
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Sends what was gathered, once the part before it has arrived.
    async fn flush(&mut self, content_type: &str) -> Result<(), Answer> {
        self.arrived().await?;
        let key = self.terms.place.key.clone();
        let upload = match &self.begun {
            Some(upload) => upload.clone(),
            None => {
                let upload = self.store.begin(&key, content_type).await.map_err(|error| unstored(error, &self.terms.place))?;
                self.begun.insert(upload).clone()
            }
        };
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let (store, bytes) = (self.store.clone(), std::mem::take(&mut self.gathered));
        self.on_its_way = Some(tokio::task::spawn_local(async move { store.part(&key, &upload, number, bytes).await }));
        Ok(())
    }

    /// Waits for the part that is on its way.
    async fn arrived(&mut self) -> Result<(), Answer> {
        let Some(on_its_way) = self.on_its_way.take() else { return Ok(()) };
        let part = on_its_way.await.map_err(|error| Answer::unavailable("the picture could not be stored").because(error.to_string()))?;
        self.parts.push(part.map_err(|error| unstored(error, &self.terms.place))?);
        Ok(())
    }

    async fn finish(&mut self, content_type: &'static str) -> Result<(), Answer> {
        if self.begun.is_none() {
            let picture = std::mem::take(&mut self.gathered);
            let put = self.store.put(&self.terms.place.key, content_type, picture).await;
            return put.map_err(|error| unstored(error, &self.terms.place));
        }
        if !self.gathered.is_empty() {
            self.flush(content_type).await?;
        }
        self.arrived().await?;
        let upload = self.begun.as_deref().unwrap_or_default();
        let whole = self.store.complete(&self.terms.place.key, upload, &self.parts).await;
        whole.map_err(|error| unstored(error, &self.terms.place))
    }

    /// Forgets what was sent. A part that arrived after that would stay, so the last one is waited for.
    async fn forget(&mut self, log: &Log) {
        drop(self.arrived().await);
        let Some(upload) = self.begun.take() else { return };
        if let Err(error) = self.store.abort(&self.terms.place.key, &upload).await {
            // The bucket's own rule throws the parts away after some days.
            log.warn("an unfinished picture could not be forgotten")
                .field(contract::logs::KEY, &self.terms.place.key)
                .because(&error)
                .write();
        }
    }
}
