//! A server that makes the texts: whatever speaks OpenAI's `/v1/chat/completions` with streaming, as llama-server and vLLM do.

mod answer;
mod sse;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::retry::ErrorKind;
use contract::jobs::Finish;
use contract::worker::may_carry_a_key;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::{Engine, Failure, Generation, Piece, Prompt};
use answer::Chunk;
use sse::Events;

/// How many pieces wait for a slow reader before the server's answer is left unread, and so the server waits.
const READER_PIECES: usize = 32;

/// An error is described in so many bytes, or not at all.
const MOST_ERROR_BYTES: usize = 64 * 1024;

/// Where the server is and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `http://host:port`, with or without `/v1`.
    pub url: String,
    /// Name that the server calls the model.
    pub model: String,
    /// What the server wants to be shown.
    pub key: Option<Key>,
    /// Texts at once.
    pub slots: u32,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the server may say nothing, before the first piece and between two. A server with a queue of its own is silent while a
    /// request waits in it.
    pub silence: Duration,
}

impl Settings {
    /// Without a key, with five seconds for a connection and two minutes of silence.
    #[must_use]
    pub fn new(url: impl Into<String>, model: impl Into<String>, slots: u32) -> Self {
        Self {
            url: url.into(),
            model: model.into(),
            key: None,
            slots,
            connect_timeout: Duration::from_secs(5),
            silence: Duration::from_secs(120),
        }
    }
}

/// What a server wants to be shown before it makes a text: the token behind `Bearer`. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key as it stands in its file, without what an editor adds at the end. Nothing for what is no token: a header holds no other.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Why a server cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The address is none.
    #[error("`{url}` is no address of a server: `http://host:port` or `https://host` is")]
    Url {
        /// The address.
        url: String,
    },
    /// The key would be anybody's on the way.
    #[error("a key is not sent to `{url}`: only to `https://host`, or to this machine")]
    InClear {
        /// The address.
        url: String,
    },
    /// The program lacks a part.
    #[error("this program was built without a way to connect")]
    NoConnector,
}

/// A server that makes texts.
#[derive(Debug)]
pub struct Http {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    uri: String,
    connector: SharedHttpConnector,
    slots: Semaphore,
}

impl Http {
    /// Asks nobody yet.
    ///
    /// # Errors
    ///
    /// When the address is none, or a key would leave this machine in clear.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let uri = uri(&settings.url).ok_or_else(|| SetupError::Url { url: settings.url.clone() })?;
        if settings.key.is_some() && !may_carry_a_key(&settings.url) {
            return Err(SetupError::InClear { url: settings.url });
        }
        let timeouts = HttpConnectorSettings::builder().connect_timeout(settings.connect_timeout).read_timeout(settings.silence).build();
        let connector = default_connector(&timeouts, None).ok_or(SetupError::NoConnector)?;
        let slots = Semaphore::new(settings.slots.max(1) as usize);
        Ok(Self { inner: Arc::new(Inner { settings, uri, connector, slots }) })
    }
}

fn uri(url: &str) -> Option<String> {
    let base = url.trim_end_matches('/').trim_end_matches("/v1");
    let host = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"))?;
    let known = |character: char| character.is_ascii_alphanumeric() || "-._~:/[]%".contains(character);
    (!host.is_empty() && !host.starts_with([':', '/']) && host.chars().all(known)).then(|| format!("{base}/v1/chat/completions"))
}

impl Engine for Http {
    fn slots(&self) -> usize {
        self.inner.settings.slots as usize
    }

    /// From within a tokio runtime.
    fn start(&self, prompt: Prompt) -> Generation {
        let (pieces, reader) = mpsc::channel(READER_PIECES);
        match Handle::try_current() {
            Ok(handle) => {
                let inner = Arc::clone(&self.inner);
                // Whoever drops the reader ends the task, and with it the connection: the server stops too.
                drop(handle.spawn(async move {
                    tokio::select! {
                        () = pieces.closed() => {}
                        () = inner.generate(&prompt, &pieces) => {}
                    }
                }));
            }
            // The channel is empty, so there is room.
            Err(error) => drop(pieces.try_send(Err(Failure::Broken { message: error.to_string() }))),
        }
        Generation { pieces: reader }
    }
}

impl Inner {
    async fn generate(&self, prompt: &Prompt, pieces: &mpsc::Sender<Result<Piece, Failure>>) {
        // The semaphore is never closed.
        let Ok(_slot) = self.slots.acquire().await else { return };
        if let Err(failure) = self.stream(prompt, pieces).await {
            // Whoever is gone does not mind.
            drop(pieces.send(Err(failure)).await);
        }
    }

    async fn stream(&self, prompt: &Prompt, pieces: &mpsc::Sender<Result<Piece, Failure>>) -> Result<(), Failure> {
        let response = self.ask(prompt).await?;
        let status = response.status().as_u16();
        let mut body = ByteStream::new(response.into_body());
        if status != 200 {
            return Err(answer::refusal(status, &self.some(&mut body).await));
        }
        let (mut events, mut chunks) = (Events::default(), answer::Chunks::default());
        while let Some(bytes) = self.next(&mut body).await? {
            events.push(bytes.as_ref()).map_err(|error| broken(error.to_owned()))?;
            while let Some(event) = events.next() {
                match chunks.read(&event)? {
                    Chunk::Nothing => {}
                    // The other end is gone: so is this one, soon.
                    Chunk::Text(piece) => drop(pieces.send(Ok(piece)).await),
                    Chunk::Done => return end(&mut chunks, pieces).await,
                }
            }
        }
        end(&mut chunks, pieces).await
    }

    async fn ask(&self, prompt: &Prompt) -> Result<HttpResponse, Failure> {
        let Settings { model, .. } = &self.settings;
        let mut body = json!({
            "model": model,
            "messages": prompt.messages,
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "top_p": prompt.top_p,
            "stream": true,
            // Without it, no server says how many tokens the prompt has.
            "stream_options": { "include_usage": true },
        });
        if let Some(seed) = prompt.seed {
            // Servers read it into 32 or 64 bits with a sign.
            body["seed"] = json!(seed & 0x7fff_ffff);
        }
        let body = body.to_string();
        let mut answer = self.call(&body).await?;
        // A connection that was kept from the text before may be closed by the server in the moment in which it is used again. No answer
        // had begun then, and a text that is made twice harms nobody.
        if answer.as_ref().is_err_and(was_closed) {
            answer = self.call(&body).await?;
        }
        answer.map_err(|error| if error.is_timeout() { self.silent() } else { self.wrong(error_with_cause(&error)) })
    }

    async fn call(&self, body: &str) -> Result<Result<HttpResponse, ConnectorError>, Failure> {
        let request = self.request(body)?;
        timeout(self.settings.silence, self.connector.call(request)).await.map_err(|_| self.silent())
    }

    fn request(&self, body: &str) -> Result<HttpRequest, Failure> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").map_err(|error| self.wrong(&error))?;
        request.set_uri(self.uri.as_str()).map_err(|error| self.wrong(&error))?;
        request.headers_mut().insert("content-type", "application/json");
        request.headers_mut().insert("accept", "text/event-stream");
        if let Some(Key(key)) = &self.settings.key {
            request.headers_mut().insert("authorization", format!("Bearer {key}"));
        }
        Ok(request)
    }

    async fn next(&self, body: &mut ByteStream) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        let bytes = timeout(self.settings.silence, body.try_next()).await.map_err(|_| self.silent())?;
        bytes.map_err(|error| broken(format!("the connection to `{}` broke in the middle of the text: {error}", self.uri)))
    }

    /// The beginning of a body.
    async fn some(&self, body: &mut ByteStream) -> Vec<u8> {
        let mut some = Vec::new();
        // An error without its description is still one.
        while let Ok(Some(bytes)) = self.next(body).await {
            some.extend(bytes.as_ref().iter().take(MOST_ERROR_BYTES - some.len()));
            if MOST_ERROR_BYTES <= some.len() {
                break;
            }
        }
        some
    }

    fn wrong(&self, error: &dyn std::error::Error) -> Failure {
        broken(format!("`{}` cannot be asked: {error}", self.uri))
    }

    fn silent(&self) -> Failure {
        broken(format!("`{}` said nothing for {} seconds", self.uri, self.settings.silence.as_secs_f64()))
    }
}

/// The last pieces.
async fn end(chunks: &mut answer::Chunks, pieces: &mpsc::Sender<Result<Piece, Failure>>) -> Result<(), Failure> {
    let Some(finish) = chunks.finish else {
        return Err(broken("the server's answer ended in the middle of the text".to_owned()));
    };
    for piece in chunks.uncounted().into_iter().chain([Piece::End { finish, prompt_tokens: chunks.prompt_tokens }]) {
        drop(pieces.send(Ok(piece)).await);
    }
    Ok(())
}

fn was_closed(error: &ConnectorError) -> bool {
    error.is_io() || error.as_other() == Some(ErrorKind::TransientError)
}

fn broken(message: String) -> Failure {
    Failure::Broken { message }
}

/// The innermost cause: what stands around it says no more than that there was one.
fn error_with_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost
}

/// What the protocol calls the end of a text.
fn finish(word: &str) -> Finish {
    match word {
        "length" => Finish::Length,
        // `stop`, and what servers call an end of another kind: the text is complete.
        _ => Finish::Stop,
    }
}
