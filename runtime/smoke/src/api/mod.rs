//! The API as its users meet it: a token, a job, its text, a fleet that comes and goes, and the cases that must be refused.

mod fleet;
mod generated;
mod job;
mod model;
mod pictures;
mod refusals;
mod user;

use std::time::Instant;

use aws_config::SdkConfig;
use contract::outputs;
use contract::smoke::{Event, Request, variable};
use ulid::Ulid;

use crate::http::{Answer, Call, Http};
use crate::run::{Failure, Tell, output, tell};
use user::User;

/// The name and the password of a user that is there already.
pub(crate) type Known = Option<(String, String)>;

/// Where the API is, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    url: String,
    pool: String,
    client: String,
    /// The Auto Scaling group of the workers, where there is one.
    group: Option<String>,
    models: Option<String>,
}

impl Names {
    /// None where the environment has no API.
    fn of(request: &Request) -> Result<Option<Self>, Failure> {
        let api = |name: &str| output(request, outputs::api::STACK, name);
        let fleet = |name: &str| output(request, outputs::fleet::STACK, name);
        if !request.outputs.contains_key(outputs::api::STACK) {
            return Ok(None);
        }
        match (api(outputs::api::API_URL), api(outputs::api::USER_POOL_ID), api(outputs::api::USER_POOL_CLIENT_ID)) {
            (Some(url), Some(pool), Some(client)) => Ok(Some(Self {
                url: url.trim_end_matches('/').to_owned(),
                pool,
                client,
                group: fleet(outputs::fleet::AUTO_SCALING_GROUP_NAME),
                models: fleet(outputs::fleet::MODEL_BUCKET_NAME),
            })),
            _ => Err(Failure::new(
                format!("stack `api` of `{}` does not say where it is and who may use it", request.environment),
                "nothing was sent; deploy the stack `api`, whose outputs are ApiUrl, UserPoolId and UserPoolClientId",
            )),
        }
    }
}

/// One test of the API.
struct Api<'a> {
    request: &'a Request,
    names: Names,
    http: Http,
}

impl Api<'_> {
    /// Calls a route.
    async fn call(&self, method: &'static str, path: &str, headers: &[(&'static str, &str)], body: &str) -> Result<Answer, Failure> {
        let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        let call = Call { method, url: format!("{}{path}", self.names.url), headers, body: body.as_bytes().to_vec() };
        self.http.send(call).await.map_err(|error| Failure::call(&format!("call {method} {path}"), self.request, error))
    }
}

/// Tries the API, where the environment has one. Everything that it makes for itself is deleted at the end, also of a test that fails.
pub(crate) async fn test(aws: &SdkConfig, request: &Request, known: Known, id: Ulid, told: Tell<'_>) -> Result<(), Failure> {
    let Some(api) = open(aws, request)? else { return Ok(()) };
    model::test(&aws_sdk_s3::Client::new(aws), request, api.names.models.as_deref(), told).await?;
    // The refusals take a user of their own, whose window is fresh: the job's is half full by then.
    let Some(user) = User::of(&api, known.clone(), &format!("smoke-{id}")).await? else {
        return skipped(told);
    };
    let result = with_user(&api, &user, known, id, told).await;
    user.forget(&api).await;
    result
}

async fn with_user(api: &Api<'_>, user: &User, known: Known, id: Ulid, told: Tell<'_>) -> Result<(), Failure> {
    let token = user.token(api).await?;
    tell(told, &Event::Token { user: user.name.clone(), made: user.made, token: None })?;
    let begun = Instant::now();
    let before = fleet::size(api, begun, told).await?;
    generated::test(api, &token, told).await?;
    job::test(api, &token, before, told).await?;
    // A user of their own again: they are asked about until they are done.
    if let Some(painter) = User::of(api, known.clone(), &format!("smoke-{id}-pictures")).await? {
        let result = match painter.token(api).await {
            Ok(token) => pictures::test(api, &token, told).await,
            Err(failure) => Err(failure),
        };
        painter.forget(api).await;
        result?;
    }
    let other = User::of(api, known, &format!("smoke-{id}-refused")).await?;
    let result = match &other {
        Some(other) => refusals::test(api, &other.token(api).await?, told).await,
        None => Ok(()),
    };
    if let Some(other) = other {
        other.forget(api).await;
    }
    result?;
    fleet::back_to_zero(api, begun, told).await
}

/// Only a token, for other programs.
pub(crate) async fn token(aws: &SdkConfig, request: &Request, known: Known, id: Ulid, told: Tell<'_>) -> Result<(), Failure> {
    let Some(api) = open(aws, request)? else {
        let message = format!("`{}` has no API, and so no user pool", request.environment);
        return Err(Failure::new(message, "nothing was sent; deploy the stack `api` first"));
    };
    let Some(user) = User::of(&api, known, &format!("token-{id}")).await? else {
        let message = format!("no user is known for `{}`", request.environment);
        return Err(Failure::new(message, format!("nothing was sent; set {} and {}", variable::USER, variable::PASSWORD)));
    };
    let token = user.token(&api).await?;
    tell(told, &Event::Token { user: user.name, made: user.made, token: Some(token) })
}

fn open<'a>(aws: &SdkConfig, request: &'a Request) -> Result<Option<Api<'a>>, Failure> {
    let Some(names) = Names::of(request)? else { return Ok(None) };
    let http = Http::new(aws, &request.region, request.endpoint.as_deref());
    let http = http.map_err(|error| Failure::call("make ready to connect", request, error))?;
    Ok(Some(Api { request, names, http }))
}

fn skipped(told: Tell<'_>) -> Result<(), Failure> {
    let why =
        format!("no user is made on AWS: make one in the user pool by hand, and name it by {} and {}", variable::USER, variable::PASSWORD);
    tell(told, &Event::Skipped { what: "the API".to_owned(), why })
}
