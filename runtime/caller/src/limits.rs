//! How often one user may ask: two exact sliding windows in one item, written under a condition.
//!
//! Only requests that are let in count, so whoever hammers at the door still gets what is his. The item holds the times of the last
//! minute and a version. Whoever writes names the version that he read; a lost race brings the present item, and the question is
//! decided anew. So two containers cannot let the same place be taken twice, however their requests interleave.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{StoreError, clock::Clock};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60_000;

/// An item is kept for so long after its last request, in seconds: longer than its windows, so that DynamoDB forgets nothing that counts.
const KEPT_SECONDS: u64 = 180;

/// How many users one container remembers. Their items are at most a few kilobytes each.
const REMEMBERED: usize = 1_000;

/// Counts requests per user.
pub trait RateStore {
    /// Writes a user's item if its version is still `expected`, or if there is none and `expected` is nothing: one conditional write.
    /// DynamoDB may forget it after `expires_at`, in seconds since 1970.
    fn write(
        &self,
        user: &str,
        expected: Option<u64>,
        window: &Window,
        expires_at: u64,
    ) -> impl Future<Output = Result<Written, StoreError>>;
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is written.
    Yes,
    /// Somebody was faster: the item as it is, or nothing where there is none.
    No(Option<Window>),
}

/// What is known of a user's last requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// Grows with every write, also over an item's end: it is never below the time of the write in milliseconds.
    pub version: u64,
    /// When the requests were let in, in milliseconds since 1970, oldest first.
    pub times: Vec<u64>,
}

/// How many requests are let in.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Within any second.
    pub burst_per_second: usize,
    /// Within any minute.
    pub per_minute: usize,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may come in once this is written.
    Admit(Window),
    /// It has to come again.
    Refuse {
        /// How long nothing will be let in, in milliseconds.
        wait_milliseconds: u64,
    },
}

impl Limits {
    /// Decides by what was let in so far.
    ///
    /// Clocks of containers differ by some milliseconds. Time does not go back here: a request counts as made at the last known time, or
    /// later, so that the windows hold for the times in the item whatever the clocks say.
    #[must_use]
    pub fn judge(&self, present: Option<&Window>, now: u64) -> Verdict {
        let known = present.map(|window| window.times.as_slice()).unwrap_or_default();
        // Times a minute ahead come from a broken clock: better that its user gets a fresh window than that he is locked out until then.
        let known = &known[..known.partition_point(|&time| time <= now + MINUTE)];
        let at = known.last().map_or(now, |&last| last.max(now));
        let within = |length: u64| &known[known.partition_point(|&time| time + length <= at)..];

        let waits = [(self.burst_per_second, SECOND), (self.per_minute, MINUTE)].map(|(limit, length)| {
            let recent = within(length);
            let full = recent.len().checked_sub(limit).and_then(|too_many| recent.get(too_many));
            full.map_or(0, |first_to_leave| (first_to_leave + length).saturating_sub(now).max(1))
        });
        match waits.into_iter().max() {
            None | Some(0) => {
                let times = within(MINUTE).iter().copied().chain([at]).collect();
                Verdict::Admit(Window { version: present.map_or(now, |window| (window.version + 1).max(now)), times })
            }
            Some(wait_milliseconds) => Verdict::Refuse { wait_milliseconds },
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is in, and counted.
    Admitted,
    /// It has to come again.
    Refused {
        /// How long nothing will be let in, in milliseconds.
        wait_milliseconds: u64,
    },
}

/// The limits, and what this container knows of its users.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    known: Mutex<HashMap<String, Window>>,
}

impl Limiter {
    /// A limiter that knows nobody yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, known: Mutex::default() }
    }

    /// Lets a request in, or not.
    ///
    /// What this container remembers may be too old to let anybody in, and the write finds that out. It is never too old to refuse:
    /// others can only have let in more. So a user who is over his limit costs no call.
    ///
    /// # Errors
    ///
    /// The store did not answer; nobody knows whether the request would have been one too many.
    pub async fn admit(&self, store: &impl RateStore, clock: &impl Clock, user: &str) -> Result<Admission, StoreError> {
        let mut lost = 0;
        loop {
            let now = clock.milliseconds();
            let present = self.known().get(user).cloned();
            let window = match self.limits.judge(present.as_ref(), now) {
                Verdict::Refuse { wait_milliseconds } => return Ok(Admission::Refused { wait_milliseconds }),
                Verdict::Admit(window) => window,
            };
            let expires_at = window.times.last().map_or(now, |&last| last) / SECOND + KEPT_SECONDS;
            match store.write(user, present.map(|window| window.version), &window, expires_at).await? {
                Written::Yes => {
                    self.remember(user, window);
                    return Ok(Admission::Admitted);
                }
                Written::No(Some(newer)) => self.remember(user, newer),
                Written::No(None) => drop(self.known().remove(user)),
            }
            lost += 1;
            // Each lost race is another request of this user that came in; so many of them are more than the limits know.
            if self.limits.per_minute + self.limits.burst_per_second < lost {
                return Ok(Admission::Refused { wait_milliseconds: SECOND });
            }
        }
    }

    /// Keeps the newer of what was known and what was just seen: two requests may be on their way at once.
    fn remember(&self, user: &str, window: Window) {
        let mut known = self.known();
        if REMEMBERED <= known.len() && !known.contains_key(user) {
            // Whoever is forgotten costs one call more the next time.
            known.clear();
        }
        let slot = known.entry(user.to_owned()).or_default();
        if slot.version < window.version {
            *slot = window;
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Window>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
