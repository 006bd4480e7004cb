//! A front door that plays its part on loopback: what the suite and the documentation expect, or one thing otherwise.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::taken::{Answer, taken};

/// Tokens that are let in; their middles stand for payloads.
pub(super) const TOKEN: &str = "head.cGF5bG9hZC1vZi1hZGE.signature";
pub(super) const FRESH: &str = "head.cGF5bG9hZC1vZi1ib2I.signature";

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    LetsEverybodyIn,
    NeverTired,
    EveryOrigin,
    TakesAnything,
}

/// When whoever has a token asked for a path.
type Windows = Arc<Mutex<HashMap<(String, String), Vec<Instant>>>>;

/// A request.
pub(super) struct Asked<'a> {
    first: &'a str,
    headers: &'a HashMap<String, String>,
    body: &'a [u8],
}

impl Asked<'_> {
    pub(super) fn path(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn body(&self) -> &[u8] {
        self.body
    }
}

/// Answers until the test ends; its address.
pub(super) fn open(fault: Fault) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let windows = Windows::default();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let windows = Arc::clone(&windows);
            thread::spawn(move || serve(stream, fault, &windows));
        }
    });
    address
}

/// Answers one request after the other, until the other side has had enough.
fn serve(mut stream: TcpStream, fault: Fault, windows: &Windows) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or_default() == 0 {
            return;
        }
        let mut headers = HashMap::new();
        for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = answer(&Asked { first: &first, headers: &headers, body: &body }, fault, windows);
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(asked: &Asked<'_>, fault: Fault, windows: &Windows) -> String {
    let origin = asked.headers.get("origin");
    let local =
        |origin: &str| origin == "http://localhost" || origin.starts_with("http://localhost:") || origin.starts_with("capacitor://");
    let may = origin.is_none_or(|origin| local(origin) || fault == Fault::EveryOrigin);
    let allowed =
        origin.filter(|_| may).map(|origin| format!("access-control-allow-origin: {origin}\r\nvary: Origin\r\n")).unwrap_or_default();
    let say = |status: &str, more: &str, body: &str| {
        let length = if status.starts_with("204") { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{length}{allowed}{more}\r\n{body}")
    };
    if !may {
        return say("403 Forbidden", "", r#"{"error":"origin_not_allowed"}"#);
    }
    if asked.first.starts_with("OPTIONS") {
        let more = "access-control-allow-methods: POST, GET, OPTIONS\r\naccess-control-allow-headers: Authorization, Content-Type, Idempotency-Key\r\n";
        return say("204 No Content", more, "");
    }
    let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    if fault != Fault::LetsEverybodyIn {
        if token.is_empty() {
            return say("401 Unauthorized", "www-authenticate: Bearer\r\n", r#"{"error":"missing_token"}"#);
        }
        if token != TOKEN && token != FRESH {
            return say("403 Forbidden", "www-authenticate: Bearer error=\"invalid_token\"\r\n", r#"{"error":"invalid_token"}"#);
        }
    }
    let mut windows = windows.lock().unwrap();
    let window = windows.entry((token.to_owned(), asked.path().to_owned())).or_default();
    // A second on this machine may be long: what counts here is the number. Only pings come at once, all else with pauses between.
    let most = if asked.path() == "/ping" { 5 } else { 20 };
    window.retain(|at| at.elapsed() < Duration::from_secs(30));
    if most <= window.len() && fault != Fault::NeverTired {
        return say("429 Too Many Requests", "retry-after: 60\r\n", r#"{"error":"rate_limited"}"#);
    }
    window.push(Instant::now());
    let Answer { status, location, body } = taken(asked, fault == Fault::TakesAnything);
    let location = location.map(|path| format!("location: {path}\r\n")).unwrap_or_default();
    say(status, &location, &body)
}
