//! PNG in: every colour type and depth, interlaced or not, row by row.

use std::io::{Cursor, ErrorKind};

use contract::images::{Colour, Limits};
use png::{BitDepth, ColorType, DecodingError, InterlaceInfo, Transformations};

use super::{
    Orientation, Reason, Refusal, exif,
    pixels::{Channels, Decoded, Pixels, check_size},
};

/// Most memory for what the decoder itself keeps: a few rows, a palette, a colour profile.
const DECODER_BYTES: usize = 64 << 20;

/// Decodes a file whose header is within limits, flattened on `background` where it is transparent.
pub(super) fn decode(file: &[u8], limits: &Limits, background: Colour) -> Result<Decoded, Refusal> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: DECODER_BYTES });
    // Palettes, narrow greys and transparent colours become plain samples, with alpha where there is any.
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let header = decoder.read_header_info().map_err(refusal)?;
    let (width, height) = (header.width, header.height);
    let transparent = matches!(header.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba);
    let grey = header.color_type == ColorType::Grayscale;
    // A grey picture with a transparent colour becomes a coloured one; only the next chunks say so, so the larger size counts.
    check_size(width, height, u64::from(width) * u64::from(height) * 3, limits)?;

    let mut reader = decoder.read_info().map_err(refusal)?;
    let info = reader.info();
    let orientation = info.exif_metadata.as_deref().map_or(Orientation::Upright, exif::orientation);
    // A grey profile describes no red.
    let icc_profile = info.icc_profile.as_deref().filter(|_| !grey).map(<[u8]>::to_vec);
    let channels = if grey && info.trns.is_none() && !transparent { Channels::Grey } else { Channels::Rgb };
    let (kind, depth) = reader.output_color_type();
    let flatten = Flatten { kind, depth, background };

    let row_length = width as usize * channels.count();
    let mut samples = vec![0; row_length * height as usize];
    let mut flat = Vec::with_capacity(row_length);
    let mut next_row = 0;
    while let Some(row) = reader.next_interlaced_row().map_err(refusal)? {
        flat.clear();
        flatten.row(row.data(), &mut flat);
        match row.interlace() {
            InterlaceInfo::Null(_) => {
                let target = samples.get_mut(next_row..next_row + row_length);
                let (Some(target), true) = (target, flat.len() == row_length) else {
                    return Err(Refusal::corrupt("a row has another length than the header says"));
                };
                target.copy_from_slice(&flat);
                next_row += row_length;
            }
            InterlaceInfo::Adam7(place) => png::expand_interlaced_row(&mut samples, row_length, &flat, place, 8 * channels as u8),
        }
    }
    // The end of the file is read as well: what is cut off there may have been meant to be more.
    reader.finish().map_err(refusal)?;
    Ok(Decoded { pixels: Pixels { width, height, channels, samples }, orientation, icc_profile })
}

/// Turns rows of any PNG sample layout into grey or red, green and blue of 8 bits without alpha.
struct Flatten {
    kind: ColorType,
    depth: BitDepth,
    background: Colour,
}

impl Flatten {
    fn row(&self, row: &[u8], flat: &mut Vec<u8>) {
        if self.depth == BitDepth::Sixteen {
            let (pairs, _) = row.as_chunks::<2>();
            self.samples(pairs.iter().map(|&pair| u32::from(u16::from_be_bytes(pair))), 65_535, flat);
        } else {
            self.samples(row.iter().map(|&sample| u32::from(sample)), 255, flat);
        }
    }

    fn samples(&self, mut samples: impl Iterator<Item = u32>, full: u32, flat: &mut Vec<u8>) {
        let Colour { red, green, blue } = self.background;
        let over = |sample, alpha, behind| blend(sample, alpha, full, behind);
        match self.kind {
            ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed => flat.extend(samples.map(|sample| blend(sample, full, full, 0))),
            ColorType::GrayscaleAlpha => {
                while let (Some(grey), Some(alpha)) = (samples.next(), samples.next()) {
                    flat.extend([over(grey, alpha, red), over(grey, alpha, green), over(grey, alpha, blue)]);
                }
            }
            ColorType::Rgba => {
                while let (Some(r), Some(g), Some(b), Some(alpha)) = (samples.next(), samples.next(), samples.next(), samples.next()) {
                    flat.extend([over(r, alpha, red), over(g, alpha, green), over(b, alpha, blue)]);
                }
            }
        }
    }
}

/// One sample of `0..=full` over an 8-bit one, as 8 bits, rounded once.
fn blend(sample: u32, alpha: u32, full: u32, behind: u8) -> u8 {
    let (sample, alpha, full) = (u64::from(sample), u64::from(alpha), u64::from(full));
    let mixed = sample * alpha * 255 + (full - alpha) * full * u64::from(behind);
    let whole = full * full;
    u8::try_from((mixed + whole / 2) / whole).unwrap_or(u8::MAX)
}

fn refusal(error: DecodingError) -> Refusal {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Refusal::truncated("the PNG ends before its picture does")
        }
        DecodingError::LimitsExceeded => {
            Refusal::new(Reason::TooMuchMemory, format!("the PNG needs more than {DECODER_BYTES} bytes beside its pixels"))
        }
        error @ (DecodingError::IoError(_) | DecodingError::Format(_) | DecodingError::Parameter(_)) => {
            Refusal::corrupt(format!("the PNG is damaged: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_eight() {
        let rounded = [0, 128, 129, 32_768, 65_406, 65_407, 65_535].map(|sample| blend(sample, 65_535, 65_535, 0));

        assert_eq!(rounded, [0, 0, 1, 128, 254, 255, 255], "dark tones would all be a shade too dark");
    }

    #[test]
    fn half_transparent_is_half_of_what_is_behind() {
        let mixed = [blend(0, 128, 255, 255), blend(255, 128, 255, 0), blend(77, 255, 255, 9), blend(77, 0, 255, 9)];

        assert_eq!(mixed, [127, 128, 77, 9]);
    }
}
