//! What a JPEG says of itself, read in one walk over its markers before anything is decoded.

use super::scan::{Component, Scan};
use crate::{Orientation, Reason, Refusal, exif};

/// Everything that decides whether and how a JPEG is decoded.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) model: Model,
    pub(super) has_adobe_mark: bool,
    pub(super) orientation: Orientation,
    progressive: bool,
    components: Vec<Component>,
    scans: Vec<Scan>,
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

/// Most scans: encoders write 10, or 64 for each component at the very most, and each costs a walk over the whole picture.
const MAX_SCANS: usize = 256;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DAC: u8 = 0xcc;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;

impl Header {
    /// Walks over the whole file, from marker to marker, up to the end of the picture.
    pub(super) fn read(file: &[u8]) -> Result<Self, Refusal> {
        let mut walk = Walk::default();
        let mut rest = file.get(2..).unwrap_or_default();
        loop {
            let (marker, after) = next_marker(rest).ok_or_else(ends_early)?;
            rest = after;
            match marker {
                EOI => return walk.finish(),
                // Restart markers and a marker for temporary use have no length.
                0x01 | 0xd0..=0xd7 => {}
                SOI => return Err(Refusal::corrupt("a second JPEG begins inside the first")),
                _ => {
                    let (segment, after) = split_segment(rest)?;
                    rest = after;
                    if marker == SOS {
                        let end = entropy_coded_length(rest);
                        walk.scan(segment, end)?;
                        rest = &rest[end..];
                    } else {
                        walk.segment(marker, segment)?;
                    }
                }
            }
        }
    }

    /// Most memory that decoding holds at one time, in bytes.
    ///
    /// A plain JPEG keeps the planes of its components and, first, what of their coefficients is not transformed yet, then the finished pixels. A
    /// progressive one keeps all coefficients until the end.
    pub(super) fn decoded_bytes(&self) -> u64 {
        let planes: u64 = self.components.iter().map(|component| component.padded_samples(self.size(), self.sampling())).sum();
        let finished = u64::from(self.width) * u64::from(self.height) * self.components.len() as u64;
        let coefficients = if self.progressive { planes * 2 } else { 0 };
        coefficients + planes + finished.max(planes * 2)
    }

    /// Refuses what the decoder would give up on late, or worse, decode wrongly without saying so.
    pub(super) fn check_decodable(&self) -> Result<(), Refusal> {
        let Some(first) = self.scans.first() else { return Err(Refusal::corrupt("the JPEG has no scan")) };
        // Even the emptiest block of the first scan takes a bit for its mean, and where all of it comes at once, another one for its end.
        let bits_per_block = if self.progressive { 1 } else { 2 };
        let blocks = first.blocks(&self.components, self.size(), self.sampling())?;
        if (first.bytes as u64).saturating_mul(8) < blocks * bits_per_block {
            let detail = format!("{} bytes cannot hold the {blocks} blocks that the JPEG's header promises", first.bytes);
            return Err(Refusal::new(Reason::Truncated, detail));
        }
        let alone = self.components.len() > 1 && self.scans.iter().any(|scan| scan.components.len() == 1);
        if alone && !self.components.iter().all(|component| component.grid_is_plain(self.size(), self.sampling())) {
            return Err(Refusal::unsupported("the JPEG mixes sampling factors of 2 and 4 with scans of one component"));
        }
        Ok(())
    }

    fn size(&self) -> (u64, u64) {
        (self.width.into(), self.height.into())
    }

    fn sampling(&self) -> (u64, u64) {
        let most = |factor: fn(&Component) -> u64| self.components.iter().map(factor).max().unwrap_or(1);
        (most(|component| component.horizontal), most(|component| component.vertical))
    }
}

/// What has been seen so far.
#[derive(Default)]
struct Walk {
    frame: Option<Frame>,
    scans: Vec<Scan>,
    is_jfif: bool,
    adobe_transform: Option<u8>,
    orientation: Option<Orientation>,
}

struct Frame {
    width: u16,
    height: u16,
    progressive: bool,
    components: Vec<Component>,
}

impl Walk {
    fn segment(&mut self, marker: u8, segment: &[u8]) -> Result<(), Refusal> {
        match marker {
            0xc0..=0xc2 => {
                if self.frame.is_some() {
                    return Err(Refusal::unsupported("the JPEG is hierarchical, it has more than one frame"));
                }
                self.frame = Some(Frame::read(segment, marker == 0xc2)?);
            }
            0xc3 => return Err(Refusal::unsupported("the JPEG is lossless")),
            0xc5..=0xc7 => return Err(Refusal::unsupported("the JPEG is hierarchical")),
            0xc9..=0xcb | 0xcd..=0xcf | DAC => return Err(Refusal::unsupported("the JPEG is arithmetic-coded")),
            APP0 => self.is_jfif |= segment.starts_with(b"JFIF\0"),
            APP14 => self.adobe_transform = self.adobe_transform.or_else(|| segment.strip_prefix(b"Adobe")?.get(6).copied()),
            APP1 => self.orientation = self.orientation.or_else(|| segment.strip_prefix(b"Exif\0\0").map(exif::orientation)),
            _ => {}
        }
        Ok(())
    }

    fn scan(&mut self, segment: &[u8], bytes: usize) -> Result<(), Refusal> {
        let frame = self.frame.as_ref().ok_or_else(|| Refusal::corrupt("the JPEG has a scan before its frame"))?;
        if self.scans.len() == MAX_SCANS {
            return Err(Refusal::unsupported(format!("the JPEG has more than {MAX_SCANS} scans")));
        }
        self.scans.push(Scan::read(segment, &frame.components, bytes)?);
        Ok(())
    }

    fn finish(self) -> Result<Header, Refusal> {
        let Self { frame, scans, is_jfif, adobe_transform, orientation } = self;
        let Frame { width, height, progressive, components } = frame.ok_or_else(|| Refusal::corrupt("the JPEG has no frame"))?;
        let numbers: Vec<_> = components.iter().map(|component| component.number).collect();
        let model = match (numbers.as_slice(), adobe_transform) {
            ([_], _) => Model::Grey,
            ([_, _, _], _) if is_jfif => Model::YCbCr,
            ([_, _, _], Some(0)) => Model::Rgb,
            ([_, _, _], Some(_)) => Model::YCbCr,
            ([b'R', b'G', b'B'], None) => Model::Rgb,
            ([1, 0x22, 0x23] | [b'r', b'g', b'b'], None) => {
                return Err(Refusal::unsupported("the JPEG is of a wide gamut without a profile"));
            }
            ([_, _, _], None) => Model::YCbCr,
            (_, Some(2)) => Model::Ycck,
            (_, _) => Model::Cmyk,
        };
        let has_adobe_mark = adobe_transform.is_some();
        let orientation = orientation.unwrap_or_default();
        Ok(Header { width, height, model, has_adobe_mark, orientation, progressive, components, scans })
    }
}

impl Frame {
    fn read(segment: &[u8], progressive: bool) -> Result<Self, Refusal> {
        let Some((&[precision, high, low, wide, narrow, count], components)) = segment.split_first_chunk::<6>() else {
            return Err(Refusal::corrupt("the JPEG's frame header is too short"));
        };
        let (height, width) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([wide, narrow]));
        if precision != 8 {
            return Err(Refusal::unsupported(format!("the JPEG has {precision} bits a sample, 8 are supported")));
        }
        if height == 0 {
            return Err(Refusal::unsupported("the JPEG tells its height only at its end"));
        }
        if ![1, 3, 4].contains(&count) {
            return Err(Refusal::unsupported(format!("the JPEG has {count} components, supported are 1, 3 and 4")));
        }
        let (components, surplus) = components.as_chunks::<3>();
        if components.len() != usize::from(count) || !surplus.is_empty() {
            return Err(Refusal::corrupt("the JPEG's frame header has another length than its components need"));
        }
        let components = components.iter().map(|&bytes| Component::read(bytes)).collect::<Result<_, _>>()?;
        Ok(Self { width, height, progressive, components })
    }
}

fn ends_early() -> Refusal {
    Refusal::truncated("the JPEG ends before its picture does")
}

/// The next marker and what comes after it. Fill bytes before a marker are allowed, and stray bytes are passed over, as decoders do.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let start = rest.iter().position(|&byte| byte == 0xff)?;
        rest = &rest[start..];
        let code = rest.iter().position(|&byte| byte != 0xff)?;
        let marker = rest[code];
        rest = &rest[code + 1..];
        if marker != 0 {
            return Some((marker, rest));
        }
    }
}

/// A segment's content, without its length, and what comes after it.
fn split_segment(bytes: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let (length, _) = bytes.split_first_chunk::<2>().ok_or_else(ends_early)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 2 {
        return Err(Refusal::corrupt("a segment of the JPEG is shorter than its own length"));
    }
    let segment = bytes.get(2..length).ok_or_else(ends_early)?;
    Ok((segment, &bytes[length..]))
}

/// How many bytes come before the next marker that is no restart.
fn entropy_coded_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|&byte| byte == 0xff) {
        at += found;
        match bytes.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return at,
            None => break,
        }
    }
    bytes.len()
}
