//! A client on a plain socket, which can be slow, wrong and gone.

use std::{future::Future, net::SocketAddr, time::Duration};

use caller::{clock::Clock, keys::KeySource};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    task::{JoinHandle, LocalSet},
};
use upload::{
    Uploads,
    server::{Patience, serve},
    store::Cloud,
};

/// Long enough for a test that waits for nothing.
pub(crate) const PATIENT: Patience =
    Patience { header: Duration::from_secs(60), idle: Duration::from_secs(60), drain: Duration::from_secs(60) };

/// A server on loopback, until it is told to end.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl Running {
    /// Tells it to end, as an orchestrator does.
    pub(crate) fn tell(&mut self) {
        self.end.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        self.served.await.unwrap();
    }
}

/// Starts a server. To be called within [`locally`].
pub(crate) async fn start<C, S, T>(service: Uploads<C, S, T>, patience: Patience) -> Running
where
    C: Cloud + 'static,
    S: KeySource + 'static,
    T: Clock + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ends) = oneshot::channel();
    let ends = async {
        // A server that nobody tells serves on.
        if ends.await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let served = tokio::task::spawn_local(serve(service, listener, patience, ends));
    Running { address, end: Some(end), served }
}

/// Runs a test on one thread, as the service runs.
pub(crate) async fn locally<F: Future>(test: F) -> F::Output {
    LocalSet::new().run_until(test).await
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Told {
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }
}

/// A request whose headers are on their way.
pub(crate) struct Open {
    pub(crate) out: OwnedWriteHalf,
    back: OwnedReadHalf,
}

impl Open {
    /// Sends the headers of a request, in lines as they are.
    pub(crate) async fn new(address: SocketAddr, lines: &[&str]) -> Self {
        let (back, mut out) = TcpStream::connect(address).await.unwrap().into_split();
        let head = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>() + "\r\n";
        out.write_all(head.as_bytes()).await.unwrap();
        Self { out, back }
    }

    /// Sends bytes; nothing when the server does not take them any more.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.write_all(bytes).await.ok()
    }

    /// Sends one chunk of a body in chunks.
    pub(crate) async fn chunk(&mut self, bytes: &[u8]) -> Option<()> {
        self.send(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
        self.send(bytes).await?;
        self.send(b"\r\n").await
    }

    /// Reads the answer, while its own side stays open.
    pub(crate) async fn told(mut self) -> Told {
        let told = read(&mut self.back).await;
        drop(self.out);
        told
    }
}

/// Sends a whole request, its body in pieces, and reads the answer meanwhile.
pub(crate) async fn call(address: SocketAddr, lines: &[&str], body: Vec<u8>) -> Told {
    let Open { mut out, mut back } = Open::new(address, lines).await;
    let sending = tokio::task::spawn_local(async move {
        for piece in body.chunks(256 * 1024) {
            // A server that has said no need not take the rest.
            if out.write_all(piece).await.is_err() {
                break;
            }
        }
        out
    });
    let told = read(&mut back).await;
    sending.abort();
    told
}

async fn read(back: &mut OwnedReadHalf) -> Told {
    let mut text = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        if let Some(told) = parse(&text) {
            return told;
        }
        match back.read(&mut buffer).await {
            Ok(0) => panic!("the connection ended before its answer: `{}`", String::from_utf8_lossy(&text)),
            Ok(bytes) => text.extend_from_slice(&buffer[..bytes]),
            Err(error) => panic!("the connection broke before its answer: {error}, `{}`", String::from_utf8_lossy(&text)),
        }
    }
}

/// An answer that is whole; `100 Continue` is none.
fn parse(bytes: &[u8]) -> Option<Told> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().unwrap();
    if status == 100 {
        return parse(body.as_bytes());
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    let body = body.get(..length)?;
    Some(Told { status, text: body.to_owned(), body: serde_json::from_str(body).unwrap_or(Value::Null), head })
}
