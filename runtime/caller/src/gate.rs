//! Every request: its origin, its route, who asks and how often, what the program answers, its line in the log.

use contract::{
    Words, logs,
    metrics::{API_RATE_LIMIT_BREACHES, DIMENSION_RATE_TABLE, Unit},
};
use telemetry::Log;

use crate::{
    answer::Answer,
    clock::Clock,
    cors::{self, Origin},
    event::{Request, Response},
    keys::{KeySource, Keys},
    limits::{Admission, Limiter, Limits, RateStore},
    routes::{self, Found, Routes},
    token::{self, Caller, Denied, Tokens},
};

/// Who is let in.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which tokens are taken.
    pub tokens: Tokens,
    /// Origins that browsers may call from, beside any port of localhost and every `capacitor://` origin.
    pub origins: Words,
    /// Requests that one user may make within any second.
    pub burst_per_second: u32,
    /// Requests that one user may make within any minute.
    pub per_minute: u32,
    /// What `Retry-After` says: `60` says so whatever is left to wait, `exact` the seconds that are left.
    pub retry_after: String,
    /// The table that counts requests. All programs that share it share the limits, so that refusals are counted by its name.
    pub rate_table: String,
}

/// What stands before a program: everything that it needs, and what one container remembers.
pub struct Gate<S, T> {
    settings: Settings,
    keys: Keys<S>,
    clock: T,
    log: Log,
    limiter: Limiter,
}

impl<S, T> std::fmt::Debug for Gate<S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A request that was let in.
#[derive(Debug)]
pub struct Passed<'r> {
    /// The route's path, as [`Routes`] write it.
    pub pattern: &'static str,
    /// What stands for `{id}` in the path; nothing where the route has none.
    pub id: &'r str,
    /// Who asks.
    pub caller: Caller,
}

/// Who asked and by which route: what the access line says beside the answer.
#[derive(Default)]
struct Seen {
    route: Option<&'static str>,
    user: Option<String>,
}

impl<S: KeySource, T: Clock> Gate<S, T> {
    /// A gate that has seen nobody yet.
    pub fn new(settings: Settings, keys: S, clock: T, log: Log) -> Self {
        let limits = Limits { burst_per_second: settings.burst_per_second as usize, per_minute: settings.per_minute as usize };
        Self { settings, keys: Keys::new(keys), clock, log, limiter: Limiter::new(limits) }
    }

    /// Fetches the issuer's keys before the first request needs them; if that fails, the first request tries again.
    pub async fn warm(&self) {
        if let Err(error) = self.keys.warm(&self.clock).await {
            self.log.warn("the issuer's keys could not be fetched in advance").because(&error).write();
        }
    }

    /// Where its keys come from.
    pub fn key_source(&self) -> &S {
        self.keys.source()
    }

    /// Where its lines go.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What time it is.
    pub fn clock(&self) -> &T {
        &self.clock
    }

    /// Answers a request, by `answer` when it is let in, and writes one line about it.
    pub async fn handle<'r>(
        &self,
        request: &'r Request,
        routes: Routes,
        rates: &impl RateStore,
        answer: impl AsyncFnOnce(Passed<'r>) -> Result<Answer, Answer>,
    ) -> Response {
        let began = self.clock.milliseconds();
        let origin = Origin::of(request.header("origin"), &self.settings.origins);
        let mut seen = Seen::default();
        let answer = match self.enter(request, routes, rates, origin, &mut seen).await {
            Ok(Entered::Passed(passed)) => answer(passed).await.unwrap_or_else(|refusal| refusal),
            Ok(Entered::Preflight(answer)) | Err(answer) => answer,
        };
        self.access_line(request, &answer, &seen, began);
        respond(answer, origin)
    }

    async fn enter<'r>(
        &self,
        request: &'r Request,
        routes: Routes,
        rates: &impl RateStore,
        origin: Origin<'_>,
        seen: &mut Seen,
    ) -> Result<Entered<'r>, Answer> {
        let found = routes::find(routes, &request.method, &request.path);
        seen.route = match &found {
            Found::Route { pattern, .. } | Found::OtherMethod { pattern, .. } => Some(pattern),
            Found::Nothing => None,
        };
        if origin == Origin::Foreign {
            return Err(Answer::error(
                403,
                "origin_not_allowed",
                "pages of this origin may not call; leave `Origin` out if you are no browser",
            ));
        }
        if request.method == "OPTIONS" {
            return Ok(Entered::Preflight(preflight(origin)));
        }
        let (pattern, id) = match found {
            Found::Route { pattern, id } => (pattern, id),
            Found::OtherMethod { pattern, allow } => {
                let message = format!("`{pattern}` takes {allow}");
                return Err(Answer::error(405, "method_not_allowed", message).header("allow", allow));
            }
            Found::Nothing => {
                let known: Vec<_> = routes.iter().map(|(method, path)| format!("`{method} {path}`")).collect();
                return Err(Answer::error(404, "unknown_path", format!("there is no such path; there are {}", known.join(", "))));
            }
        };
        let caller = token::check(request.header("authorization"), &self.keys, &self.settings.tokens, &self.clock).await.map_err(denied)?;
        seen.user = Some(caller.user.clone());
        self.limit(rates, &caller).await?;
        Ok(Entered::Passed(Passed { pattern, id, caller }))
    }

    /// Without its table nobody is let in: what the limit protects costs money, so that an open door would be the more expensive failure.
    async fn limit(&self, rates: &impl RateStore, caller: &Caller) -> Result<(), Answer> {
        let wait = match self.limiter.admit(rates, &self.clock, &caller.user).await? {
            Admission::Admitted => return Ok(()),
            Admission::Refused { wait_milliseconds } => wait_milliseconds,
        };
        let Settings { burst_per_second, per_minute, retry_after, .. } = &self.settings;
        let seconds = if retry_after == "exact" { wait.div_ceil(1_000).max(1) } else { 60 };
        let message = format!("at most {burst_per_second} requests within a second and {per_minute} within a minute");
        let answer = Answer::error(429, "rate_limited", message).header("retry-after", seconds.to_string());
        Err(Answer { breach: true, ..answer })
    }

    fn access_line(&self, request: &Request, answer: &Answer, seen: &Seen, began: u64) {
        const MESSAGE: &str = "request";
        let line = match answer.status {
            500.. => self.log.error(MESSAGE),
            400.. => self.log.warn(MESSAGE),
            _ => self.log.info(MESSAGE),
        };
        let mut line = line
            .field(logs::REQUEST_ID, &request.id)
            .field(logs::IP, &request.ip)
            .field(logs::ROUTE, seen.route.unwrap_or(routes::NO_ROUTE))
            .field(logs::METHOD, &request.method)
            .number(logs::STATUS, answer.status.into())
            .number(logs::LATENCY_MS, self.clock.milliseconds().saturating_sub(began));
        let more = [
            (logs::JWT_SUB, seen.user.as_deref()),
            (logs::USER_AGENT, request.header("user-agent")),
            (logs::ORIGIN, request.header("origin")),
            (logs::JOB_ID, answer.job_id.as_deref()),
            (logs::KEY, answer.key.as_deref()),
            (logs::ERROR, answer.error),
            (logs::REASON, answer.reason.as_deref()),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                line = line.field(name, value);
            }
        }
        if answer.breach {
            line = line.metric(API_RATE_LIMIT_BREACHES, Unit::Count, 1.0).per(DIMENSION_RATE_TABLE, &self.settings.rate_table);
        }
        line.write();
    }
}

/// What becomes of a request before the program sees it.
enum Entered<'r> {
    Passed(Passed<'r>),
    Preflight(Answer),
}

/// The answer to a preflight; without an origin it is none, and nobody is allowed anything by it.
fn preflight(origin: Origin<'_>) -> Answer {
    let answer = Answer::empty(204);
    match origin {
        Origin::Allowed(_) => cors::PREFLIGHT.into_iter().fold(answer, |answer, (name, value)| answer.header(name, value)),
        Origin::None | Origin::Foreign => answer,
    }
}

fn denied(denied: Denied) -> Answer {
    match denied {
        Denied::Missing => Answer::error(401, "missing_token", "there must be a header `Authorization: Bearer <token>`")
            .header("www-authenticate", "Bearer"),
        // Which check failed is for the log: whoever forges tokens learns nothing.
        Denied::Invalid(check) => invalid_token().because(check),
        Denied::UnknownKey(None) => invalid_token().because("key"),
        Denied::UnknownKey(Some(error)) => invalid_token().because(format!("key, and {}", error.with_causes())),
        Denied::Unavailable(error) => {
            let answer = Answer::unavailable("tokens cannot be checked at present; try again");
            match error {
                Some(error) => answer.because(error.with_causes()),
                None => answer.because("the issuer's keys could not be fetched a moment ago"),
            }
        }
    }
}

fn invalid_token() -> Answer {
    Answer::word(403, "invalid_token").header("www-authenticate", r#"Bearer error="invalid_token""#)
}

fn respond(answer: Answer, origin: Origin<'_>) -> Response {
    let Answer { status, headers, body, .. } = answer;
    let mut headers: std::collections::BTreeMap<_, _> = headers.into_iter().collect();
    // Whatever keeps answers must not give one origin's to another, also not the one without.
    headers.insert("vary", "Origin".to_owned());
    if let Origin::Allowed(origin) = origin {
        headers.insert("access-control-allow-origin", origin.to_owned());
        headers.insert("access-control-expose-headers", cors::EXPOSED.to_owned());
    }
    Response { status_code: status, headers, body }
}
