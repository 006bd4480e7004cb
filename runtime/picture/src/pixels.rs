//! Decoded pixels, and the check that comes before them.

use contract::images::Limits;

use super::{Orientation, Reason, Refusal};

/// Rows of 8-bit samples without gaps: one sample a pixel (grey) or three (red, green, blue), nothing transparent.
#[derive(Debug)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    pub(super) samples: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    Grey = 1,
    Rgb = 3,
}

impl Channels {
    pub(super) fn count(self) -> usize {
        self as usize
    }
}

/// A decoded picture as its file has it, with what else matters for looking at it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) pixels: Pixels,
    pub(super) orientation: Orientation,
    pub(super) icc_profile: Option<Vec<u8>>,
}

/// Refuses what the header says is too large. `decoded_bytes` is the most memory that decoding will hold at one time.
pub(super) fn check_size(width: u32, height: u32, decoded_bytes: u64, limits: &Limits) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::corrupt(format!("the picture is {width} × {height} pixels")));
    }
    if width > limits.max_width || height > limits.max_height {
        let Limits { max_width, max_height, .. } = limits;
        let detail = format!("the picture is {width} × {height} pixels, allowed are {max_width} × {max_height}");
        return Err(Refusal::new(Reason::TooLong, detail));
    }
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.max_pixels {
        let detail = format!("the picture has {pixels} pixels ({width} × {height}), allowed are {}", limits.max_pixels);
        return Err(Refusal::new(Reason::TooManyPixels, detail));
    }
    if decoded_bytes > limits.max_decoded_bytes {
        let detail = format!("decoding {width} × {height} pixels takes {decoded_bytes} bytes, allowed are {}", limits.max_decoded_bytes);
        return Err(Refusal::new(Reason::TooMuchMemory, detail));
    }
    Ok(())
}
