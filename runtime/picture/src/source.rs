//! The file as it comes in, and what became of reading it.

use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom};
use std::rc::Rc;

use super::{Refusal, TranscodeError};

/// What a decoder met while it read. Decoders do not tell a cut-off picture from a failing disk, or not in time, so it is noted here.
#[derive(Debug, Default)]
pub(super) struct Watch {
    error: RefCell<Option<io::Error>>,
    ended: Cell<bool>,
}

impl Watch {
    /// Why the decoder gave up: reading failed, or the file ended, or else `damage`.
    pub(super) fn blame(&self, damage: impl FnOnce() -> Refusal) -> TranscodeError {
        match self.error.take() {
            Some(error) => TranscodeError::Source(error),
            None if self.ended.get() => Refusal::truncated("the file ends before its picture does").into(),
            None => damage().into(),
        }
    }

    /// Whether something was looked for behind the last byte.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}

/// What a file must be able to do.
pub(super) trait File: BufRead + Seek {}

impl<R: BufRead + Seek> File for R {}

/// A reader that keeps a [`Watch`]. It is of one type whatever it reads, so that the codecs are compiled once.
pub(super) struct Source<'a> {
    reader: &'a mut dyn File,
    watch: Rc<Watch>,
}

impl<'a> Source<'a> {
    pub(super) fn new(reader: &'a mut dyn File) -> Self {
        Self { reader, watch: Rc::default() }
    }

    pub(super) fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }

    /// The first bytes, fewer where the file is shorter; the reader stands at the beginning afterwards.
    pub(super) fn peek(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut begin = Vec::new();
        self.by_ref().take(most).read_to_end(&mut begin)?;
        self.restart()?;
        Ok(begin)
    }

    /// How many bytes the file has.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        let here = self.reader.stream_position()?;
        let length = self.reader.seek(SeekFrom::End(0))?;
        self.reader.seek(SeekFrom::Start(here))?;
        Ok(length)
    }

    /// Back to the beginning, as if nothing had been read.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(0))?;
        self.watch.ended.set(false);
        Ok(())
    }

    fn note<T>(&self, answer: io::Result<T>) -> io::Result<T> {
        answer.map_err(|error| {
            let kind = error.kind();
            // The first counts: what comes after it may only be its echo.
            self.watch.error.borrow_mut().get_or_insert(error);
            io::Error::from(kind)
        })
    }
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // Decoders would take an interrupted call for the end of everything.
        let seen = loop {
            match self.reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                seen => break seen.map(<[u8]>::is_empty),
            }
        };
        if self.note(seen)? {
            self.watch.ended.set(true);
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let answer = self.reader.seek(to);
        self.note(answer)
    }
}
