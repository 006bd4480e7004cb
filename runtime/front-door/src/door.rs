//! Every request: its origin, its route, who asks and how often, its handler, its line in the log.

use contract::{
    front_door::FrontDoorConfig,
    logs,
    metrics::{API_RATE_LIMIT_BREACHES, Unit},
};
use telemetry::Log;

use crate::{
    admin,
    answer::Answer,
    clock::Clock,
    cloud::Cloud,
    cors::{self, Origin},
    event::{Event, Request, Response},
    jobs,
    keys::{KeySource, Keys},
    limits::{Admission, Limiter, Limits},
    routes::{self, Found},
    submit::{Asked, Submitter, Task},
    token::{self, Caller, Denied},
};

/// The front door: everything that it needs, and what one container remembers.
pub struct Door<C, S, T> {
    config: FrontDoorConfig,
    cloud: C,
    keys: Keys<S>,
    clock: T,
    log: Log,
    limiter: Limiter,
    submitter: Submitter,
}

impl<C, S, T> std::fmt::Debug for Door<C, S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Who asked and by which route: what the access line says beside the answer.
#[derive(Default)]
struct Seen {
    route: Option<&'static str>,
    user: Option<String>,
}

impl<C: Cloud, S: KeySource, T: Clock> Door<C, S, T> {
    /// A door that has seen nobody yet.
    pub fn new(config: FrontDoorConfig, cloud: C, keys: S, clock: T, log: Log) -> Self {
        let limits = Limits { burst_per_second: config.burst_per_second as usize, per_minute: config.per_minute as usize };
        Self { config, cloud, keys: Keys::new(keys), clock, log, limiter: Limiter::new(limits), submitter: Submitter::new() }
    }

    /// Fetches the issuer's keys before the first request needs them; if that fails, the first request tries again.
    pub async fn warm(&self) {
        if let Err(error) = self.keys.warm(&self.clock).await {
            self.log.warn("the issuer's keys could not be fetched in advance").because(&error).write();
        }
    }

    /// What it asks of the cloud.
    pub fn cloud(&self) -> &C {
        &self.cloud
    }

    /// Where its keys come from.
    pub fn key_source(&self) -> &S {
        self.keys.source()
    }

    /// Answers a request, and writes one line about it.
    pub async fn handle(&self, event: Event) -> Response {
        let began = self.clock.milliseconds();
        let request = Request::from(event);
        let origin = Origin::of(request.header("origin"), &self.config.origins);
        let mut seen = Seen::default();
        let answer = self.answer(&request, origin, &mut seen).await.unwrap_or_else(|refusal| refusal);
        self.access_line(&request, &answer, &seen, began);
        respond(answer, origin)
    }

    async fn answer(&self, request: &Request, origin: Origin<'_>, seen: &mut Seen) -> Result<Answer, Answer> {
        let found = routes::find(&request.method, &request.path);
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
            return Ok(preflight(origin));
        }
        let (pattern, id) = match found {
            Found::Route { pattern, id } => (pattern, id),
            Found::OtherMethod { pattern, allow } => {
                let message = format!("`{pattern}` takes {allow}");
                return Err(Answer::error(405, "method_not_allowed", message).header("allow", allow));
            }
            Found::Nothing => {
                let known: Vec<_> = contract::api::ROUTES.iter().map(|(method, path)| format!("`{method} {path}`")).collect();
                return Err(Answer::error(404, "unknown_path", format!("there is no such path; there are {}", known.join(", "))));
            }
        };
        let caller = token::check(request.header("authorization"), &self.keys, &self.config, &self.clock).await.map_err(denied)?;
        seen.user = Some(caller.user.clone());
        self.limit(&caller).await?;
        self.dispatch(pattern, id, request, &caller).await
    }

    async fn dispatch(&self, pattern: &str, id: &str, request: &Request, caller: &Caller) -> Result<Answer, Answer> {
        let Self { config, cloud, clock, log, submitter, .. } = self;
        let user = &caller.user;
        match pattern {
            "/infer" => submitter.submit(Asked { task: Task::Generate, request, user }, config, cloud, clock, log).await,
            "/generate" | "/generate/" => submitter.submit(Asked { task: Task::Picture, request, user }, config, cloud, clock, log).await,
            "/stop" => jobs::stop(request, user, config, cloud, clock).await,
            "/ping" => Ok(Answer::json(200, &serde_json::json!({ "status": "ok" }))),
            "/jobs/{id}" => jobs::show(id, user, cloud).await,
            "/admin/resize" => {
                admin::permit(caller, config)?;
                admin::resize(request, caller, config, cloud, submitter, clock, log).await
            }
            "/admin/operations/{id}" => {
                admin::permit(caller, config)?;
                admin::operation(id, cloud).await
            }
            _ => Err(Answer::error(404, "unknown_path", "this path has no handler")),
        }
    }

    /// Without its table nobody is let in: what the limit protects costs money, and the jobs lie in the same service as the limit, so that
    /// an open door would lead nowhere.
    async fn limit(&self, caller: &Caller) -> Result<(), Answer> {
        let wait = match self.limiter.admit(&self.cloud, &self.clock, &caller.user).await? {
            Admission::Admitted => return Ok(()),
            Admission::Refused { wait_milliseconds } => wait_milliseconds,
        };
        let seconds = if self.config.retry_after == "exact" { wait.div_ceil(1_000).max(1) } else { 60 };
        let FrontDoorConfig { burst_per_second, per_minute, .. } = &self.config;
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
            (logs::ERROR, answer.error),
            (logs::REASON, answer.reason.as_deref()),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                line = line.field(name, value);
            }
        }
        if answer.breach {
            line = line.metric(API_RATE_LIMIT_BREACHES, Unit::Count, 1.0);
        }
        line.write();
    }
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
