//! A Lambda Runtime API on loopback that gives out requests one by one and takes the time; also the issuer of tokens and, as far as a
//! limit of requests needs one, DynamoDB.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::proxy::Message;

/// A function that says nothing for so long has ended, or never began.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, and the status that its answer must have.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) event: Value,
    pub(super) status: u16,
}

/// The stage of one run of one function.
#[derive(Debug)]
pub(super) struct Stage {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    asked: Vec<Asked>,
    jwks: String,
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What the function did so far.
#[derive(Debug, Default)]
struct Seen {
    ready: Option<Instant>,
    handed: Option<Instant>,
    milliseconds: Vec<f64>,
    wrong: Option<String>,
}

/// What a run came to, in milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// From the process's start until it asked for its first request.
    pub(super) start: f64,
    /// Each request, in their order: from the event's first byte until the answer's last.
    pub(super) requests: Vec<f64>,
}

impl Stage {
    pub(super) fn open(asked: Vec<Asked>, jwks: &Value) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { asked, jwks: jwks.to_string(), seen: Mutex::default(), changed: Condvar::new() });
        // Both end with the program: a stage is small, and a bench opens a few dozen.
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().flatten() {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || serve(&stream, &shared));
                }
            }
        });
        Ok(Self { port, shared })
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until all requests are answered. `began` is when the process was started.
    pub(super) fn wait(&self, began: Instant) -> Result<Run, String> {
        let mut seen = self.shared.seen();
        loop {
            if let Some(wrong) = &seen.wrong {
                return Err(wrong.clone());
            }
            if let (Some(ready), true) = (seen.ready, seen.milliseconds.len() == self.shared.asked.len()) {
                return Ok(Run { start: milliseconds(ready - began), requests: seen.milliseconds.clone() });
            }
            let before = seen.milliseconds.len();
            let (next, waited) = self.shared.changed.wait_timeout(seen, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && next.milliseconds.len() == before {
                return Err(format!("nothing for {} s after {before} answers", PATIENCE.as_secs()));
            }
            seen = next;
        }
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next event, with its number; nothing when there are no more.
    fn next(&self) -> Option<(usize, &Asked)> {
        let mut seen = self.seen();
        seen.ready.get_or_insert_with(Instant::now);
        let at = seen.milliseconds.len();
        let asked = self.asked.get(at)?;
        seen.handed = Some(Instant::now());
        Some((at, asked))
    }

    fn answered(&self, body: &[u8]) {
        let now = Instant::now();
        let mut seen = self.seen();
        let expected = self.asked.get(seen.milliseconds.len()).map(|asked| asked.status);
        let status = serde_json::from_slice::<Value>(body).ok().and_then(|answer| answer.get("statusCode").and_then(Value::as_u64));
        if status != expected.map(u64::from) {
            seen.wrong = Some(format!("{expected:?} was expected, but it answered {}", String::from_utf8_lossy(body)));
        }
        if let Some(handed) = seen.handed.take() {
            seen.milliseconds.push(milliseconds(now - handed));
        }
        self.changed.notify_all();
    }

    fn failed(&self, body: &[u8]) {
        self.seen().wrong = Some(String::from_utf8_lossy(body).into_owned());
        self.changed.notify_all();
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(mut request) = Message::request_head(&mut reader)? {
        request.read_body(&mut reader)?;
        let (_, path) = request.words();
        let answer = if path.ends_with("/invocation/next") {
            let Some((at, asked)) = shared.next() else {
                // Lambda lets a function wait that has nothing to do.
                thread::park();
                return Ok(());
            };
            let function = "lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:111122223333:function:bench\r\n";
            let head = format!("lambda-runtime-aws-request-id: request-{at}\r\nlambda-runtime-deadline-ms: 4102444800000\r\n{function}");
            text(200, &head, &asked.event.to_string())
        } else if path.ends_with("/response") {
            shared.answered(&request.body);
            text(202, "", "{}")
        } else if path.ends_with("/error") {
            shared.failed(&request.body);
            text(202, "", "{}")
        } else if path.ends_with("/jwks.json") {
            text(200, "", &shared.jwks)
        } else {
            // DynamoDB: written.
            text(200, "", "{}")
        };
        writer.write_all(answer.as_bytes())?;
    }
    Ok(())
}

fn text(status: u16, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn milliseconds(duration: Duration) -> f64 {
    1_000.0 * duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(stream: &mut TcpStream, request: &str) -> String {
        stream.write_all(request.as_bytes()).unwrap();
        let answer = Message::answer(&mut BufReader::new(&*stream), false).unwrap();
        String::from_utf8(answer.body).unwrap()
    }

    fn post(path: &str, body: &str) -> String {
        format!("POST {path} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn a_function_gets_each_request_once_and_its_time_is_taken() {
        let asked = ["a", "b"].map(|name| Asked { event: json!({ "name": name }), status: 200 });
        let stage = Stage::open(asked.to_vec(), &json!({ "keys": [] })).unwrap();
        let began = Instant::now();
        let mut function = TcpStream::connect((Ipv4Addr::LOCALHOST, stage.port())).unwrap();

        for name in ["a", "b"] {
            let event = ask(&mut function, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
            assert_eq!(event, json!({ "name": name }).to_string());
            ask(&mut function, &post("/2018-06-01/runtime/invocation/request-0/response", r#"{"statusCode":200}"#));
        }

        let run = stage.wait(began).unwrap();
        assert_eq!(run.requests.len(), 2);
        assert!(0.0 < run.start, "{run:?}");
    }

    #[test]
    fn a_function_that_answers_something_else_is_not_measured() {
        let stage = Stage::open(vec![Asked { event: json!({}), status: 200 }], &json!({})).unwrap();
        let mut function = TcpStream::connect((Ipv4Addr::LOCALHOST, stage.port())).unwrap();

        ask(&mut function, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
        ask(&mut function, &post("/2018-06-01/runtime/invocation/request-0/response", r#"{"statusCode":403}"#));

        let wrong = stage.wait(Instant::now()).unwrap_err();
        assert!(wrong.contains("403"), "who refuses everybody would be the fastest: {wrong}");
    }
}
