//! A picture between the network and the decoder: what has arrived can be read while the rest is still on its way.
//!
//! Small pictures stay in memory, larger ones lie in a file without a name, so that memory does not grow with the picture and nothing is left
//! behind when the function is killed.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Largest picture that stays in memory, in bytes: most phones' are smaller, and no disk is needed for them.
const IN_MEMORY: u64 = 4 << 20;

/// How much the decoder reads at once, in bytes.
const BUFFER: usize = 64 << 10;

/// A place for a picture of `bytes` bytes, seen from both ends.
///
/// # Errors
///
/// There is no room for a temporary file.
pub fn spool(bytes: u64) -> io::Result<(Arrivals, Arrived)> {
    let content = if bytes <= IN_MEMORY { Content::Memory(Mutex::default()) } else { Content::File(tempfile::tempfile()?) };
    let spool = Arc::new(Spool { bytes, content, state: Mutex::default(), news: Condvar::new() });
    Ok((Arrivals { spool: Arc::clone(&spool), at: 0 }, Arrived { spool, buffer: Vec::new(), begin: 0, used: 0 }))
}

#[derive(Debug)]
struct Spool {
    /// How many bytes there will be.
    bytes: u64,
    content: Content,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug)]
enum Content {
    Memory(Mutex<Vec<u8>>),
    File(File),
}

#[derive(Debug, Default)]
struct State {
    arrived: u64,
    /// Nothing more will arrive.
    is_over: bool,
    /// Nothing more is wanted.
    is_enough: bool,
}

/// The end at which a picture arrives.
#[derive(Debug)]
pub struct Arrivals {
    spool: Arc<Spool>,
    at: u64,
}

/// Whether more is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appetite {
    /// Until the last byte.
    More,
    /// The picture is refused for what has arrived already: the rest need not be paid for.
    Enough,
}

impl Arrivals {
    /// Adds what has arrived.
    ///
    /// # Errors
    ///
    /// More arrives than was announced, or the disk is full.
    pub fn append(&mut self, chunk: &[u8]) -> io::Result<Appetite> {
        let end = self.at + chunk.len() as u64;
        if self.spool.bytes < end {
            return Err(io::Error::other(format!("more than the {} bytes that were announced arrived", self.spool.bytes)));
        }
        match &self.spool.content {
            Content::Memory(content) => locked(content).extend_from_slice(chunk),
            Content::File(file) => file.write_all_at(chunk, self.at)?,
        }
        self.at = end;
        let mut state = locked(&self.spool.state);
        state.arrived = end;
        self.spool.news.notify_one();
        Ok(if state.is_enough { Appetite::Enough } else { Appetite::More })
    }

    /// Says that this was all.
    ///
    /// # Errors
    ///
    /// Less has arrived than was announced.
    pub fn complete(self) -> io::Result<()> {
        if self.at < self.spool.bytes {
            return Err(io::Error::other(format!("{} of {} bytes arrived", self.at, self.spool.bytes)));
        }
        Ok(())
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        // However it ends, nobody may wait for more.
        locked(&self.spool.state).is_over = true;
        self.spool.news.notify_one();
    }
}

/// The end at which a picture is read. Reading waits for bytes that have not arrived, and fails when they never will.
#[derive(Debug)]
pub struct Arrived {
    spool: Arc<Spool>,
    buffer: Vec<u8>,
    /// Where in the picture the buffer begins.
    begin: u64,
    used: usize,
}

impl Arrived {
    /// Says that the rest is not wanted.
    pub fn enough(&self) {
        locked(&self.spool.state).is_enough = true;
    }

    fn position(&self) -> u64 {
        self.begin + self.used as u64
    }
}

impl BufRead for Arrived {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.buffer.len() {
            self.begin = self.position();
            self.used = 0;
            self.buffer.clear();
            let at = self.begin;
            if at < self.spool.bytes {
                let count = usize::try_from(self.spool.wait_behind(at)? - at).unwrap_or(BUFFER).min(BUFFER);
                self.spool.read(at, count, &mut self.buffer)?;
            }
        }
        Ok(&self.buffer[self.used..])
    }

    fn consume(&mut self, count: usize) {
        self.used = (self.used + count).min(self.buffer.len());
    }
}

impl Read for Arrived {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Arrived {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let wanted = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.spool.bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position().checked_add_signed(offset),
        };
        let at = wanted.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        match at.checked_sub(self.begin).and_then(|used| usize::try_from(used).ok()).filter(|&used| used <= self.buffer.len()) {
            // Still in the buffer.
            Some(used) => self.used = used,
            None => {
                self.buffer.clear();
                (self.begin, self.used) = (at, 0);
            }
        }
        Ok(at)
    }
}

impl Spool {
    /// Waits until something has arrived behind `at`, and says up to where.
    fn wait_behind(&self, at: u64) -> io::Result<u64> {
        let mut state = locked(&self.state);
        loop {
            if at < state.arrived {
                return Ok(state.arrived);
            }
            if state.is_over {
                return Err(io::Error::other(format!("the picture broke off after {} of {} bytes", state.arrived, self.bytes)));
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read(&self, at: u64, count: usize, into: &mut Vec<u8>) -> io::Result<()> {
        match &self.content {
            Content::Memory(content) => {
                let content = locked(content);
                let begin = usize::try_from(at).unwrap_or(usize::MAX).min(content.len());
                into.extend_from_slice(&content[begin..content.len().min(begin + count)]);
            }
            Content::File(file) => {
                into.resize(count, 0);
                file.read_exact_at(into, at)?;
            }
        }
        Ok(())
    }
}

/// What a panicking thread held is as good as before: it only ever adds.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A spool of that size, filled by another thread in pieces of `step` bytes, of which the first `arriving` arrive.
    fn arriving(bytes: usize, step: usize, arriving: usize) -> Arrived {
        let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let (mut arrivals, arrived) = spool(bytes as u64).unwrap();
        thread::spawn(move || content[..arriving].chunks(step).for_each(|chunk| drop(arrivals.append(chunk))));
        arrived
    }

    #[test]
    fn a_picture_is_read_while_it_arrives_wherever_it_lies() {
        for bytes in [1_000_000, 5_000_000] {
            let mut arrived = arriving(bytes, 9_973, bytes);

            let mut read = Vec::new();
            arrived.read_to_end(&mut read).unwrap();
            arrived.seek(SeekFrom::Start(70_000)).unwrap();
            let mut again = [0; 4];
            arrived.read_exact(&mut again).unwrap();

            assert_eq!(read.len(), bytes);
            assert!(read.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8), "the decoder would see another picture");
            assert_eq!(again, [0, 1, 2, 3].map(|at| ((70_000 + at) % 251) as u8), "a JPEG of several scans is read twice");
        }
    }

    #[test]
    fn a_picture_that_breaks_off_is_no_end_of_a_picture() {
        for bytes in [1_000_000, 5_000_000] {
            let mut arrived = arriving(bytes, 9_973, bytes / 2);

            let error = arrived.read_to_end(&mut Vec::new()).unwrap_err();

            let told = format!("the picture broke off after {} of {bytes} bytes", bytes / 2);
            assert_eq!(error.to_string(), told, "a good picture would be refused as cut off");
        }
    }

    #[test]
    fn more_and_less_than_announced_are_both_noticed() {
        let (mut arrivals, _arrived) = spool(10).unwrap();
        arrivals.append(&[0; 8]).unwrap();

        let more = arrivals.append(&[0; 3]);
        let less = arrivals.complete();

        assert!(more.is_err() && less.is_err(), "proxies of half a picture, or of two, would be written: {more:?}, {less:?}");
    }

    #[test]
    fn what_is_refused_early_is_not_downloaded_to_its_end() {
        let (mut arrivals, arrived) = spool(10).unwrap();
        let before = arrivals.append(&[0; 4]).unwrap();

        arrived.enough();

        assert_eq!((before, arrivals.append(&[0; 4]).unwrap()), (Appetite::More, Appetite::Enough), "every bomb would cost a download");
    }

    #[test]
    fn the_length_is_known_before_the_last_byte() {
        let (_arrivals, mut arrived) = spool(1 << 30).unwrap();

        let length = arrived.seek(SeekFrom::End(0)).unwrap();

        assert_eq!(length, 1 << 30, "the header's check would wait for the whole download");
    }
}
