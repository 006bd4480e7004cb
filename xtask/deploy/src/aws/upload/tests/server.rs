//! As much of S3 as an upload in parts needs, over plain HTTP on a loopback port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// A test that waits so long has failed; what it waits for comes in milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Nothing does, but part 1 is taken only after two others.
    FirstPartIsSlow,
    PartIsRefused(i32),
    PartAndAbortAreRefused(i32),
    CompletionIsRefused,
    OtherChecksum,
}

/// What the server saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) requests: usize,
    /// Part numbers, in the order in which they were taken.
    pub(super) arrived: Vec<i32>,
    pub(super) most_at_once: usize,
    /// The object, once it is completed.
    pub(super) object: Option<Vec<u8>>,
    pub(super) aborted: bool,
    pub(super) deleted: bool,
    at_once: usize,
    parts: BTreeMap<i32, Vec<u8>>,
    ended: bool,
}

#[derive(Debug)]
struct State {
    fault: Fault,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// The server, on a port that was free.
#[derive(Debug)]
pub(super) struct Server {
    address: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(State { fault, seen: Mutex::default(), changed: Condvar::new() });
        let shared = Arc::clone(&state);
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.seen.lock().unwrap().ended {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || converse(&stream, &shared));
            }
        });
        Self { address, state, accepting }
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was seen until now.
    pub(super) fn stop(self) -> Seen {
        self.state.seen.lock().unwrap().ended = true;
        // Wakes whoever waits for a connection.
        drop(TcpStream::connect(&self.address));
        self.accepting.join().unwrap();
        std::mem::take(&mut *self.state.seen.lock().unwrap())
    }
}

struct Request {
    method: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// One connection, request by request, until the client is gone.
fn converse(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, stream) {
        let (status, body) = answer(&request, state);
        let etag = request.query.get("partNumber").map(|number| format!("ETag: \"part-{number}\"\r\n")).unwrap_or_default();
        let head = format!("HTTP/1.1 {status}\r\n{etag}Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut writer = stream;
        // A client that has heard of another part's failure may be gone.
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead, mut stream: &TcpStream) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let headers: BTreeMap<_, _> = lines[1..].iter().filter_map(|line| line.split_once(": ")).collect();
    let headers: BTreeMap<_, _> = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    if headers.get("expect").is_some_and(|expect| expect == "100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Request { method, query, headers, body })
}

fn answer(request: &Request, state: &State) -> (&'static str, String) {
    state.seen.lock().unwrap().requests += 1;
    let number = request.query.get("partNumber").map(|number| number.parse().unwrap());
    let has_id = request.query.get("uploadId").is_some_and(|id| id == "one-upload");
    match (request.method.as_str(), number, has_id) {
        ("POST", None, false) if request.query.contains_key("uploads") => created(request),
        ("PUT", Some(number), true) => part(request, number, state),
        ("POST", None, true) => completed(request, state),
        ("DELETE", None, true) if matches!(state.fault, Fault::PartAndAbortAreRefused(_)) => refused("uploads may not be aborted"),
        ("DELETE", None, true) => {
            state.seen.lock().unwrap().aborted = true;
            ("204 No Content", String::new())
        }
        ("DELETE", None, false) => {
            state.seen.lock().unwrap().deleted = true;
            ("204 No Content", String::new())
        }
        _ => ("400 Bad Request", error("InvalidRequest", "not a request of an upload")),
    }
}

fn created(request: &Request) -> (&'static str, String) {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if (header("x-amz-checksum-algorithm"), header("x-amz-checksum-type")) != (Some("SHA256"), Some("COMPOSITE")) {
        return ("400 Bad Request", error("InvalidRequest", "parts without a SHA-256"));
    }
    let result = "<InitiateMultipartUploadResult><UploadId>one-upload</UploadId></InitiateMultipartUploadResult>";
    ("200 OK", result.to_owned())
}

fn part(request: &Request, number: i32, state: &State) -> (&'static str, String) {
    if matches!(state.fault, Fault::PartIsRefused(refused) | Fault::PartAndAbortAreRefused(refused) if refused == number) {
        return refused(&format!("part {number} may not be written"));
    }
    let checksum = aws_smithy_types::base64::encode(Sha256::digest(&request.body));
    if request.headers.get("x-amz-checksum-sha256") != Some(&checksum) {
        return ("400 Bad Request", error("BadDigest", "the part is not what its checksum says"));
    }
    let mut seen = state.seen.lock().unwrap();
    seen.at_once += 1;
    seen.most_at_once = seen.most_at_once.max(seen.at_once);
    state.changed.notify_all();
    // Whichever comes first waits for company, so that nothing hangs on how busy the machine is.
    if state.fault == Fault::FirstPartIsSlow {
        seen = state.changed.wait_timeout_while(seen, PATIENCE, |seen| seen.most_at_once < 2).unwrap().0;
    }
    if state.fault == Fault::FirstPartIsSlow && number == 1 {
        seen = state.changed.wait_timeout_while(seen, PATIENCE, |seen| seen.arrived.len() < 2).unwrap().0;
    }
    seen.arrived.push(number);
    seen.parts.insert(number, request.body.clone());
    seen.at_once -= 1;
    state.changed.notify_all();
    ("200 OK", String::new())
}

/// Makes the object of the parts that are named, which must be all of them, in order, with the checksums that they came with.
fn completed(request: &Request, state: &State) -> (&'static str, String) {
    if state.fault == Fault::CompletionIsRefused {
        return refused("uploads may not be completed");
    }
    let mut seen = state.seen.lock().unwrap();
    let digests: Vec<_> = seen.parts.values().map(Sha256::digest).collect();
    let named = String::from_utf8(request.body.clone()).unwrap();
    let parts: Vec<_> = named.split("</Part>").filter(|part| part.contains("<Part>")).collect();
    let right = |(part, (number, digest)): (&&str, (&i32, _))| {
        part.contains(&format!("<PartNumber>{number}</PartNumber>")) && part.contains(&aws_smithy_types::base64::encode(digest))
    };
    if parts.len() != digests.len() || !parts.iter().zip(seen.parts.keys().zip(&digests)).all(right) {
        return ("400 Bad Request", error("InvalidPart", "other parts than those that arrived, or in another order"));
    }
    let size: usize = seen.parts.values().map(Vec::len).sum();
    if request.headers.get("x-amz-mp-object-size") != Some(&size.to_string()) {
        return ("400 Bad Request", error("InvalidRequest", "the object has another size"));
    }
    let composite = match state.fault {
        Fault::OtherChecksum => aws_smithy_types::base64::encode("other"),
        Fault::None | Fault::FirstPartIsSlow | Fault::PartIsRefused(_) | Fault::PartAndAbortAreRefused(_) | Fault::CompletionIsRefused => {
            aws_smithy_types::base64::encode(Sha256::digest(digests.concat()))
        }
    };
    seen.object = Some(seen.parts.values().flatten().copied().collect());
    let count = seen.parts.len();
    let result = format!(
        "<CompleteMultipartUploadResult><ChecksumSHA256>{composite}-{count}</ChecksumSHA256>\
         <ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>"
    );
    ("200 OK", result)
}

fn refused(message: &str) -> (&'static str, String) {
    ("403 Forbidden", error("AccessDenied", message))
}

fn error(code: &str, message: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")
}
