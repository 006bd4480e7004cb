//! What a worker writes, brought into the log group of its stack, as the CloudWatch agent does on an instance.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::aws::Aws;

/// How much of a file is brought at once, in bytes. CloudWatch takes 1 MiB in one call, each line counted 26 bytes longer than it is.
const CHUNK: usize = 512 * 1024;

/// How many lines CloudWatch takes in one call.
const MOST_LINES: usize = 10_000;

/// The longest line that CloudWatch takes, in bytes, and some room.
const LONGEST_LINE: usize = 250_000;

/// How often the last lines of a worker that has ended are tried to be brought: its log group may be gone.
const LAST_TRIES: u32 = 10;

/// One line of a log, and when it was seen: milliseconds since 1970.
pub(super) type Line = (i64, String);

/// Where lines go to.
pub(super) trait Sink {
    /// Adds lines to a stream of a log group, which is made when it is not there.
    async fn put(&self, group: &str, stream: &str, lines: Vec<Line>) -> Result<(), String>;
}

impl Sink for Aws {
    async fn put(&self, group: &str, stream: &str, lines: Vec<Line>) -> Result<(), String> {
        self.put_log_lines(group, stream, lines).await
    }
}

/// Brings what is added to a file to a stream of a log group. The file stays.
#[derive(Debug)]
pub(super) struct Shipper {
    path: PathBuf,
    group: String,
    stream: String,
    /// How far the file was brought.
    offset: u64,
    /// How often the end of the file could not be brought since its worker has ended.
    failed: u32,
}

impl Shipper {
    /// From the present end of a file on: what stands there is another worker's.
    pub(super) fn new(path: &Path, group: &str, worker: &str) -> Self {
        let offset = path.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        Self { path: path.to_owned(), group: group.to_owned(), stream: format!("{worker}/worker"), offset, failed: 0 }
    }

    /// Brings whole lines; a line that is still being written waits.
    pub(super) async fn ship(&mut self, sink: &impl Sink) -> Result<(), String> {
        self.bring(sink, false).await.map(drop)
    }

    /// The same of a worker that has ended, to the last byte. Whether nothing is left to do.
    pub(super) async fn finish(&mut self, sink: &impl Sink) -> Result<bool, String> {
        match self.bring(sink, true).await {
            Ok(brought) => Ok(!brought),
            Err(words) => {
                self.failed += 1;
                if LAST_TRIES <= self.failed { Ok(true) } else { Err(words) }
            }
        }
    }

    /// Whether there was something.
    async fn bring(&mut self, sink: &impl Sink, ended: bool) -> Result<bool, String> {
        let bytes = self.read().map_err(|error| format!("{}: {error}", self.path.display()))?;
        let length = whole(&bytes, ended || bytes.len() == CHUNK);
        let Some(whole) = bytes.get(..length).filter(|whole| !whole.is_empty()) else { return Ok(false) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let lines: Vec<Line> = whole.split(|byte| *byte == b'\n').filter_map(text).map(|line| (now, line)).collect();
        if !lines.is_empty() {
            sink.put(&self.group, &self.stream, lines).await?;
        }
        self.offset += length as u64;
        Ok(true)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(CHUNK as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// How many of these bytes make one call: whole lines, as many as a call takes. Where nothing will follow, or no more fits, all of them.
fn whole(bytes: &[u8], to_the_end: bool) -> usize {
    let ends = || bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1);
    match (ends().nth(MOST_LINES - 1), ends().next_back()) {
        (Some(end), _) => end,
        (None, Some(end)) if !to_the_end || bytes.len() == CHUNK => end,
        (None, Some(_) | None) if to_the_end => bytes.len(),
        (None, Some(_) | None) => 0,
    }
}

/// A line as text; nothing for one that is empty, which CloudWatch refuses.
fn text(line: &[u8]) -> Option<String> {
    let mut text = String::from_utf8_lossy(line).into_owned();
    if LONGEST_LINE < text.len() {
        text.truncate(text.floor_char_boundary(LONGEST_LINE));
        text.push_str(" [cut off]");
    }
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs;
    use std::io::Write;

    use super::*;

    /// Notes what it gets; refuses while it is told to.
    #[derive(Default)]
    struct Noted {
        got: RefCell<Vec<(String, Vec<String>)>>,
        refuses: RefCell<bool>,
    }

    impl Sink for Noted {
        async fn put(&self, group: &str, stream: &str, lines: Vec<Line>) -> Result<(), String> {
            if *self.refuses.borrow() {
                return Err("the local cloud is away".to_owned());
            }
            let lines = lines.into_iter().map(|(_, line)| line).collect();
            self.got.borrow_mut().push((format!("{group} {stream}"), lines));
            Ok(())
        }
    }

    struct Log {
        path: PathBuf,
        _folder: tempfile::TempDir,
    }

    impl Log {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let log = Self { path: folder.path().join("worker.log"), _folder: folder };
            log.write("of another worker\n");
            log
        }

        fn write(&self, text: &str) {
            File::options().create(true).append(true).open(&self.path).unwrap().write_all(text.as_bytes()).unwrap();
        }
    }

    fn lines(sink: &Noted) -> Vec<String> {
        sink.got.borrow().iter().flat_map(|(_, lines)| lines.clone()).collect()
    }

    #[tokio::test]
    async fn lines_are_brought_once_and_whole() {
        let (log, sink) = (Log::new(), Noted::default());
        let mut shipper = Shipper::new(&log.path, "workers", "group-1");

        log.write("first\n\nhal");
        shipper.ship(&sink).await.unwrap();
        shipper.ship(&sink).await.unwrap();
        log.write("f\nlast");
        shipper.ship(&sink).await.unwrap();
        let over = [shipper.finish(&sink).await, shipper.finish(&sink).await];

        assert_eq!(lines(&sink), ["first", "half", "last"], "lines would be missing, in pieces, or there twice");
        assert_eq!(sink.got.borrow()[0].0, "workers group-1/worker");
        assert_eq!(over, [Ok(false), Ok(true)]);
        assert_eq!(fs::read_to_string(&log.path).unwrap(), "of another worker\nfirst\n\nhalf\nlast", "the file is a person's to read");
    }

    #[tokio::test]
    async fn lines_that_could_not_be_brought_are_brought_later() {
        let (log, sink) = (Log::new(), Noted::default());
        let mut shipper = Shipper::new(&log.path, "workers", "group-1");
        log.write("first\n");

        *sink.refuses.borrow_mut() = true;
        let refused = shipper.ship(&sink).await;
        *sink.refuses.borrow_mut() = false;
        shipper.ship(&sink).await.unwrap();

        assert!(refused.is_err());
        assert_eq!(lines(&sink), ["first"]);
    }

    #[tokio::test]
    async fn a_log_group_that_is_gone_is_given_up_with_its_worker() {
        let (log, sink) = (Log::new(), Noted { refuses: RefCell::new(true), ..Noted::default() });
        let mut shipper = Shipper::new(&log.path, "workers", "group-1");
        log.write("first\n");

        let mut tries = 1;
        while shipper.finish(&sink).await != Ok(true) {
            tries += 1;
        }

        assert_eq!(tries, LAST_TRIES, "the agent would hold on to every worker that ever was");
    }

    #[tokio::test]
    async fn much_at_once_goes_in_calls_that_cloudwatch_takes() {
        let (log, sink) = (Log::new(), Noted::default());
        let mut shipper = Shipper::new(&log.path, "workers", "group-1");
        log.write(&"x\n".repeat(MOST_LINES + 1));
        log.write(&format!("{}\n{}\nend\n", "y".repeat(CHUNK), "ä".repeat(LONGEST_LINE)));

        while !shipper.finish(&sink).await.unwrap() {}

        let sizes: Vec<usize> = sink.got.borrow().iter().map(|(_, lines)| lines.iter().map(|line| line.len() + 26).sum()).collect();
        assert!(sink.got.borrow().iter().all(|(_, lines)| lines.len() <= MOST_LINES), "the call would be refused, each time anew");
        assert!(sizes.iter().all(|size| *size < 1_048_576), "{sizes:?}");
        assert_eq!((lines(&sink).len(), lines(&sink).last().map(String::as_str)), (lines(&sink).len().max(MOST_LINES + 4), Some("end")));
        assert!(lines(&sink).iter().all(|line| line.len() <= LONGEST_LINE + 16), "one long line would stop all that follow it");
    }
}
