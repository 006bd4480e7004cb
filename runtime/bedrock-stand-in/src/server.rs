//! The HTTP API, on loopback.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use percent_encoding::percent_decode_str;
use tiny_http::{Header, Method, Request, Response, Server};

use crate::families::{Answer, answer};

/// Largest body that is read, in bytes: Bedrock's own limit for image models is 25 MB, and no prompt comes near.
const MOST_BYTES: u64 = 1_000_000;

/// What happens to a call; a test says so in advance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is answered as a model would.
    Usual,
    /// It is refused with one of the API's exceptions.
    Exception {
        /// The status, such as 429.
        status: u16,
        /// The name, such as `ThrottlingException`.
        name: String,
        /// What it says.
        message: String,
    },
    /// It is answered with this body, whatever that is.
    Body(String),
    /// It is done, and paid for, and its answer is lost.
    LosesItsAnswer,
}

impl Reply {
    /// An exception.
    #[must_use]
    pub fn exception(status: u16, name: &str, message: &str) -> Self {
        Self::Exception { status, name: name.to_owned(), message: message.to_owned() }
    }
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The model's id.
    pub model: String,
    /// The body, as it was sent.
    pub body: String,
}

#[derive(Default)]
struct Held {
    script: Mutex<VecDeque<Reply>>,
    calls: Mutex<Vec<Call>>,
}

/// A stand-in that answers; it ends when it is dropped.
pub struct StandIn {
    server: Arc<Server>,
    held: Arc<Held>,
    worker: Option<thread::JoinHandle<()>>,
    url: String,
}

impl std::fmt::Debug for StandIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandIn").field("url", &self.url).finish_non_exhaustive()
    }
}

impl StandIn {
    /// Answers on loopback at this port, or at any free one for 0.
    ///
    /// # Errors
    ///
    /// The port cannot be had.
    pub fn start(port: u16) -> io::Result<Self> {
        let server = Arc::new(Server::http(("127.0.0.1", port)).map_err(io::Error::other)?);
        let url = format!("http://{}", server.server_addr());
        let held = Arc::new(Held::default());
        let (listening, answers) = (Arc::clone(&server), Arc::clone(&held));
        let worker = thread::spawn(move || {
            for request in listening.incoming_requests() {
                handle(request, &answers);
            }
        });
        Ok(Self { server, held, worker: Some(worker), url })
    }

    /// Where it answers: what `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` is set to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets this happen to the next call that nothing else is said of.
    pub fn next(&self, reply: Reply) {
        lock(&self.held.script).push_back(reply);
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.held.calls).clone()
    }

    /// Answers until the process ends.
    pub fn serve(mut self) {
        if let Some(worker) = self.worker.take() {
            // A worker that panicked has nothing left to answer.
            let _ = worker.join();
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn handle(mut request: Request, held: &Held) {
    let Some(model) = model_of(&request) else {
        let answer = Answer::exception(404, "UnknownOperationException", "this stand-in knows `POST /model/{id}/invoke` and nothing else");
        return respond(request, &answer);
    };
    let mut body = String::new();
    if request.as_reader().take(MOST_BYTES).read_to_string(&mut body).is_err() {
        return respond(request, &Answer::exception(400, "ValidationException", "the body is no text"));
    }
    let usual = || answer(&model, body.as_bytes());
    let reply = lock(&held.script).pop_front().unwrap_or(Reply::Usual);
    let answer = match reply {
        Reply::Usual => Some(usual()),
        Reply::Exception { status, name, message } => Some(Answer::exception(status, &name, &message)),
        Reply::Body(text) => {
            lock(&held.calls).push(Call { model, body });
            return send(request, text, 200, None);
        }
        Reply::LosesItsAnswer => None,
    };
    lock(&held.calls).push(Call { model, body });
    match answer {
        Some(answer) => respond(request, &answer),
        // What comes back is no HTTP: the client gives the call up at once, as when a connection breaks.
        None => {
            let mut writer = request.into_writer();
            // Whoever asked may have gone.
            let _ = writer.write_all(b"lost\r\n\r\n").and_then(|()| writer.flush());
        }
    }
}

/// The model that is to be invoked; nothing, when something else is asked for.
fn model_of(request: &Request) -> Option<String> {
    let path = request.url().split('?').next()?;
    let id = path.strip_prefix("/model/")?.strip_suffix("/invoke")?;
    (*request.method() == Method::Post).then(|| percent_decode_str(id).decode_utf8_lossy().into_owned())
}

fn respond(request: Request, answer: &Answer) {
    send(request, answer.body.to_string(), answer.status, answer.exception.as_deref());
}

fn send(request: Request, body: String, status: u16, exception: Option<&str>) {
    let headers = [("content-type", "application/json"), ("x-stand-in", "bedrock"), ("x-amzn-errortype", exception.unwrap_or_default())];
    let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
    let headers = headers.filter_map(|(name, value)| Header::from_bytes(name, value).ok());
    let response = headers.fold(Response::from_string(body).with_status_code(status), Response::with_header);
    // Whoever asked has gone.
    let _ = request.respond(response);
}
