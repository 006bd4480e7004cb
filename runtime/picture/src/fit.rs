//! Sizes, and making a picture smaller.

use std::error::Error;

use fast_image_resize::{
    FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::{U8, U8x3},
};

use super::{Reason, Refusal, pixels::Channels, pixels::Pixels};

/// Largest size of the same shape that fits into a square of `box_edge`, never larger than the picture itself and never less than one pixel.
#[must_use]
pub fn fit(width: u32, height: u32, box_edge: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= box_edge {
        return (width, height);
    }
    let scaled = |edge: u32| {
        let (edge, longest) = (u64::from(edge), u64::from(longest));
        // Rounded to the nearest pixel; it is at most `box_edge`, so it fits.
        let rounded = (edge * u64::from(box_edge) + longest / 2) / longest;
        u32::try_from(rounded).unwrap_or(box_edge).max(1)
    };
    (scaled(width), scaled(height))
}

/// Makes a picture of that size out of this one; the same one when it has the size already.
pub(super) fn resize(pixels: Pixels, (width, height): (u32, u32)) -> Result<Pixels, Refusal> {
    if (pixels.width, pixels.height) == (width, height) {
        return Ok(pixels);
    }
    let Pixels { width: from_width, height: from_height, channels, samples } = pixels;
    let from = View { width: from_width, height: from_height, samples: &samples };
    let samples = match channels {
        Channels::Grey => resample::<U8>(&from, width, height),
        Channels::Rgb => resample::<U8x3>(&from, width, height),
    };
    let failed = |error: Box<dyn Error>| Refusal::new(Reason::DecoderFailed, format!("resizing failed: {error}"));
    Ok(Pixels { width, height, channels, samples: samples.map_err(failed)? })
}

/// Samples with their size.
struct View<'a> {
    width: u32,
    height: u32,
    samples: &'a [u8],
}

/// Lanczos, for one kind of pixel: the untyped way in would compile all nineteen kinds, for minutes.
fn resample<P: PixelTrait>(from: &View<'_>, width: u32, height: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut samples = vec![0; width as usize * height as usize * P::size()];
    let source = TypedImageRef::<P>::from_buffer(from.width, from.height, from.samples)?;
    let mut target = TypedImage::<P>::from_buffer(width, height, &mut samples)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false);
    Resizer::new().resize_typed(&source, &mut target, &options)?;
    Ok(samples)
}
