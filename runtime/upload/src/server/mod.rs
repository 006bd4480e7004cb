//! The service as a server of its own, behind a load balancer: pictures come as they are, whatever their size.
//!
//! One thread serves all of them: it copies bytes from one socket to another, and waits.

mod http;
mod linger;

use std::{convert::Infallible, future::Future, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use caller::{clock::Clock, keys::KeySource};
use contract::upload::UploadConfig;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{Uploads, store::Cloud};
use http::Server;

/// Longer than a load balancer keeps an idle connection (60 s), or it would send a request into one that is closing; and all the time
/// that a client has for its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);

/// A load balancer passes 16 KB of one header on, and 64 KB of all.
const MOST_HEADER_BYTES: usize = 64 * 1024;
const MOST_HEADERS: usize = 64;

/// Connections at once; whoever comes then waits until one ends.
const MOST_CONNECTIONS: usize = 1_024;

/// After the time for uploads is over: so long to forget what is not whole.
const FORGET: Duration = Duration::from_secs(5);

/// When the machine has no file descriptor left, the next one may be free in a moment; without a pause the loop would burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a server waits, where a test cannot.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the headers of a request, and for the next request of a connection.
    pub header: Duration,
    /// For more of a picture.
    pub idle: Duration,
    /// For uploads to end, once the server was told to end.
    pub drain: Duration,
}

impl Patience {
    /// As the configuration says.
    #[must_use]
    pub fn of(config: &UploadConfig) -> Self {
        Self {
            header: HEADER_TIMEOUT,
            idle: Duration::from_secs(config.idle_seconds.into()),
            drain: Duration::from_secs(config.drain_seconds.into()),
        }
    }
}

/// Serves until `ends` comes true, and then as long as uploads need that were begun, within the drain time; what is not whole by then is
/// forgotten. To be awaited within a [`LocalSet`](tokio::task::LocalSet).
pub async fn serve<C, S, T>(uploads: Uploads<C, S, T>, listener: TcpListener, patience: Patience, ends: impl Future<Output = ()>)
where
    C: Cloud + 'static,
    S: KeySource + 'static,
    T: Clock + 'static,
{
    let (stop, stopped) = watch::channel(false);
    let at_once = uploads.config.max_uploads;
    let places = Arc::new(Semaphore::new(at_once as usize));
    let server = Rc::new(Server { uploads: Rc::new(uploads), patience, places: places.clone(), stopped });
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    tokio::pin!(ends);
    loop {
        let (stream, peer, connection) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut ends => break,
        };
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.header)
            .max_headers(MOST_HEADERS)
            .max_header_size(MOST_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), {
                let server = server.clone();
                service_fn(move |request| {
                    let server = server.clone();
                    async move { Ok::<_, Infallible>(server.answer(request, peer).await) }
                })
            });
        let watched = graceful.watch(served);
        tokio::task::spawn_local(async move {
            // Whoever breaks a connection off knows it; what was begun for him is forgotten by a task of its own.
            watched.await.ok();
            drop(connection);
        });
    }
    drop(listener);
    let ended = graceful.shutdown();
    tokio::pin!(ended);
    if timeout(patience.drain, &mut ended).await.is_err() {
        stop.send_replace(true);
        timeout(FORGET, ended).await.ok();
    }
    // An upload whose client went away outlives its connection.
    timeout(FORGET, places.acquire_many(at_once)).await.ok();
}

/// The next connection, as soon as there is room for one.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // Nobody closes the semaphore.
    let room = connections.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, room),
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}
