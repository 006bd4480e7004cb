//! Container images to ECR, by the OCI's distribution specification: what is missing is sent, the manifest last, by its digest.
//!
//! The password comes from `GetAuthorizationToken`, signed as every question to a service is: a crate of the SDK for that one call would
//! cost a fresh clone half a minute of compiling.

mod layout;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use engine::cloud::{CloudError, ErrorKind, Pushed, registry_login};
use serde_json::Value;

use super::{Aws, errors};
use layout::{Blob, Image};

const SERVICE: &str = "ecr";

/// A blob of some megabytes may go over a slow line.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// How often a step is tried before its failure is believed.
const TRIES: u32 = 5;

/// The pause before the second try; doubled before each that follows.
const PAUSE: Duration = Duration::from_millis(200);

impl Aws {
    pub(super) async fn push(&self, repository: &str, folder: &Path, digest: &str) -> Result<Pushed, CloudError> {
        // Before anything is sent: what is broken here must not get a digest there.
        let image = Image::read(folder, digest).map_err(|why| refused("PutImage", why))?;
        let Some((host, name)) = repository.split_once('/') else {
            return Err(refused("GetAuthorizationToken", format!("`{repository}` is no repository in a registry")));
        };
        let base = base(host, self.config.endpoint_url()).map_err(|why| refused("GetAuthorizationToken", why))?;
        let answer = self.reading.read(&self.config, &registry_login(), &|service| self.count(service)).await?;
        let authorization = authorization(&answer, host).map_err(|why| refused("GetAuthorizationToken", why))?;
        let Some(registry) = Registry::new(&self.config, base, host, name, authorization) else {
            return Err(refused("GetAuthorizationToken", "this program was built without a way to connect".to_owned()));
        };
        registry.push(&image, &|| self.count(SERVICE)).await
    }
}

/// Where the registry answers: at its own host over TLS, or where something on this machine stands in for all of AWS.
fn base(host: &str, endpoint: Option<&str>) -> Result<String, String> {
    let base = endpoint.map_or_else(|| format!("https://{host}"), |endpoint| endpoint.trim_end_matches('/').to_owned());
    let plain = base.strip_prefix("http://").map(|rest| rest.split(['/', ':']).next().unwrap_or_default());
    match plain {
        Some("127.0.0.1" | "localhost") => Ok(base),
        None if base.starts_with("https://") => Ok(base),
        _ => Err(format!("`{base}` would get the registry's password without TLS")),
    }
}

/// The header that lets in, for this host and no other.
fn authorization(answer: &Value, host: &str) -> Result<String, String> {
    let data = answer.pointer("/authorizationData/0");
    let text = |name: &str| data.and_then(|data| data.get(name)).and_then(Value::as_str);
    let Some(token) = text("authorizationToken") else { return Err("the answer holds no token".to_owned()) };
    let endpoint = text("proxyEndpoint").unwrap_or_default();
    if endpoint.trim_start_matches("https://").trim_end_matches('/') != host {
        return Err(format!("the token is for `{endpoint}`, but the repository is at `{host}`"));
    }
    Ok(format!("Basic {token}"))
}

fn refused(operation: &'static str, message: String) -> CloudError {
    CloudError { service: SERVICE, operation, code: None, message, kind: ErrorKind::Refused }
}

/// A repository in a registry, and the right to write to it.
struct Registry {
    connector: SharedHttpConnector,
    base: String,
    host: String,
    name: String,
    authorization: String,
    pause: Duration,
}

/// An answer, whatever it says.
struct Told {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// A step that did not succeed.
#[derive(Debug)]
struct Failed {
    error: CloudError,
    /// Whether the same step may succeed a moment later.
    again: bool,
}

/// A request: the right that it takes, as IAM names it, and what goes over the wire.
struct Step<'a> {
    needs: &'static str,
    method: &'static str,
    uri: String,
    headers: &'a [(&'static str, &'a str)],
    body: &'a [u8],
}

impl Registry {
    fn new(config: &SdkConfig, base: String, host: &str, name: &str, authorization: String) -> Option<Self> {
        let settings = HttpConnectorSettings::builder().connect_timeout(super::CONNECT_TIMEOUT).read_timeout(ANSWER_TIMEOUT).build();
        let connector = default_connector(&settings, config.sleep_impl())?;
        Some(Self { connector, base, host: host.to_owned(), name: name.to_owned(), authorization, pause: PAUSE })
    }

    async fn push(&self, image: &Image, count: &dyn Fn()) -> Result<Pushed, CloudError> {
        if self.patiently(async || self.has_manifest(image, count).await).await? {
            return Ok(Pushed { bytes: 0 });
        }
        let mut bytes = 0;
        for blob in &image.blobs {
            if self.patiently(async || self.blob(blob, count).await).await? {
                bytes += blob.content.len() as u64;
            }
        }
        // A manifest whose blobs are not there is refused; so whoever finds it finds all of it.
        self.patiently(async || self.manifest(image, count).await).await?;
        Ok(Pushed { bytes: bytes + image.manifest.content.len() as u64 })
    }

    async fn patiently<T>(&self, step: impl AsyncFn() -> Result<T, Failed>) -> Result<T, CloudError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match step().await {
                Ok(value) => return Ok(value),
                Err(failed) if failed.again && tried < TRIES => {
                    tokio::time::sleep(self.pause.mul_f64(fastrand::f64() * f64::from(1_u32 << tried.min(6)))).await;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }

    async fn has_manifest(&self, image: &Image, count: &dyn Fn()) -> Result<bool, Failed> {
        let headers = [("accept", image.media_type.as_str())];
        let uri = format!("{}/v2/{}/manifests/{}", self.base, self.name, image.manifest.digest);
        self.is_there(Step { needs: "BatchGetImage", method: "HEAD", uri, headers: &headers, body: &[] }, count).await
    }

    async fn is_there(&self, step: Step<'_>, count: &dyn Fn()) -> Result<bool, Failed> {
        let needs = step.needs;
        let told = self.send(step, count).await?;
        match told.status {
            200..300 => Ok(true),
            // It may be elsewhere, which costs no more than sending it again.
            300..400 | 404 => Ok(false),
            _ => Err(told.failed(needs)),
        }
    }

    /// Sends a blob in one piece; false when it was there.
    async fn blob(&self, blob: &Blob, count: &dyn Fn()) -> Result<bool, Failed> {
        let uri = format!("{}/v2/{}/blobs/{}", self.base, self.name, blob.digest);
        let look = Step { needs: "BatchCheckLayerAvailability", method: "HEAD", uri, headers: &[], body: &[] };
        if self.is_there(look, count).await? {
            return Ok(false);
        }
        let uri = format!("{}/v2/{}/blobs/uploads/", self.base, self.name);
        let begin = Step { needs: "InitiateLayerUpload", method: "POST", uri, headers: &[], body: &[] };
        let begun = self.send(begin, count).await?.expect(202, "InitiateLayerUpload")?;
        let place = self.place(begun.headers.get("location").unwrap_or_default())?;
        let uri = format!("{place}{}digest={}", if place.contains('?') { '&' } else { '?' }, blob.digest);
        let headers = [("content-type", "application/octet-stream")];
        let send = Step { needs: "CompleteLayerUpload", method: "PUT", uri, headers: &headers, body: &blob.content };
        self.send(send, count).await?.expect(201, "CompleteLayerUpload")?;
        Ok(true)
    }

    /// Where the registry wants a blob: only with itself, for the password goes there as well.
    fn place(&self, location: &str) -> Result<String, Failed> {
        let own = [self.base.as_str(), &format!("https://{}", self.host)].map(|origin| location.strip_prefix(origin));
        let path = own.into_iter().flatten().next().unwrap_or(location);
        if path.starts_with('/') && !path.starts_with("//") {
            return Ok(format!("{}{path}", self.base));
        }
        let error = refused("InitiateLayerUpload", format!("the registry wants the upload at `{location}`, which is not its own"));
        Err(Failed { error, again: false })
    }

    async fn manifest(&self, image: &Image, count: &dyn Fn()) -> Result<(), Failed> {
        let headers = [("content-type", image.media_type.as_str())];
        let uri = format!("{}/v2/{}/manifests/{}", self.base, self.name, image.manifest.digest);
        let put = Step { needs: "PutImage", method: "PUT", uri, headers: &headers, body: &image.manifest.content };
        let told = self.send(put, count).await?.expect(201, "PutImage")?;
        match told.headers.get("docker-content-digest") {
            Some(other) if other != image.manifest.digest => {
                let message = format!("the registry calls the image `{other}`, but it is `{}`", image.manifest.digest);
                Err(Failed { error: refused("PutImage", message), again: false })
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn send(&self, step: Step<'_>, count: &dyn Fn()) -> Result<Told, Failed> {
        let Step { needs, method, uri, headers, body } = step;
        count();
        let wrong = |why: String| Failed { error: refused(needs, why), again: false };
        let mut request = HttpRequest::new(SdkBody::from(body.to_vec()));
        request.set_method(method).map_err(|error| wrong(error.to_string()))?;
        request.set_uri(uri).map_err(|error| wrong(error.to_string()))?;
        let length = body.len().to_string();
        let own = [("host", self.host.as_str()), ("authorization", &self.authorization), ("content-length", &length)];
        for (name, value) in own.iter().chain(headers).filter(|(name, _)| *name != "content-length" || method != "HEAD") {
            request.headers_mut().try_insert((*name).to_owned(), (*value).to_owned()).map_err(|error| wrong(error.to_string()))?;
        }
        let lost = |words: String| {
            let error = CloudError { service: SERVICE, operation: needs, code: None, message: words, kind: ErrorKind::Unreachable };
            Failed { error, again: true }
        };
        let response = self.connector.call(request).await.map_err(|error| lost(errors::chain(&error)))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = ByteStream::new(response.into_body()).collect().await.map_err(|error| lost(errors::chain(&error)))?;
        Ok(Told { status, headers, body: body.to_vec() })
    }
}

impl Told {
    fn expect(self, status: u16, needs: &'static str) -> Result<Self, Failed> {
        if self.status == status { Ok(self) } else { Err(self.failed(needs)) }
    }

    fn failed(&self, needs: &'static str) -> Failed {
        let said: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let word = |name: &str| said.pointer("/errors/0")?.get(name)?.as_str().map(str::to_owned);
        let kind = match self.status {
            401 => ErrorKind::Credentials,
            403 => ErrorKind::Denied,
            404 => ErrorKind::NotFound,
            429 => ErrorKind::Throttled,
            400..500 => ErrorKind::Refused,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Other,
        };
        let message = word("message").unwrap_or_else(|| format!("HTTP status {}", self.status));
        let error = CloudError { service: SERVICE, operation: needs, code: word("code"), message: errors::shorten(message), kind };
        Failed { error, again: matches!(kind, ErrorKind::Throttled | ErrorKind::Unavailable) }
    }
}
