//! The HTTP API: one function behind all routes, and the people who may call it.
//!
//! ```text
//! client ──▶ HTTP API ──every route──▶ front door ──▶ jobs table, job queue
//!               │    └──── /images ────▶ upload ──▶ source bucket
//!               │ access log               ├──────▶ rate table
//!   login ─▶ user pool ┄┄ keys ┄┄┄┄┄┄┄┄┄┄┄┄┘ ops queue ──▶ reconciler
//! ```

mod front_door;
mod gateway;
pub(crate) mod uploads;
mod users;

use cfn_kit::context::Outline;
use cfn_kit::prelude::*;
use cfn_kit::{apigatewayv2, cognito, dynamodb, s3, select, sns, split};
use contract::outputs;
use foundation::environment::{Endpoint, Environment, UploadMode};
use foundation::{Built, Export, Stack};

use crate::artifacts::Artifacts;
use crate::imagegen::Imagegen;
use crate::images::Images;
use crate::jobs::Jobs;

/// What the stack gives to others.
#[derive(Debug, Clone, Copy)]
pub struct Api {
    /// The user pool that issues tokens.
    pub user_pool: Export<cognito::user_pool::UserPoolId>,
    /// The app client that tokens are for.
    pub client: Export<cognito::user_pool_client::ClientId>,
}

/// People log in, ask for jobs and bring pictures; one function answers every route, another one those of pictures.
#[must_use]
pub fn api(env: &Environment, artifacts: &Artifacts, jobs: &Jobs, images: &Images, imagegen: &Imagegen) -> Built<Api> {
    let mut stack = Stack::new(env, outputs::api::STACK, "People log in and ask for jobs");
    stack.outline(
        Outline::new("client -> HTTP API -> front door -> jobs table and job queue; tokens from a user pool; limits per user in a table")
            .must("the front door decides about tokens, limits and origins: the API has no authorizer and no CORS of its own"),
    );
    let alerts = stack.import(&jobs.alerts);

    let http = gateway::http_api(&mut stack);
    let users = users::users(&mut stack);
    let place = Place::of(env, &http.api_endpoint());
    let shared = Shared {
        code_bucket: stack.import(&artifacts.bucket),
        rate_table: stack.import(&jobs.rate_table.name),
        rate_table_arn: stack.import(&jobs.rate_table.arn),
        alerts,
    };
    let alerts = &shared.alerts;
    let front_door = front_door::front_door(&mut stack, &users, &place, &shared, jobs, imagegen);
    let upload = (env.images.upload.mode == UploadMode::Presigned).then(|| uploads::upload(&mut stack, &users, &place, &shared, images));
    gateway::routes(&mut stack, &http, &front_door, upload.as_ref(), alerts);

    stack.output(outputs::api::API_URL, place.api_url(&http), "Where the API is; a route's path goes behind it");
    stack.output(outputs::api::API_ID, http.api_id(), "Identity of the API, which is part of its host name");
    let gives = Api {
        user_pool: stack.output(outputs::api::USER_POOL_ID, users.pool.user_pool_id(), "The user pool"),
        client: stack.output(outputs::api::USER_POOL_CLIENT_ID, users.client.client_id(), "The app client that tokens are for"),
    };
    stack.output("LoginHost", users.login_host, "Host of the login page");
    stack.finish(gives)
}

/// What both functions need of other stacks.
struct Shared {
    code_bucket: Value<s3::bucket::BucketName, Api>,
    rate_table: Value<dynamodb::table::TableName, Api>,
    rate_table_arn: Value<dynamodb::table::Arn, Api>,
    alerts: Value<sns::topic::TopicArn, Api>,
}

/// Where things are: on AWS, or beside a stand-in for it.
enum Place<S> {
    Aws,
    /// The address of what answers instead of AWS.
    Beside(Value<String, S>),
}

impl<S> Place<S> {
    fn of(env: &Environment, api_endpoint: &Value<apigatewayv2::api::ApiEndpoint, S>) -> Self {
        match &env.endpoint_url {
            None => Self::Aws,
            Some(Endpoint::Url(url)) => Self::Beside(text(url.trim_end_matches('/'))),
            // Its port is chosen when it starts, and is part of the address that it gives an API: `http://<api>.<host>:<port>`.
            Some(Endpoint::LocalCloud) => Self::Beside(sub!("http://127.0.0.1:{}", select(2, split(":", text(api_endpoint.clone()))))),
        }
    }

    /// Without a slash at its end. A stand-in on one port tells APIs apart by the path, since host names below `localhost` are not
    /// known everywhere.
    fn api_url(&self, http: &Handle<apigatewayv2::Api, S>) -> Value<String, S> {
        match self {
            Self::Aws => text(http.api_endpoint()),
            Self::Beside(address) => sub!("{}/_aws/execute-api/{}", address.clone(), http.api_id()),
        }
    }

    /// Where the public keys of a user pool are.
    fn jwks_url(&self, pool: &Handle<cognito::UserPool, S>) -> Value<String, S> {
        match self {
            Self::Aws => sub!("https://cognito-idp.{}.amazonaws.com/{}/.well-known/jwks.json", region(), pool.user_pool_id()),
            Self::Beside(address) => sub!("{}/{}/.well-known/jwks.json", address.clone(), pool.user_pool_id()),
        }
    }
}
