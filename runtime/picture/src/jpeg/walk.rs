//! From marker to marker through a JPEG: up to its first scan where that says it all, through the whole file where it does not.

use std::io::{BufRead, Read};

use super::header::Header;
use super::scan::Scan;
use super::{frame::Frame, marker};
use crate::source::Source;
use crate::{Orientation, Refusal, TranscodeError, exif};

/// Most scans: encoders write 10, or 64 for each component at the very most, and each costs a walk over the whole picture.
const MAX_SCANS: usize = 256;

/// Most bytes of a colour profile; real ones have some hundred, those for inks a few million.
const MAX_ICC_BYTES: usize = 4 << 20;

/// What has been seen so far.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) frame: Option<Frame>,
    pub(super) scans: Vec<Scan>,
    pub(super) is_jfif: bool,
    pub(super) adobe_transform: Option<u8>,
    pub(super) orientation: Option<Orientation>,
    /// Parts of a colour profile, by number.
    icc_parts: Vec<(u8, Vec<u8>)>,
}

impl Walk {
    /// Reads from the first marker on. Stops at the scan's data when the first scan carries the whole picture, for then what comes after it
    /// is the decoder's affair; else goes on to the end, for then the decoder will do so as well before it gives a row.
    pub(super) fn through(source: &mut Source<'_>) -> Result<Header, TranscodeError> {
        let mut walk = Self::default();
        let mut bytes = Bytes { source, at: 0 };
        bytes.skip_start()?;
        let mut segment = Vec::new();
        let mut code = bytes.next_marker()?;
        while code != marker::EOI {
            // Restart markers and a marker for temporary use have no length.
            let alone = matches!(code, 0x01 | 0xd0..=0xd7);
            if code == marker::SOI {
                return Err(Refusal::corrupt("a second JPEG begins inside the first").into());
            }
            if !alone {
                bytes.segment(&mut segment)?;
            }
            if code == marker::SOS {
                walk.scan(&segment)?;
                if walk.one_scan_is_all() {
                    let length = bytes.source.length()?;
                    walk.end_scan(length.saturating_sub(bytes.at));
                    break;
                }
                let (length, next) = bytes.entropy_coded()?;
                walk.end_scan(length);
                code = next;
            } else {
                if !alone {
                    walk.segment(code, &segment)?;
                }
                code = bytes.next_marker()?;
            }
        }
        Ok(Header::of(walk)?)
    }

    fn segment(&mut self, code: u8, segment: &[u8]) -> Result<(), Refusal> {
        match code {
            0xc0..=0xc2 => {
                if self.frame.is_some() {
                    return Err(Refusal::unsupported("the JPEG is hierarchical, it has more than one frame"));
                }
                self.frame = Some(Frame::read(segment, code == 0xc2)?);
            }
            0xc3 => return Err(Refusal::unsupported("the JPEG is lossless")),
            0xc5..=0xc7 => return Err(Refusal::unsupported("the JPEG is hierarchical")),
            0xc9..=0xcb | 0xcd..=0xcf | marker::DAC => return Err(Refusal::unsupported("the JPEG is arithmetic-coded")),
            marker::APP0 => self.is_jfif |= segment.starts_with(b"JFIF\0"),
            marker::APP14 => self.adobe_transform = self.adobe_transform.or_else(|| segment.strip_prefix(b"Adobe")?.get(6).copied()),
            marker::APP1 => self.orientation = self.orientation.or_else(|| segment.strip_prefix(b"Exif\0\0").map(exif::orientation)),
            marker::APP2 => self.icc_part(segment),
            _ => {}
        }
        Ok(())
    }

    fn icc_part(&mut self, segment: &[u8]) {
        let Some([number, _count, part @ ..]) = segment.strip_prefix(b"ICC_PROFILE\0") else { return };
        let held: usize = self.icc_parts.iter().map(|(_, part)| part.len()).sum();
        if held + part.len() <= MAX_ICC_BYTES {
            self.icc_parts.push((*number, part.to_vec()));
        }
    }

    /// The colour profile, put together.
    pub(super) fn icc_profile(&mut self) -> Option<Vec<u8>> {
        let mut parts = std::mem::take(&mut self.icc_parts);
        parts.sort_by_key(|&(number, _)| number);
        (!parts.is_empty()).then(|| parts.into_iter().flat_map(|(_, part)| part).collect())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<(), Refusal> {
        let frame = self.frame.as_ref().ok_or_else(|| Refusal::corrupt("the JPEG has a scan before its frame"))?;
        if self.scans.len() == MAX_SCANS {
            return Err(Refusal::unsupported(format!("the JPEG has more than {MAX_SCANS} scans")));
        }
        self.scans.push(Scan::read(segment, &frame.components)?);
        Ok(())
    }

    fn end_scan(&mut self, bytes: u64) {
        if let Some(scan) = self.scans.last_mut() {
            scan.bytes = bytes;
        }
    }

    fn one_scan_is_all(&self) -> bool {
        let (Some(frame), [scan]) = (&self.frame, self.scans.as_slice()) else { return false };
        !frame.progressive && scan.components.len() == frame.components.len()
    }
}

/// The file, read forwards.
struct Bytes<'a, 'f> {
    source: &'a mut Source<'f>,
    at: u64,
}

impl Bytes<'_, '_> {
    /// Passes over the start of the image, which the sniffing has seen.
    fn skip_start(&mut self) -> Result<(), TranscodeError> {
        self.source.restart()?;
        self.byte()?;
        self.byte()?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, TranscodeError> {
        let &byte = self.source.fill_buf()?.first().ok_or_else(ends_early)?;
        self.consume(1);
        Ok(byte)
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        self.at += count as u64;
    }

    /// Goes to just before the next byte of all ones.
    fn skip_to_ones(&mut self) -> Result<u64, TranscodeError> {
        let begin = self.at;
        loop {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Err(ends_early().into());
            }
            let (count, found) = buffer.iter().position(|&byte| byte == 0xff).map_or((buffer.len(), false), |at| (at, true));
            self.consume(count);
            if found {
                return Ok(self.at - begin);
            }
        }
    }

    /// Goes behind the next marker. Fill bytes before a marker are allowed, and stray bytes are passed over, as decoders do.
    fn next_marker(&mut self) -> Result<u8, TranscodeError> {
        loop {
            self.skip_to_ones()?;
            let mut code = 0xff;
            while code == 0xff {
                code = self.byte()?;
            }
            if code != 0 {
                return Ok(code);
            }
        }
    }

    /// Reads a segment's content, without its length.
    fn segment(&mut self, into: &mut Vec<u8>) -> Result<(), TranscodeError> {
        let length = u16::from_be_bytes([self.byte()?, self.byte()?]);
        let Some(length) = u64::from(length).checked_sub(2) else {
            return Err(Refusal::corrupt("a segment of the JPEG is shorter than its own length").into());
        };
        into.clear();
        let read = self.source.by_ref().take(length).read_to_end(into)? as u64;
        self.at += read;
        if read < length { Err(ends_early().into()) } else { Ok(()) }
    }

    /// Goes behind the next marker that is no restart, and tells how many bytes came before it.
    fn entropy_coded(&mut self) -> Result<(u64, u8), TranscodeError> {
        let mut length = 0;
        loop {
            length += self.skip_to_ones()?;
            self.consume(1);
            let mut code = self.byte()?;
            while code == 0xff {
                length += 1;
                code = self.byte()?;
            }
            match code {
                0x00 | 0xd0..=0xd7 => length += 2,
                _ => return Ok((length, code)),
            }
        }
    }
}

fn ends_early() -> Refusal {
    Refusal::truncated("the JPEG ends before its picture does")
}
