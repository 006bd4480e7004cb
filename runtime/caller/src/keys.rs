//! The issuer's public keys: kept for at most ten minutes, and fetched no more often than anybody's tokens may make us.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;

use crate::{StoreError, clock::Clock};

/// Keys older than this are not used, whatever happens: a key that its issuer withdrew must end.
pub const KEPT_MILLISECONDS: u64 = 600_000;

/// A key that is not among those at hand may be a new one, and may be anybody's invention: however many come, the keys are fetched once
/// in so many milliseconds.
pub const UNKNOWN_KEY_INTERVAL_MILLISECONDS: u64 = 30_000;

/// Without usable keys nobody can come in, so that a failed fetch is tried again sooner.
pub const RETRY_INTERVAL_MILLISECONDS: u64 = 1_000;

/// A user pool has two keys; a set with many more is none of its.
const MOST_KEYS: usize = 32;

/// Where the keys come from.
pub trait KeySource {
    /// The key set as the issuer publishes it: JSON. Bounded in size and time.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, StoreError>>;
}

/// The keys, and when they were fetched.
pub struct Keys<S> {
    source: S,
    state: Mutex<State>,
    /// Held by whoever fetches: the others wait for what he gets.
    fetching: tokio::sync::Mutex<()>,
}

impl<S> std::fmt::Debug for Keys<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    keys: HashMap<String, DecodingKey>,
    fetched_at: Option<u64>,
    tried_at: Option<u64>,
}

/// Why there is no key.
#[derive(Debug)]
pub(crate) enum NoKey {
    /// The issuer has no such key, as far as we may know; the error says why we may not know more.
    Unknown(Option<StoreError>),
    /// There are no keys at all.
    Unavailable(Option<StoreError>),
}

impl<S: KeySource> Keys<S> {
    /// Keys of this source; none yet.
    pub fn new(source: S) -> Self {
        Self { source, state: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// Where the keys come from.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// Fetches the keys before the first request needs them.
    ///
    /// # Errors
    ///
    /// The source did not answer, or not with keys; the first request will try again.
    pub async fn warm(&self, clock: &impl Clock) -> Result<(), StoreError> {
        let _fetching = self.fetching.lock().await;
        let outcome = self.fetch(clock).await;
        if outcome.is_err() {
            // A function's first milliseconds are not the request's fault: it gets a try of its own.
            self.state().tried_at = None;
        }
        outcome
    }

    /// The key of that id.
    pub(crate) async fn find(&self, id: &str, clock: &impl Clock) -> Result<DecodingKey, NoKey> {
        if let Some(key) = self.at_hand(id, clock) {
            return Ok(key);
        }
        let _fetching = self.fetching.lock().await;
        // Whoever waited may find what another one fetched.
        if let Some(key) = self.at_hand(id, clock) {
            return Ok(key);
        }
        let now = clock.milliseconds();
        let (fresh, tried_at) = {
            let state = self.state();
            (state.is_fresh(now), state.tried_at)
        };
        let interval = if fresh { UNKNOWN_KEY_INTERVAL_MILLISECONDS } else { RETRY_INTERVAL_MILLISECONDS };
        let may_try = tried_at.is_none_or(|tried_at| now < tried_at || interval <= now - tried_at);
        let error = if may_try { self.fetch(clock).await.err() } else { None };
        match self.at_hand(id, clock) {
            Some(key) => Ok(key),
            None if self.state().is_fresh(clock.milliseconds()) => Err(NoKey::Unknown(error)),
            None => Err(NoKey::Unavailable(error)),
        }
    }

    /// Only for whoever holds `fetching`.
    async fn fetch(&self, clock: &impl Clock) -> Result<(), StoreError> {
        let now = clock.milliseconds();
        self.state().tried_at = Some(now);
        let text = self.source.fetch().await?;
        let keys = parse(&text).map_err(|error| StoreError::new("read the issuer's keys", error))?;
        let mut state = self.state();
        // Their age counts from the question: they may have been withdrawn while the answer was on its way.
        (state.keys, state.fetched_at) = (keys, Some(now));
        Ok(())
    }

    fn at_hand(&self, id: &str, clock: &impl Clock) -> Option<DecodingKey> {
        let state = self.state();
        state.is_fresh(clock.milliseconds()).then(|| state.keys.get(id).cloned()).flatten()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A clock that went back makes keys of the future: they are not fresh either.
    fn is_fresh(&self, now: u64) -> bool {
        self.fetched_at.is_some_and(|at| at <= now && now - at < KEPT_MILLISECONDS)
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Key>,
}

/// A key of a set; what belongs to other kinds of keys is not looked at.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The RSA keys of a set that may sign tokens with RS256.
fn parse(text: &[u8]) -> Result<HashMap<String, DecodingKey>, Box<dyn std::error::Error + Send + Sync>> {
    let Set { keys } = serde_json::from_slice(text)?;
    if MOST_KEYS < keys.len() {
        return Err(format!("there are {} keys, it must be at most {MOST_KEYS}", keys.len()).into());
    }
    let mut usable = HashMap::new();
    for Key { kty, kid, alg, used_for, n, e } in keys {
        let signs = kty == "RSA" && alg.is_none_or(|alg| alg == "RS256") && used_for.is_none_or(|used_for| used_for == "sig");
        let (true, Some(kid), Some(n), Some(e)) = (signs, kid, n, e) else { continue };
        usable.insert(kid, DecodingKey::from_rsa_components(&n, &e)?);
    }
    if usable.is_empty() { Err("there is no RSA key for signatures among them".into()) } else { Ok(usable) }
}
