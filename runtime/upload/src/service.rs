//! The service: a request that was let in, and what it gets.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use caller::{
    Answer, Gate, Passed, Request, Response, Settings, StoreError, clock::Clock, event::Event, keys::KeySource, token::Caller,
    token::Tokens,
};
use contract::upload::{Accepted, Form, MOST_DIRECT_BYTES, ROUTES, UploadConfig};
use sha2::{Digest, Sha256};
use telemetry::Log;
use ulid::{Generator, Overflow};

use crate::{declared, judge, show, store::Cloud};

/// The service: everything that it needs, and what one container remembers.
pub struct Uploads<C, S, T> {
    pub(crate) config: UploadConfig,
    /// Shared with uploads that outlive their request.
    pub(crate) cloud: Arc<C>,
    pub(crate) gate: Gate<S, T>,
    generator: Mutex<Generator>,
}

impl<C, S, T> std::fmt::Debug for Uploads<C, S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploads").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A picture's place before it is there.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) key: String,
}

impl<C: Cloud, S: KeySource, T: Clock> Uploads<C, S, T> {
    /// A service that has seen nobody yet.
    pub fn new(config: UploadConfig, cloud: C, keys: S, clock: T, log: Log) -> Self {
        let settings = Settings {
            tokens: Tokens { issuer: config.issuer.clone(), client_id: config.client_id.clone(), token_use: config.token_use.clone() },
            origins: config.origins.clone(),
            burst_per_second: config.burst_per_second,
            per_minute: config.per_minute,
            retry_after: config.retry_after.clone(),
            rate_table: config.rate_table.clone(),
        };
        Self { config, cloud: Arc::new(cloud), gate: Gate::new(settings, keys, clock, log), generator: Mutex::new(Generator::new()) }
    }

    /// Fetches the issuer's keys before the first request needs them; if that fails, the first request tries again.
    pub async fn warm(&self) {
        self.gate.warm().await;
    }

    /// What it asks of the cloud.
    pub fn cloud(&self) -> &C {
        &self.cloud
    }

    /// Answers a request that an HTTP API hands over whole.
    pub async fn handle(&self, event: Event) -> Response {
        let request = &Request::from(event);
        let answer = async |passed: Passed<'_>| match passed.pattern {
            "/images" => self.take(request, &passed.caller).await,
            _ => self.show(&passed).await,
        };
        // On the heap: one future with all that is called in it is too deep for the compiler.
        Box::pin(self.gate.handle(request, &ROUTES, &*self.cloud, answer)).await
    }

    /// Answers `GET /images/{id}`.
    pub(crate) async fn show(&self, passed: &Passed<'_>) -> Result<Answer, Answer> {
        show::image(passed.id, &folder(&passed.caller), &self.config, &*self.cloud).await
    }

    /// Answers `POST /images`: a picture, or the declaration of one.
    async fn take(&self, request: &Request, caller: &Caller) -> Result<Answer, Answer> {
        let declared = request.header("content-type");
        if judge::essence(declared) == "application/json" {
            let asked = declared::read(request, &self.config)?;
            let place = self.place(caller);
            let now = UNIX_EPOCH + Duration::from_millis(self.gate.clock().milliseconds());
            let form = self.cloud.form(&place.key, &asked.content_type, asked.bytes, now).await?;
            return Ok(accepted(&place, Some(form)));
        }
        let Some(picture) = request.body() else {
            return Err(Answer::error(400, "invalid_base64", "the body is marked as base64 and is none; send the picture's bytes"));
        };
        let most = self.config.max_bytes;
        if (most as usize) < picture.len() {
            return Err(judge::too_large(picture.len() as u64, most));
        }
        let content_type = judge::content_type(picture, declared)?;
        if (MOST_DIRECT_BYTES as usize) < picture.len() {
            return Err(judge::declare_it(picture.len()));
        }
        let place = self.place(caller);
        self.cloud.put(&place.key, content_type, picture.to_vec()).await.map_err(|error| unstored(error, &place))?;
        Ok(accepted(&place, None))
    }

    /// A new identity, below its owner's folder.
    pub(crate) fn place(&self, caller: &Caller) -> Place {
        let id = self.identity();
        Place { key: contract::upload::key(&self.config.incoming_prefix, &folder(caller), &id), id }
    }

    /// Those of one container sort in the order in which they were given.
    pub(crate) fn identity(&self) -> String {
        let now = UNIX_EPOCH + Duration::from_millis(self.gate.clock().milliseconds());
        let mut generator = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        generator.generate_from_datetime(now).unwrap_or_else(Overflow::commit_overflow_random).to_string()
    }
}

/// The folder of a user's pictures: of one length, without a letter that a path could take for its own, and a link to a proxy does not
/// tell who owns it.
fn folder(caller: &Caller) -> String {
    const BYTES: usize = 16;
    Sha256::digest(caller.user.as_bytes()).iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn accepted(place: &Place, form: Option<Form>) -> Answer {
    let body = Accepted { id: place.id.clone(), key: place.key.clone(), form };
    let answer = Answer::json(201, &body).header("location", format!("/images/{}", place.id)).header("cache-control", "no-store");
    Answer { key: Some(place.key.as_str().into()), ..answer }
}

/// The store did not take it: the client may try again, and nothing of the first try is to be seen.
pub(crate) fn unstored(error: StoreError, place: &Place) -> Answer {
    let answer = Answer::unavailable("the picture could not be stored; try again").because(error.with_causes());
    Answer { key: Some(place.key.as_str().into()), ..answer }
}
