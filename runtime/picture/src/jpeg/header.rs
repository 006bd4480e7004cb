//! What a JPEG says of itself, read before anything is decoded.

use super::frame::Frame;
use super::scan::Scan;
use super::walk::Walk;
use crate::{Orientation, Reason, Refusal};

/// Everything that decides whether and how a JPEG is decoded.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) model: Model,
    pub(super) has_adobe_mark: bool,
    pub(super) orientation: Orientation,
    pub(super) icc_profile: Option<Vec<u8>>,
    frame: Frame,
    scans: Vec<Scan>,
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Grey,
    YCbCr,
    Rgb,
    /// Inks, as they are or as YCCK.
    Cmyk,
}

impl Header {
    pub(super) fn of(mut walk: Walk) -> Result<Self, Refusal> {
        let icc_profile = walk.icc_profile();
        let Walk { frame, scans, is_jfif, adobe_transform, orientation, .. } = walk;
        let frame = frame.ok_or_else(|| Refusal::corrupt("the JPEG has no frame"))?;
        let numbers: Vec<_> = frame.components.iter().map(|component| component.number).collect();
        // As libjpeg decides, and with it most viewers: Adobe's own mark is more reliable than component numbers.
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
            (_, _) => Model::Cmyk,
        };
        let has_adobe_mark = adobe_transform.is_some();
        Ok(Self { model, has_adobe_mark, orientation: orientation.unwrap_or_default(), icc_profile, frame, scans })
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.frame.width.into(), self.frame.height.into())
    }

    /// Most memory that the decoder itself holds at one time, in bytes.
    ///
    /// A plain JPEG of one scan is decoded row of blocks by row of blocks: the samples of three of them, and the pixels of one. Any other keeps
    /// all its coefficients, of two bytes each, until the last scan is read.
    pub(super) fn decoder_bytes(&self) -> u64 {
        let (width, _) = self.frame.size();
        let (_, down) = self.frame.sampling();
        let rows = width.next_multiple_of(32) * self.frame.components.len() as u64 * down * 8 * 4;
        let coefficients = if self.is_streamed() { 0 } else { self.frame.samples() * 2 };
        coefficients + rows
    }

    /// Whether rows come out while the file is still being read.
    fn is_streamed(&self) -> bool {
        !self.frame.progressive && self.scans.first().is_some_and(|scan| scan.components.len() == self.frame.components.len())
    }

    /// Refuses what the decoder would find out late.
    pub(super) fn check_decodable(&self) -> Result<(), Refusal> {
        let Some(first) = self.scans.first() else { return Err(Refusal::corrupt("the JPEG has no scan")) };
        // Even the emptiest block of the first scan takes a bit for its mean, and where all of it comes at once, another one for its end.
        let bits_per_block = if self.frame.progressive { 1 } else { 2 };
        let blocks = first.blocks(&self.frame.components, self.frame.size(), self.frame.sampling())?;
        if first.bytes.saturating_mul(8) < blocks * bits_per_block {
            let detail = format!("{} bytes cannot hold the {blocks} blocks that the JPEG's header promises", first.bytes);
            return Err(Refusal::new(Reason::Truncated, detail));
        }
        let (across, down) = self.frame.sampling();
        if !self
            .frame
            .components
            .iter()
            .all(|component| across.is_multiple_of(component.horizontal) && down.is_multiple_of(component.vertical))
        {
            return Err(Refusal::unsupported("the JPEG has sampling factors that do not divide each other, such as 3 and 2"));
        }
        Ok(())
    }
}
