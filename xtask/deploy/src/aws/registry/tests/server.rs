//! As much of a registry as a push needs, as the OCI's distribution specification wants it, over plain HTTP on a loopback port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

use super::sha256;

pub(super) const HOST: &str = "111111111111.dkr.ecr.eu-central-1.amazonaws.com";
pub(super) const REPOSITORY: &str = "cloudwright-staging-artifacts-images";
pub(super) const PASSWORD: &str = "QVdTOnBhc3N3b3Jk";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    OutOfOrderOnce,
    ThrottledOnce,
    ConnectionLostOnce,
    UploadsDenied,
    NoRepository,
    BytesChangeOnTheWay,
    BlobsGetLost,
    UploadsElsewhere,
}

/// What the registry saw, and holds.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Method and path, in the order in which they came.
    pub(super) requests: Vec<String>,
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
    pub(super) manifests: BTreeMap<String, Vec<u8>>,
    /// Where uploads are sent instead.
    pub(super) elsewhere: String,
    failed: bool,
    ended: bool,
}

#[derive(Debug)]
pub(super) struct Server {
    address: String,
    seen: Arc<Mutex<Seen>>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.lock().unwrap().ended {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || converse(&stream, fault, &shared));
            }
        });
        Self { address, seen, accepting }
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn look<T>(&self, at: impl FnOnce(&mut Seen) -> T) -> T {
        at(&mut self.seen.lock().unwrap())
    }

    /// What was seen until now.
    pub(super) fn stop(self) -> Seen {
        self.seen.lock().unwrap().ended = true;
        // Wakes whoever waits for a connection.
        drop(TcpStream::connect(&self.address));
        self.accepting.join().unwrap();
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

fn reply(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    Reply { status, headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(), body: Value::Null }
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply { status, headers: Vec::new(), body: json!({ "errors": [{ "code": code, "message": "refused", "detail": {} }] }) }
}

/// One connection, request by request, until the client is gone.
fn converse(stream: &TcpStream, fault: Fault, seen: &Mutex<Seen>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let Some(reply) = answer(&request, fault, &mut seen.lock().unwrap()) else { return };
        let body = if reply.body.is_null() { String::new() } else { reply.body.to_string() };
        let headers: String = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = if request.method == "HEAD" { "" } else { &body };
        let mut writer = stream;
        if write!(writer, "HTTP/1.1 {} X\r\n{headers}Content-Length: {}\r\n\r\n{text}", reply.status, body.len()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length: &String| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request { method, path: path.to_owned(), query: query.to_owned(), headers, body })
}

/// None where the connection breaks.
fn answer(request: &Request, fault: Fault, seen: &mut Seen) -> Option<Reply> {
    seen.requests.push(format!("{} {}", request.method, request.path));
    if request.header("authorization") != format!("Basic {PASSWORD}") {
        let challenge = reply(401, &[("WWW-Authenticate", "Basic realm=\"https://registry\",service=\"ecr.amazonaws.com\"")]);
        return Some(Reply { body: refusal(401, "UNAUTHORIZED").body, ..challenge });
    }
    assert_eq!(request.header("host"), HOST, "ECR would not know whose registry is meant");
    let path = request.path.strip_prefix(&format!("/v2/{REPOSITORY}/")).filter(|_| fault != Fault::NoRepository);
    let Some(path) = path else { return Some(if request.method == "HEAD" { reply(404, &[]) } else { refusal(404, "NAME_UNKNOWN") }) };
    if request.method == "PUT" && !std::mem::replace(&mut seen.failed, true) {
        match fault {
            Fault::OutOfOrderOnce => return Some(refusal(503, "UNAVAILABLE")),
            Fault::ThrottledOnce => return Some(refusal(429, "TOOMANYREQUESTS")),
            Fault::ConnectionLostOnce => return None,
            Fault::None
            | Fault::UploadsDenied
            | Fault::NoRepository
            | Fault::BytesChangeOnTheWay
            | Fault::BlobsGetLost
            | Fault::UploadsElsewhere => {}
        }
    }
    let known = |there: bool| if there { reply(200, &[]) } else { reply(404, &[]) };
    Some(match (request.method.as_str(), path.split_once('/')) {
        ("HEAD", Some(("manifests", digest))) => known(seen.manifests.contains_key(digest)),
        ("HEAD", Some(("blobs", digest))) => known(seen.blobs.contains_key(digest)),
        ("POST", Some(("blobs", "uploads/"))) => match fault {
            Fault::UploadsDenied => refusal(403, "DENIED"),
            Fault::UploadsElsewhere => reply(202, &[("Location", &format!("{}/v2/{REPOSITORY}/blobs/uploads/1", seen.elsewhere))]),
            Fault::None
            | Fault::OutOfOrderOnce
            | Fault::ThrottledOnce
            | Fault::ConnectionLostOnce
            | Fault::NoRepository
            | Fault::BytesChangeOnTheWay
            // As the specification lets it: absolute, and with a query of its own.
            | Fault::BlobsGetLost => reply(202, &[("Location", &format!("https://{HOST}/v2/{REPOSITORY}/blobs/uploads/1?state=x"))]),
        },
        ("PUT", Some(("blobs", "uploads/1"))) => take(request, fault, seen),
        ("PUT", Some(("manifests", digest))) => put(request, digest, seen),
        _ => refusal(405, "UNSUPPORTED"),
    })
}

fn take(request: &Request, fault: Fault, seen: &mut Seen) -> Reply {
    let Some(digest) = request.query.strip_prefix("state=x&digest=") else { return refusal(400, "BLOB_UPLOAD_INVALID") };
    let mut body = request.body.clone();
    if fault == Fault::BytesChangeOnTheWay {
        body[0] ^= 1;
    }
    if sha256(&body) != digest {
        return refusal(400, "DIGEST_INVALID");
    }
    if fault != Fault::BlobsGetLost {
        seen.blobs.insert(digest.to_owned(), body);
    }
    reply(201, &[("Docker-Content-Digest", digest)])
}

fn put(request: &Request, digest: &str, seen: &mut Seen) -> Reply {
    let manifest: Value = serde_json::from_slice(&request.body).unwrap();
    if sha256(&request.body) != digest {
        return refusal(400, "DIGEST_INVALID");
    }
    if request.header("content-type") != manifest["mediaType"] {
        return refusal(400, "MANIFEST_INVALID");
    }
    let named = manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]);
    if named.into_iter().any(|blob| !seen.blobs.contains_key(blob["digest"].as_str().unwrap())) {
        return refusal(400, "BLOB_UNKNOWN");
    }
    seen.manifests.insert(digest.to_owned(), request.body.clone());
    reply(201, &[("Docker-Content-Digest", digest)])
}
