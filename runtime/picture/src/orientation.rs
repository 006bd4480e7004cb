//! How a camera was held.

use std::ops::Range;

/// How the stored rows must be turned to look right; the numbers are those of EXIF.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Orientation {
    /// As stored.
    #[default]
    Upright = 1,
    /// Left and right change places.
    Mirrored = 2,
    /// By half a turn.
    HalfTurn = 3,
    /// Top and bottom change places.
    Flipped = 4,
    /// Rows become columns.
    Transposed = 5,
    /// By a quarter turn clockwise.
    QuarterTurn = 6,
    /// Rows become columns, from the far corner.
    Transversed = 7,
    /// By a quarter turn counter-clockwise.
    ThreeQuarterTurn = 8,
}

impl Orientation {
    /// The orientation with that number in EXIF; upright for a number that EXIF does not know.
    #[must_use]
    pub fn from_exif(number: u16) -> Self {
        match number {
            2 => Self::Mirrored,
            3 => Self::HalfTurn,
            4 => Self::Flipped,
            5 => Self::Transposed,
            6 => Self::QuarterTurn,
            7 => Self::Transversed,
            8 => Self::ThreeQuarterTurn,
            _ => Self::Upright,
        }
    }

    /// Size of a picture after it is turned.
    pub(super) fn turn_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::Upright | Self::Mirrored | Self::HalfTurn | Self::Flipped => (width, height),
            Self::Transposed | Self::QuarterTurn | Self::Transversed | Self::ThreeQuarterTurn => (height, width),
        }
    }

    /// Some rows of a picture of this size as they are after it is turned, one after the other.
    pub(super) fn turned<P: Copy>(self, pixels: &[P], size: (u32, u32), rows: Range<u32>) -> Vec<P> {
        let (width, _) = self.turn_size(size);
        let (right, bottom) = (size.0 as usize - 1, size.1 as usize - 1);
        let stride = size.0 as usize;
        let mut turned = Vec::with_capacity(rows.len() * width as usize);
        for y in rows.start as usize..rows.end as usize {
            turned.extend((0..width as usize).map(|x| {
                let (from_x, from_y) = match self {
                    Self::Upright => (x, y),
                    Self::Mirrored => (right - x, y),
                    Self::HalfTurn => (right - x, bottom - y),
                    Self::Flipped => (x, bottom - y),
                    Self::Transposed => (y, x),
                    Self::QuarterTurn => (y, bottom - x),
                    Self::Transversed => (right - y, bottom - x),
                    Self::ThreeQuarterTurn => (right - y, x),
                };
                pixels[from_y * stride + from_x]
            }));
        }
        turned
    }
}
