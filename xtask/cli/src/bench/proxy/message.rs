//! One message of HTTP/1.1, as it is on the wire: its head in words, its body byte by byte.

use std::io::{self, BufRead, Read};

/// Heads longer than this are no heads.
const LONGEST_HEAD: usize = 64 * 1024;

/// What ends the body of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Nothing,
    Length(u64),
    Chunked,
    /// Only answers: the end of the connection is the end of the body.
    UntilClosed,
}

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::bench) struct Message {
    /// The request line or the status line.
    pub(in crate::bench) first: String,
    /// Header fields in their order, as they were written.
    headers: Vec<(String, String)>,
    /// With the sizes of its chunks, when it is chunked: it is passed on as it came.
    pub(in crate::bench) body: Vec<u8>,
    framing: Framing,
}

impl Message {
    /// The head of the next request; none when the other side has closed the connection instead.
    pub(in crate::bench) fn request_head(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(mut message) = Self::head(from)? else { return Ok(None) };
        message.framing = message.framing_of_headers()?.unwrap_or(Framing::Nothing);
        Ok(Some(message))
    }

    /// The whole answer to a request. An answer to `HEAD` says how long its body would be, and has none.
    pub(in crate::bench) fn answer(from: &mut impl BufRead, to_head: bool) -> io::Result<Self> {
        loop {
            let mut message = Self::head(from)?.ok_or_else(|| wrong("the connection was closed instead of an answer"))?;
            message.framing = match message.status() {
                // Only says that the real one follows.
                Some(100..=199) => continue,
                Some(204 | 304) => Framing::Nothing,
                _ if to_head => Framing::Nothing,
                _ => message.framing_of_headers()?.unwrap_or(Framing::UntilClosed),
            };
            message.read_body(from)?;
            return Ok(message);
        }
    }

    /// Reads what belongs to a head.
    pub(in crate::bench) fn read_body(&mut self, from: &mut impl BufRead) -> io::Result<()> {
        match self.framing {
            Framing::Nothing => {}
            Framing::Length(bytes) => {
                let read = from.take(bytes).read_to_end(&mut self.body)?;
                if u64::try_from(read).ok() != Some(bytes) {
                    return Err(wrong(&format!("the body ended after {read} of {bytes} bytes")));
                }
            }
            Framing::Chunked => read_chunks(from, &mut self.body)?,
            Framing::UntilClosed => {
                from.read_to_end(&mut self.body)?;
            }
        }
        Ok(())
    }

    /// A field by its name in small letters; the first of several.
    pub(in crate::bench) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The words of the first line: method, target and version of a request.
    pub(in crate::bench) fn words(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status of an answer.
    pub(in crate::bench) fn status(&self) -> Option<u16> {
        self.words().1.parse().ok()
    }

    /// Whether somebody waits for `100 Continue` before they send the body.
    pub(in crate::bench) fn waits(&self) -> bool {
        self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }

    /// Whether nothing follows on the connection.
    pub(in crate::bench) fn is_last(&self) -> bool {
        let says = |word: &str| self.header("connection").is_some_and(|value| value.to_ascii_lowercase().contains(word));
        self.ends_with_connection() || says("close") || (self.first.contains("HTTP/1.0") && !says("keep-alive"))
    }

    /// Whether only the end of the connection tells where it ends.
    pub(in crate::bench) fn ends_with_connection(&self) -> bool {
        self.framing == Framing::UntilClosed
    }

    /// The bytes to pass on, without what is between two neighbours only, and with what is to be said to the next one.
    pub(in crate::bench) fn to_bytes(&self, connection: &str) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.first);
        let own = |name: &str| ["connection", "keep-alive", "expect", "proxy-connection"].iter().any(|one| name.eq_ignore_ascii_case(one));
        for (name, value) in self.headers.iter().filter(|(name, _)| !own(name)) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Connection: {connection}\r\n\r\n"));
        [text.as_bytes(), &self.body].concat()
    }

    fn head(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut lines = Vec::new();
        let mut bytes = 0;
        loop {
            let line = line(from)?;
            bytes += line.len();
            if LONGEST_HEAD < bytes {
                return Err(wrong("the head does not end"));
            }
            match line.strip_suffix(b"\n") {
                // An empty line before a request is allowed, and means nothing.
                Some(text) if text.trim_ascii().is_empty() && lines.is_empty() => {}
                Some(text) if text.trim_ascii().is_empty() => break,
                Some(text) => lines.push(String::from_utf8_lossy(text).trim_end().to_owned()),
                None if line.is_empty() && lines.is_empty() => return Ok(None),
                None => return Err(wrong("the head breaks off")),
            }
        }
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or_default();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').ok_or_else(|| wrong(&format!("`{line}` is no header field")))?;
            Ok((name.to_owned(), value.trim().to_owned()))
        });
        Ok(Some(Self { first, headers: headers.collect::<io::Result<_>>()?, body: Vec::new(), framing: Framing::Nothing }))
    }

    fn framing_of_headers(&self) -> io::Result<Option<Framing>> {
        if self.header("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            return Ok(Some(Framing::Chunked));
        }
        let Some(length) = self.header("content-length") else { return Ok(None) };
        let bytes = length.parse().map_err(|_| wrong(&format!("`{length}` is no length")))?;
        Ok(Some(Framing::Length(bytes)))
    }
}

/// The chunks with their sizes, the last one and what may follow it included.
fn read_chunks(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let size = line(from)?;
        into.extend_from_slice(&size);
        let text = String::from_utf8_lossy(&size).into_owned();
        let digits = text.split(';').next().unwrap_or_default().trim();
        let bytes = u64::from_str_radix(digits, 16).map_err(|_| wrong(&format!("`{digits}` is no size of a chunk")))?;
        if bytes == 0 {
            break;
        }
        // With the end of line that follows each.
        let read = from.take(bytes + 2).read_to_end(into)?;
        if u64::try_from(read).ok() != Some(bytes + 2) {
            return Err(wrong("a chunk breaks off"));
        }
    }
    loop {
        let trailer = line(from)?;
        into.extend_from_slice(&trailer);
        if trailer.trim_ascii().is_empty() {
            return Ok(());
        }
    }
}

fn line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(LONGEST_HEAD as u64 + 1).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(from: &mut &[u8]) -> Message {
        let mut message = Message::request_head(from).unwrap().unwrap();
        message.read_body(from).unwrap();
        message
    }

    #[test]
    fn requests_on_one_connection_are_told_apart_by_their_lengths() {
        let mut wire: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none\
            GET /two HTTP/1.1\r\nHost: a\r\n\r\nPOST /three HTTP/1.1\r\ncontent-length: 0\r\n\r\n";

        let requests = [request(&mut wire), request(&mut wire), request(&mut wire)];

        assert_eq!(requests.each_ref().map(|one| one.words().1), ["/", "/two", "/three"]);
        assert_eq!(requests[0].body, b"one", "what comes next would be taken for its body");
        assert!(Message::request_head(&mut wire).unwrap().is_none(), "a closed connection is no error");
    }

    #[test]
    fn a_chunked_body_is_passed_on_as_it_came() {
        let mut wire: &[u8] =
            b"PUT /b/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;signature=a\r\nzip!\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\nGET / HTTP/1.1\r\n\r\n";

        let put = request(&mut wire);

        assert_eq!(put.body, b"4;signature=a\r\nzip!\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n");
        assert_eq!(request(&mut wire).words(), ("GET", "/"), "the trailer would be taken for the next request");
    }

    #[test]
    fn a_body_that_breaks_off_is_not_passed_on() {
        let mut short: &[u8] = b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort";
        let mut message = Message::request_head(&mut short).unwrap().unwrap();

        let error = message.read_body(&mut short).unwrap_err();

        assert_eq!(error.to_string(), "the body ended after 5 of 9 bytes");
        assert!(Message::request_head(&mut &b"POST / HTTP/1.1\r\nHost"[..]).is_err());
    }

    #[test]
    fn an_answer_ends_where_its_sort_ends() {
        let answer = |wire: &str, to_head| Message::answer(&mut wire.as_bytes(), to_head).unwrap();

        assert_eq!(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX", false).body, b"ok");
        assert_eq!(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true).body, b"", "a HEAD would wait for ever");
        assert_eq!(answer("HTTP/1.1 204 No Content\r\n\r\n", false).body, b"");
        assert_eq!(answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", false).status(), Some(404));
        let until_closed = answer("HTTP/1.1 200 OK\r\n\r\nall of it", false);
        assert_eq!((until_closed.body.as_slice(), until_closed.is_last()), (&b"all of it"[..], true));
    }

    #[test]
    fn what_is_between_neighbours_is_not_passed_on() {
        let mut wire: &[u8] =
            b"PUT / HTTP/1.1\r\nHost: 127.0.0.1:9\r\nExpect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
        let message = request(&mut wire);

        let passed = String::from_utf8(message.to_bytes("close")).unwrap();

        assert_eq!(passed, "PUT / HTTP/1.1\r\nHost: 127.0.0.1:9\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        assert!(message.waits());
        assert!(!message.is_last(), "every request would need a connection of its own");
    }
}
