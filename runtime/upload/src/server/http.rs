//! One request of a connection.

use std::{cell::Cell, net::SocketAddr, rc::Rc, sync::Arc};

use caller::{Answer, Passed, Request, Response, clock::Clock, keys::KeySource};
use contract::upload::ROUTES;
use http_body_util::Full;
use hyper::{
    HeaderMap,
    body::{Bytes, Incoming},
    http::{HeaderValue, request::Parts},
};
use tokio::sync::{Semaphore, oneshot, watch};

use super::{
    Patience,
    linger::{is_unread, linger},
};
use crate::{
    Uploads, judge,
    receive::{self, Terms},
    service::accepted,
    store::Cloud,
};

/// What all connections share.
pub(super) struct Server<C, S, T> {
    pub(super) uploads: Rc<Uploads<C, S, T>>,
    pub(super) patience: Patience,
    /// One for each picture that may be on its way: bounds the memory.
    pub(super) places: Arc<Semaphore>,
    /// Becomes true when uploads must end at once.
    pub(super) stopped: watch::Receiver<bool>,
}

type Reply = hyper::Response<Full<Bytes>>;

impl<C, S, T> Server<C, S, T>
where
    C: Cloud + 'static,
    S: KeySource + 'static,
    T: Clock + 'static,
{
    pub(super) async fn answer(&self, request: hyper::Request<Incoming>, peer: SocketAddr) -> Reply {
        // The load balancer asks this every few seconds; it has no token, and nobody wants to read of it.
        if request.method() == "GET" && request.uri().path() == "/ping" {
            return hyper::Response::new(Full::from("ok"));
        }
        let (parts, body) = request.into_parts();
        let waits = parts.headers.contains_key("expect");
        let request = &head(parts, peer, self.uploads.identity());
        let body = Cell::new(Some(body));
        let answer = async |passed: Passed<'_>| match passed.pattern {
            "/images" => self.take(request, &passed, &body).await,
            _ => self.uploads.show(&passed).await,
        };
        let mut response = self.uploads.gate.handle(request, &ROUTES, &*self.uploads.cloud, answer).await;
        if let Some(body) = body.take().filter(is_unread) {
            response.headers.insert("connection", "close".to_owned());
            // Whoever waits for leave to send has sent nothing.
            if !waits {
                tokio::task::spawn_local(linger(body));
            }
        }
        reply(response)
    }

    /// Answers `POST /images`: the picture itself, of any size that is let in.
    async fn take(&self, request: &Request, passed: &Passed<'_>, body: &Cell<Option<Incoming>>) -> Result<Answer, Answer> {
        let uploads = &self.uploads;
        let most = uploads.config.max_bytes;
        match request.header("content-length").and_then(|length| length.parse::<u64>().ok()) {
            Some(0) => return Err(judge::empty()),
            Some(bytes) if u64::from(most) < bytes => return Err(judge::too_large(bytes, most)),
            // A body in chunks is counted as it comes.
            Some(_) | None => {}
        }
        let Ok(room) = self.places.clone().try_acquire_owned() else {
            return Err(Answer::unavailable("as many pictures as this server takes at once are on their way; try again"));
        };
        let Some(mut body) = body.take() else { return Err(judge::empty()) };
        let place = uploads.place(&passed.caller);
        let declared = request.header("content-type").map(str::to_owned);
        let terms = Terms { place: place.clone(), declared, most, idle: self.patience.idle };
        let (tell, told) = oneshot::channel();
        let (shared, mut stopped) = (uploads.clone(), self.stopped.clone());
        // A task of its own: when the client goes away, this future is dropped, and what it sent must still be forgotten.
        tokio::task::spawn_local(async move {
            let ended = receive::receive(&shared.cloud, &terms, &mut body, &mut stopped, shared.gate.log()).await;
            let refused = ended.is_err();
            // Nobody listens when the client went away.
            drop(tell.send(ended));
            drop(room);
            if refused {
                linger(body).await;
            }
        });
        let ended = told.await.unwrap_or_else(|_| Err(Answer::unavailable("the picture could not be taken; try again")));
        match ended {
            Ok(()) => Ok(accepted(&place, None)),
            Err(refusal) => Err(refusal.header("connection", "close")),
        }
    }
}

/// What of a request is known before its body.
fn head(parts: Parts, peer: SocketAddr, identity: String) -> Request {
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
    let id = value(&parts.headers, "x-amzn-trace-id").unwrap_or(identity);
    // The load balancer writes whom it heard from behind what that one claimed; nobody else comes through to here.
    let ip = value(&parts.headers, "x-forwarded-for").and_then(|all| all.rsplit(',').next().map(|last| last.trim().to_owned()));
    let ip = ip.unwrap_or_else(|| peer.ip().to_string());
    Request::head(parts.method.as_str(), parts.uri.path(), &id, &ip, headers)
}

fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get_all(name).iter().next_back().map(text)
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn reply(response: Response) -> Reply {
    let Response { status_code, headers, body } = response;
    let built = headers.into_iter().fold(hyper::Response::builder().status(status_code), |built, (name, value)| built.header(name, value));
    // Headers hold what was read of headers, or our own words; what could not be one is our failure.
    built.body(Full::from(body)).unwrap_or_else(|_| {
        let mut failed = hyper::Response::new(Full::default());
        *failed.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}
