//! As much of HTTP as it takes to ask a program on this machine how it is.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// An answer longer than this is cut: nobody reads more of it.
const LONGEST: u64 = 64 * 1024;

/// The status of a `GET` or another request without a body on loopback, such as 200.
pub(super) fn status_of(port: u16, method: &str, path: &str, patience: Duration) -> io::Result<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    let first = String::from_utf8_lossy(answer.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("`{first}` is no answer in HTTP/1.1")))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// Answers one connection with these bytes, whatever it asks.
    fn answering(bytes: &'static str) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert_ne!(stream.read(&mut [0; 512]).unwrap(), 0);
            stream.write_all(bytes.as_bytes()).unwrap();
        });
        port
    }

    #[test]
    fn the_status_is_read() {
        let port = answering("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}");

        assert_eq!(status_of(port, "GET", "/", PATIENCE).unwrap(), 503);
    }

    #[test]
    fn something_that_does_not_speak_http_is_an_error() {
        let port = answering("SSH-2.0-OpenSSH_9.2\r\n");

        let error = status_of(port, "GET", "/", PATIENCE).unwrap_err();

        assert!(error.to_string().contains("SSH-2.0"), "nobody would know what answers there: {error}");
    }

    #[test]
    fn a_server_that_never_answers_is_not_waited_for_for_ever() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();

        let error = status_of(port, "GET", "/", Duration::from_millis(50)).unwrap_err();

        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error}");
    }
}
