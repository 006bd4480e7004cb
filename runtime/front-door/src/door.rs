//! Every request that was let in, and the handler that it belongs to.

use caller::{Answer, Gate, Passed, Settings, token::Tokens};
use contract::{api::ROUTES, front_door::FrontDoorConfig};
use telemetry::Log;

use crate::{
    admin,
    clock::Clock,
    cloud::Cloud,
    event::{Event, Request, Response},
    jobs,
    keys::KeySource,
    submit::{Asked, Submitter, Task},
};

/// The front door: everything that it needs, and what one container remembers.
pub struct Door<C, S, T> {
    config: FrontDoorConfig,
    cloud: C,
    gate: Gate<S, T>,
    submitter: Submitter,
}

impl<C, S, T> std::fmt::Debug for Door<C, S, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<C: Cloud, S: KeySource, T: Clock> Door<C, S, T> {
    /// A door that has seen nobody yet.
    pub fn new(config: FrontDoorConfig, cloud: C, keys: S, clock: T, log: Log) -> Self {
        let settings = Settings {
            tokens: Tokens { issuer: config.issuer.clone(), client_id: config.client_id.clone(), token_use: config.token_use.clone() },
            origins: config.origins.clone(),
            burst_per_second: config.burst_per_second,
            per_minute: config.per_minute,
            retry_after: config.retry_after.clone(),
            rate_table: config.rate_table.clone(),
        };
        Self { config, cloud, gate: Gate::new(settings, keys, clock, log), submitter: Submitter::new() }
    }

    /// Fetches the issuer's keys before the first request needs them; if that fails, the first request tries again.
    pub async fn warm(&self) {
        self.gate.warm().await;
    }

    /// What it asks of the cloud.
    pub fn cloud(&self) -> &C {
        &self.cloud
    }

    /// Where its keys come from.
    pub fn key_source(&self) -> &S {
        self.gate.key_source()
    }

    /// Answers a request, and writes one line about it.
    pub async fn handle(&self, event: Event) -> Response {
        let request = &Request::from(event);
        let answer = self.gate.handle(request, &ROUTES, &self.cloud, async |passed| self.dispatch(request, passed).await);
        // On the heap: one future with all that is called in it is too deep for the compiler.
        Box::pin(answer).await
    }

    async fn dispatch(&self, request: &Request, passed: Passed<'_>) -> Result<Answer, Answer> {
        let Self { config, cloud, gate, submitter } = self;
        let (clock, log) = (gate.clock(), gate.log());
        let Passed { pattern, id, caller } = &passed;
        let user = &caller.user;
        match *pattern {
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
}
