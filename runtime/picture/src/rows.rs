//! What a decoder gives: rows, and what is known of the picture besides.

use super::colour::ToSrgb;
use super::{Orientation, TranscodeError};

/// Rows of a picture from top to bottom, 8 bits a sample, without gaps.
pub(super) trait Rows {
    /// Fills `into`, which is as long as some whole rows, with the next rows.
    fn read(&mut self, into: &mut [u8]) -> Result<(), TranscodeError>;

    /// After the last row: whether the file ends as it should.
    fn finish(self) -> Result<(), TranscodeError>;
}

/// What the samples of a pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    Rgb,
    /// As JPEG stores colours: from JPEG to JPEG, nothing is lost on a way through red, green and blue.
    YCbCr,
}

impl Colours {
    /// Samples of a pixel.
    pub(super) fn count(self) -> u32 {
        match self {
            Self::Grey => 1,
            Self::Rgb | Self::YCbCr => 3,
        }
    }
}

/// What the rows are of.
#[derive(Debug)]
pub(super) struct Picture {
    /// Width and height as the header says.
    pub(super) size: (u32, u32),
    /// Width and height of the rows, which are less where the decoder has made them smaller already.
    pub(super) rows: (u32, u32),
    pub(super) colours: Colours,
    pub(super) orientation: Orientation,
    /// The way to sRGB, where the rows are in other colours.
    pub(super) to_srgb: Option<ToSrgb>,
}
