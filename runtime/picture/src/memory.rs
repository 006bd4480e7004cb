//! How much memory a picture will take, before any is taken.

use contract::images::{Limits, Proxies};

use super::rows::Picture;
use super::{Orientation, Reason, Refusal, TranscodeError, fit};
use super::{pipeline, shrink};

/// Refuses what the header says is too large, and fails where memory for it is not to be had. `decoder_bytes` is the most that the decoder itself
/// will hold at one time.
pub(super) fn check(picture: &Picture, decoder_bytes: u64, proxies: &Proxies, limits: &Limits) -> Result<(), TranscodeError> {
    let bytes = within_limits(picture, decoder_bytes, proxies, limits)?;
    has_room(bytes)
}

/// Asks for so much memory and gives it back untouched. libjpeg, which would find out in the middle, says nothing that tells a lack of memory
/// from a damaged picture.
fn has_room(bytes: u64) -> Result<(), TranscodeError> {
    let lacks = || TranscodeError::Memory { bytes };
    Vec::<u8>::new().try_reserve_exact(usize::try_from(bytes).map_err(|_| lacks())?).map_err(|_| lacks())
}

/// How many bytes decoding takes, when that and everything else is allowed.
fn within_limits(picture: &Picture, decoder_bytes: u64, proxies: &Proxies, limits: &Limits) -> Result<u64, Refusal> {
    let (width, height) = picture.size;
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
    let bytes = decoder_bytes + pipeline_bytes(picture, proxies);
    if bytes > limits.max_decoded_bytes {
        let detail = format!("decoding {width} × {height} pixels takes {bytes} bytes, allowed are {}", limits.max_decoded_bytes);
        return Err(Refusal::new(Reason::TooMuchMemory, detail));
    }
    Ok(bytes)
}

/// What lies between the decoder's rows and the finished proxies. The decoder may still make the picture smaller, which only makes it less.
fn pipeline_bytes(picture: &Picture, proxies: &Proxies) -> u64 {
    let pixel_bytes = u64::from(picture.colours.count()) * if proxies.linear_light { 2 } else { 1 };
    let wide = |(width, height): (u32, u32)| (u64::from(width), u64::from(height));
    let mut from = picture.size;
    let mut bytes = 0;
    for (index, &edge) in proxies.boxes.iter().enumerate() {
        let to = fit(picture.size.0, picture.size.1, edge);
        if index > 0 && to == from {
            // One proxy serves for both.
            continue;
        }
        let (columns, rows) = wide(to);
        bytes += shrink::memory(wide(from), wide(to), pixel_bytes);
        // The encoded proxy, at the highest quality about as large as its samples, in a buffer that doubles.
        bytes += columns * rows * u64::from(picture.colours.count());
        if index == 0 && picture.orientation != Orientation::Upright {
            bytes += (columns * rows + u64::from(pipeline::TURNED_ROWS) * columns.max(rows)) * pixel_bytes;
        }
        from = to;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_memory_is_no_fault_of_the_picture() {
        let (enough, never) = (has_room(1 << 20), has_room(1 << 62));

        assert!(enough.is_ok(), "no picture would be made: {enough:?}");
        assert!(
            matches!(never, Err(TranscodeError::Memory { bytes: 0x4000_0000_0000_0000 })),
            "good pictures would be moved away: {never:?}"
        );
    }
}
