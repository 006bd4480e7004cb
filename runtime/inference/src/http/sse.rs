//! Server-sent events, as far as streams of chunks use them: lines of `data:`, ended by an empty line.

/// No event of a chat is as long as this.
const MOST_BYTES: usize = 1 << 20;

/// Takes bytes as they come, gives events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// What has come and is no whole line yet.
    bytes: Vec<u8>,
    /// How much of it was looked at.
    seen: usize,
    /// The data of the event in the making.
    data: Option<String>,
}

impl Events {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        self.bytes.extend(bytes);
        let waiting = self.bytes.len() + self.data.as_ref().map_or(0, String::len);
        if waiting <= MOST_BYTES + bytes.len() { Ok(()) } else { Err("the server sends an event that does not end") }
    }

    /// The data of the next whole event.
    pub(super) fn next(&mut self) -> Option<String> {
        while let Some(end) = self.bytes[self.seen..].iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=self.seen + end).collect();
            self.seen = 0;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    return Some(data);
                }
            } else if let Some(data) = line.strip_prefix("data:") {
                let data = data.strip_prefix(' ').unwrap_or(data);
                match &mut self.data {
                    Some(before) => {
                        before.push('\n');
                        before.push_str(data);
                    }
                    None => self.data = Some(data.to_owned()),
                }
            }
            // Comments keep the connection alive; names and numbers of events say nothing here.
        }
        self.seen = self.bytes.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": ping\n\nevent: message\ndata: {\"a\":\"€\"}\r\n\r\ndata:one\ndata: two\n\ndata: [DONE]\n\ndata: unfinished";

    fn all(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<String> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for piece in pieces {
            events.push(piece.as_ref()).unwrap();
            while let Some(event) = events.next() {
                found.push(event);
            }
        }
        found
    }

    #[test]
    fn events_are_the_same_wherever_the_network_cuts_them() {
        let expected = ["{\"a\":\"€\"}", "one\ntwo", "[DONE]"];

        for length in 1..=STREAM.len() {
            assert_eq!(all(STREAM.as_bytes().chunks(length)), expected, "cut after every {length} bytes");
        }
    }

    #[test]
    fn an_event_without_an_end_is_an_error() {
        let mut events = Events::default();
        let line = vec![b'x'; 64 * 1024];

        let accepted = (0..100).take_while(|_| events.push(&line).is_ok() && events.next().is_none()).count();

        assert_eq!(accepted, 17, "a broken server could fill the memory");
    }
}
