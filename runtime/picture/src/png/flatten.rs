//! Any PNG sample layout to grey, or red, green and blue, of 8 bits without alpha.

use contract::images::Colour;
use png::{BitDepth, ColorType};

/// How rows become plain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flatten {
    pub(super) kind: ColorType,
    pub(super) depth: BitDepth,
    /// What shows through.
    pub(super) background: Colour,
}

impl Flatten {
    /// Whether rows are plain already.
    pub(super) fn is_plain(&self) -> bool {
        self.depth == BitDepth::Eight && matches!(self.kind, ColorType::Grayscale | ColorType::Rgb)
    }

    /// Bytes of a pixel as the decoder gives it.
    pub(super) fn pixel_bytes(&self) -> usize {
        self.kind.samples() * if self.depth == BitDepth::Sixteen { 2 } else { 1 }
    }

    /// Makes a row plain.
    pub(super) fn row(&self, row: &[u8], flat: &mut [u8]) {
        let Colour { red, green, blue } = self.background;
        match (self.kind, self.depth) {
            (ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed, BitDepth::Sixteen) => {
                for (pair, into) in row.as_chunks::<2>().0.iter().zip(flat) {
                    // 65,535 is 257 × 255.
                    *into = u8::try_from((u32::from(u16::from_be_bytes(*pair)) + 128) / 257).unwrap_or(u8::MAX);
                }
            }
            (ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed, _) => {
                let length = row.len().min(flat.len());
                flat[..length].copy_from_slice(&row[..length]);
            }
            (ColorType::GrayscaleAlpha, BitDepth::Sixteen) => {
                for (&[g, h, a, b], into) in row.as_chunks::<4>().0.iter().zip(flat.as_chunks_mut::<3>().0) {
                    let [grey, alpha] = [[g, h], [a, b]].map(u16::from_be_bytes);
                    *into = [red, green, blue].map(|behind| blend_16(grey, alpha, behind));
                }
            }
            (ColorType::GrayscaleAlpha, _) => {
                for (&[grey, alpha], into) in row.as_chunks::<2>().0.iter().zip(flat.as_chunks_mut::<3>().0) {
                    *into = [red, green, blue].map(|behind| blend(grey, alpha, behind));
                }
            }
            (ColorType::Rgba, BitDepth::Sixteen) => {
                for (pixel, into) in row.as_chunks::<8>().0.iter().zip(flat.as_chunks_mut::<3>().0) {
                    let [r, g, b, alpha] = [0, 2, 4, 6].map(|at| u16::from_be_bytes([pixel[at], pixel[at + 1]]));
                    *into = [blend_16(r, alpha, red), blend_16(g, alpha, green), blend_16(b, alpha, blue)];
                }
            }
            (ColorType::Rgba, _) => {
                for (&[r, g, b, alpha], into) in row.as_chunks::<4>().0.iter().zip(flat.as_chunks_mut::<3>().0) {
                    *into = [blend(r, alpha, red), blend(g, alpha, green), blend(b, alpha, blue)];
                }
            }
        }
    }
}

/// One sample over another, rounded once.
fn blend(sample: u8, alpha: u8, behind: u8) -> u8 {
    let (sample, alpha, behind) = (u32::from(sample), u32::from(alpha), u32::from(behind));
    u8::try_from((sample * alpha + (255 - alpha) * behind + 127) / 255).unwrap_or(u8::MAX)
}

/// One sample of 16 bits over one of 8, as 8 bits, rounded once.
fn blend_16(sample: u16, alpha: u16, behind: u8) -> u8 {
    const FULL: u64 = 65_535;
    let (sample, alpha) = (u64::from(sample), u64::from(alpha));
    let mixed = sample * alpha + (FULL - alpha) * u64::from(behind) * 257;
    u8::try_from((mixed + FULL * 257 / 2) / (FULL * 257)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_eight() {
        let samples = [0, 128, 129, 32_768, 65_406, 65_407, 65_535_u16];
        let flatten = Flatten { kind: ColorType::Grayscale, depth: BitDepth::Sixteen, background: Colour::WHITE };
        let mut flat = [0; 7];

        flatten.row(&samples.map(u16::to_be_bytes).concat(), &mut flat);

        assert_eq!(flat, [0, 0, 1, 128, 254, 255, 255], "dark tones would all be a shade too dark");
        assert_eq!(samples.map(|sample| blend_16(sample, 65_535, 7)), flat, "opaque pixels would differ from those without alpha");
    }

    #[test]
    fn half_transparent_is_half_of_what_is_behind() {
        let mixed = [blend(0, 128, 255), blend(255, 128, 0), blend(77, 255, 9), blend(77, 0, 9)];
        let mixed_16 = [blend_16(0, 32_896, 255), blend_16(65_535, 32_896, 0), blend_16(19_789, 65_535, 9), blend_16(19_789, 0, 9)];

        assert_eq!((mixed, mixed_16), ([127, 128, 77, 9], [127, 128, 77, 9]));
    }
}
