//! One small signed client for every service that resources are read back from.
//!
//! A crate of the SDK per service would take many minutes to compile in a fresh clone, for a handful of questions each. What the SDK
//! is built on (signatures, connections, credentials) is linked anyway, and is what this uses.

mod answer;
mod request;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use engine::cloud::{Ask, CloudError, ErrorKind};
use serde_json::Value;
use tokio::sync::Mutex;

use answer::Refusal;

/// A connection, or an answer, that takes longer than this is given up and tried again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Credentials that end within this time are looked for again.
const EXPIRES_SOON: Duration = Duration::from_secs(60);

/// How often a question is put before its failure is believed.
const TRIES: u32 = 5;

/// A page after page that never ends is an endpoint's mistake.
const MOST_PAGES: usize = 200;

/// Asks services what changes nothing.
#[derive(Debug)]
pub(crate) struct Reading {
    connector: Option<SharedHttpConnector>,
    /// The pause before the second try; doubled before each that follows.
    pause: Duration,
    /// Found once, and again shortly before they end: some ways to credentials are calls over the network, or a program.
    credentials: Mutex<Option<Credentials>>,
}

impl Reading {
    /// A client with the connections and credentials of a configuration.
    pub(crate) fn new(config: &SdkConfig) -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        Self {
            connector: default_connector(&settings, config.sleep_impl()),
            pause: Duration::from_millis(200),
            credentials: Mutex::new(None),
        }
    }

    /// The same without waiting between tries.
    #[cfg(test)]
    fn without_pauses(self) -> Self {
        Self { pause: Duration::ZERO, ..self }
    }

    /// The answer to a question, all pages of it. `count` hears of every call, tries that fail included.
    pub(crate) async fn read(&self, config: &SdkConfig, ask: &Ask, count: &dyn Fn(&str)) -> Result<Value, CloudError> {
        let mut ask = ask.clone();
        let mut all = self.one_page(config, &ask, count).await?;
        let Some((list, token)) = ask.action.pages() else { return Ok(all) };
        let mut next = all.get(token).and_then(Value::as_str).map(str::to_owned);
        for _ in 0..MOST_PAGES {
            let Some(wanted) = next.filter(|wanted| !wanted.is_empty()) else { break };
            ask.parameters.insert(token.to_owned(), Value::String(wanted));
            let page = self.one_page(config, &ask, count).await?;
            next = page.get(token).and_then(Value::as_str).map(str::to_owned);
            if let (Some(Value::Array(all)), Some(Value::Array(more))) = (all.get_mut(list), page.get(list)) {
                all.extend(more.iter().cloned());
            }
        }
        Ok(all)
    }

    async fn one_page(&self, config: &SdkConfig, ask: &Ask, count: &dyn Fn(&str)) -> Result<Value, CloudError> {
        let mut tried = 0;
        loop {
            count(ask.action.service().name);
            tried += 1;
            match self.once(config, ask).await {
                Ok(value) => return Ok(value),
                Err(refusal) if refusal.again && tried < TRIES => tokio::time::sleep(self.backoff(tried)).await,
                Err(refusal) => return Err(refusal.into_error(ask)),
            }
        }
    }

    /// Somewhere between nothing and twice as long as before, so that eight readers do not come back all at once.
    fn backoff(&self, tried: u32) -> Duration {
        self.pause.mul_f64(fastrand::f64() * f64::from(1_u32 << tried.min(6)))
    }

    async fn identity(&self, config: &SdkConfig) -> Result<Identity, Refusal> {
        let nobody = |why: &str| Refusal::here(why, ErrorKind::Credentials);
        // Whoever comes first looks; the others wait for what is found.
        let mut known = self.credentials.lock().await;
        if let Some(credentials) = known.as_ref().filter(|credentials| are_fresh(credentials)) {
            return Ok(credentials.clone().into());
        }
        let provider = config.credentials_provider().ok_or_else(|| nobody("no credentials are configured"))?;
        let found = provider.provide_credentials().await.map_err(|error| nobody(&words(&error)))?;
        *known = Some(found.clone());
        Ok(found.into())
    }

    async fn once(&self, config: &SdkConfig, ask: &Ask) -> Result<Value, Refusal> {
        let Some(connector) = &self.connector else {
            return Err(Refusal::here("this program was built without a way to connect", ErrorKind::Other));
        };
        let unsigned = request::of(ask, config)?;
        let identity = self.identity(config).await?;
        let signed = request::sign(unsigned, ask, config, &identity, SystemTime::now())?;
        let response = connector.call(signed).await.map_err(|error| {
            let kind = if error.is_io() || error.is_timeout() { ErrorKind::Unreachable } else { ErrorKind::Other };
            Refusal { again: error.is_io() || error.is_timeout(), ..Refusal::here(&words(&error), kind) }
        })?;
        let status = response.status().as_u16();
        let word = |name: &str| response.headers().get(name).map(str::to_owned);
        let error_header = word("x-amzn-query-error").or_else(|| word("x-amzn-errortype"));
        let body = answer::collect(response.into_body()).await?;
        answer::of(ask, status, error_header.as_deref(), &body)
    }
}

/// Whether credentials can still be used for a call that begins now.
fn are_fresh(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|end| SystemTime::now() + EXPIRES_SOON < end)
}

/// An error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        words.push(cause.to_string());
        next = cause.source();
    }
    words.dedup();
    words.join(": ")
}
