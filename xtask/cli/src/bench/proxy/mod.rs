//! A counting proxy: it stands between a program and the local cloud, on loopback, and notes every call.
//!
//! What goes through is passed on byte by byte, with the host that the program meant, so that signatures stay true. Questions to the
//! local cloud about itself are passed on and not counted: AWS has none.

mod action;
mod message;

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) use message::Message;

/// How the local cloud's own questions begin.
const OWN: &str = "/_ministack/";

/// How long one call may take; a stack event is never waited for inside one.
const PATIENCE: Duration = Duration::from_secs(120);

/// Calls by service and action, with the status where one was refused: `cloudformation:DescribeStacks 400`.
pub(super) type Calls = BTreeMap<String, u64>;

/// A proxy that listens until it is dropped.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: u16,
    calls: Mutex<Calls>,
    ending: AtomicBool,
}

impl Proxy {
    /// Listens on a free port, and passes on to another port of this machine.
    pub(super) fn before(upstream: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared { upstream, calls: Mutex::default(), ending: AtomicBool::new(false) });
        let accepting = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { port, shared, accepting: Some(accepting) })
    }

    /// Where it listens.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// What was called since the last time, and forgets it.
    pub(super) fn take(&self) -> Calls {
        std::mem::take(&mut *self.shared.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        // Whoever waits for the next connection gets one, and sees that it is over.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ending.load(Ordering::Relaxed) {
            return;
        }
        let shared = Arc::clone(shared);
        // A program that breaks off has its reasons; the next call is another one.
        thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
    }
}

/// Serves one connection, call by call, as long as the program keeps it.
fn serve(program: &TcpStream, shared: &Shared) -> io::Result<()> {
    program.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(program), program);
    while let Some(mut request) = Message::request_head(&mut reader)? {
        if request.waits() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.read_body(&mut reader)?;
        let answer = ask(&request, shared.upstream).inspect_err(|_| drop(writer.write_all(UNREACHABLE)))?;
        let last = request.is_last() || answer.ends_with_connection();
        if !request.words().1.starts_with(OWN) {
            shared.count(&request, answer.status());
        }
        writer.write_all(&answer.to_bytes(if last { "close" } else { "keep-alive" }))?;
        if last {
            break;
        }
    }
    Ok(())
}

const UNREACHABLE: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A connection for each call: one that is kept may be closed by the other side just when it is used again.
fn ask(request: &Message, port: u16) -> io::Result<Message> {
    let mut upstream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    upstream.set_nodelay(true)?;
    upstream.set_read_timeout(Some(PATIENCE))?;
    upstream.write_all(&request.to_bytes("close"))?;
    Message::answer(&mut BufReader::new(&upstream), request.words().0 == "HEAD")
}

impl Shared {
    fn count(&self, request: &Message, status: Option<u16>) {
        let name = action::name(request);
        let name = match status {
            Some(status @ 400..) => format!("{name} {status}"),
            Some(_) | None => name,
        };
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// A cloud that answers every connection once, and gives what it heard.
    fn cloud<const N: usize>(answers: [&'static str; N]) -> (u16, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = thread::spawn(move || {
            let answer = |text: &'static str| {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(&stream);
                let mut request = Message::request_head(&mut reader).unwrap().unwrap();
                request.read_body(&mut reader).unwrap();
                (&stream).write_all(text.as_bytes()).unwrap();
                String::from_utf8_lossy(&request.to_bytes("close")).into_owned()
            };
            answers.into_iter().map(answer).collect()
        });
        (port, heard)
    }

    fn sign(service: &str) -> String {
        format!("Authorization: AWS4-HMAC-SHA256 Credential=1/2/3/{service}/aws4_request, Signature=a\r\n")
    }

    #[test]
    fn calls_on_a_kept_connection_are_counted_one_by_one() {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let (port, heard) = cloud([ok, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", ok]);
        let proxy = Proxy::before(port).unwrap();
        let mut program = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
        let mut reader = BufReader::new(program.try_clone().unwrap());
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";

        let mut answers = Vec::new();
        for (body, service) in
            [("Action=DescribeStacks", "cloudformation"), ("Action=DescribeStacks", "cloudformation"), ("Action=X", "sts")]
        {
            write!(program, "POST / HTTP/1.1\r\nHost: meant\r\n{form}{}Content-Length: {}\r\n\r\n{body}", sign(service), body.len())
                .unwrap();
            answers.push(Message::answer(&mut reader, false).unwrap());
        }

        let counted: Vec<_> = proxy.take().into_iter().collect();
        let expected = [("cloudformation:DescribeStacks", 1), ("cloudformation:DescribeStacks 400", 1), ("sts:X", 1)];
        assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)));
        assert_eq!(answers[1].body, b"2\r\nno\r\n0\r\n\r\n", "the program would read another answer than AWS gave");
        assert!(heard.join().unwrap()[0].contains("Host: meant\r\n"), "the signature would be for another host");
        assert!(proxy.take().is_empty(), "calls would be counted twice");
    }

    #[test]
    fn a_program_that_waits_before_it_sends_is_told_to_go_on() {
        let (port, heard) = cloud(["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]);
        let proxy = Proxy::before(port).unwrap();
        let mut program = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();

        write!(program, "PUT /b/k HTTP/1.1\r\n{}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n", sign("s3"))
            .unwrap();
        let mut go_on = [0; 25];
        program.read_exact(&mut go_on).unwrap();
        program.write_all(b"zip").unwrap();
        let mut rest = String::new();
        program.read_to_string(&mut rest).unwrap();

        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "both sides would wait for each other");
        assert!(rest.starts_with("HTTP/1.1 200 OK\r\n"), "{rest}");
        assert!(heard.join().unwrap()[0].ends_with("\r\n\r\nzip"));
        assert_eq!(proxy.take(), Calls::from([("s3:PutObject".to_owned(), 1)]));
    }

    #[test]
    fn questions_about_the_local_cloud_itself_are_not_counted() {
        let (port, heard) = cloud(["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]);
        let proxy = Proxy::before(port).unwrap();
        let mut program = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();

        write!(program, "GET /_ministack/ready HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        program.read_to_string(&mut answer).unwrap();

        assert!(answer.ends_with("{}"), "{answer}");
        heard.join().unwrap();
        assert!(proxy.take().is_empty(), "ours would have calls that AWS never sees");
    }

    #[test]
    fn a_cloud_that_is_gone_is_an_answer_and_not_a_silence() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let proxy = Proxy::before(gone).unwrap();
        let mut program = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();

        write!(program, "GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        program.read_to_string(&mut answer).unwrap();

        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    }
}
