//! A picture that is the same wherever it is drawn, so that tests need no files.
//!
//! It is written, and proxies are judged, by the `image` crate: other codecs than those that make the proxies.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError, ImageFormat};

/// Rows of red, green and blue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Three bytes a pixel, row by row.
    pub rgb: Vec<u8>,
}

/// A picture could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// As JPEG.
    #[error("could not write the JPEG")]
    WriteJpeg(#[source] ImageError),
    /// As PNG.
    #[error("could not write the PNG")]
    WritePng(#[source] ImageError),
    /// The bytes are no JPEG that can be decoded.
    #[error("could not decode the JPEG")]
    ReadJpeg(#[source] ImageError),
    /// The bytes are no PNG that can be decoded.
    #[error("could not decode the PNG")]
    ReadPng(#[source] ImageError),
    /// The decoder would fill up with grey what is missing.
    #[error("the JPEG is cut off")]
    Cut,
}

impl Picture {
    /// A picture with the colour that `colour` gives for each column and row.
    pub fn from_fn(width: u16, height: u16, colour: impl Fn(u16, u16) -> [u8; 3]) -> Self {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self { width, height, rgb: rows.flat_map(|(x, y)| colour(x, y)).collect() }
    }

    /// The test picture: soft gradients, which show bands, with discs and bars on them, whose edges show ringing and false colours.
    #[must_use]
    pub fn drawn(width: u16, height: u16) -> Self {
        let (wide, tall) = (u32::from(width.max(1)), u32::from(height.max(1)));
        let disc = (wide.min(tall) / 3).max(1);
        Self::from_fn(width, height, |x, y| {
            let (x, y) = (u32::from(x), u32::from(y));
            let ground = [shade(x, wide), shade(y, tall), shade(wide - x + y, wide + tall)];
            // Distance from the centre of the disc in whose cell this pixel lies.
            let (from_centre_x, from_centre_y) = ((x % disc).abs_diff(disc / 2), (y % disc).abs_diff(disc / 2));
            if from_centre_x.pow(2) + from_centre_y.pow(2) < (disc / 4).pow(2) {
                let inverse = ground.map(|sample| 255 - sample);
                return if (x / disc + y / disc) % 2 == 0 { inverse } else { [inverse[1], inverse[2], inverse[0]] };
            }
            if (x + y) % disc < disc / 16 { [32, 32, 32] } else { ground }
        })
    }

    /// As JPEG file.
    ///
    /// # Errors
    ///
    /// A picture without pixels cannot be written.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, PictureError> {
        let mut file = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut file, quality);
        let (width, height) = (self.width.into(), self.height.into());
        encoder.write_image(&self.rgb, width, height, ExtendedColorType::Rgb8).map_err(PictureError::WriteJpeg)?;
        Ok(file)
    }

    /// As PNG file.
    ///
    /// # Errors
    ///
    /// A picture without pixels cannot be written.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut file = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive);
        let (width, height) = (self.width.into(), self.height.into());
        encoder.write_image(&self.rgb, width, height, ExtendedColorType::Rgb8).map_err(PictureError::WritePng)?;
        Ok(file)
    }
}

/// How bright it is at `at` on the way to `full`.
fn shade(at: u32, full: u32) -> u8 {
    u8::try_from(at * 255 / full).unwrap_or(u8::MAX)
}

/// Width and height of a JPEG, known for certain: all of it is decoded.
///
/// # Errors
///
/// The bytes are no JPEG, or a damaged one.
pub fn decoded_size(jpeg: &[u8]) -> Result<(u32, u32), PictureError> {
    if !jpeg.ends_with(&[0xff, 0xd9]) {
        return Err(PictureError::Cut);
    }
    let picture = image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).map_err(PictureError::ReadJpeg)?;
    Ok((picture.width(), picture.height()))
}

/// Decodes a whole PNG file, and tells its width and height.
///
/// # Errors
///
/// It is no PNG file, or a damaged one.
pub fn decoded_png_size(png: &[u8]) -> Result<(u32, u32), PictureError> {
    let picture = image::load_from_memory_with_format(png, ImageFormat::Png).map_err(PictureError::ReadPng)?;
    Ok((picture.width(), picture.height()))
}

/// The size that a proxy of this size of picture should have: the longer edge as long as the box, unless the picture is smaller.
#[must_use]
pub fn proxy_size((width, height): (u16, u16), box_edge: u32) -> (u32, u32) {
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = (f64::from(box_edge) / width.max(height)).min(1.0);
    let scaled = |edge: f64| (edge * scale).round().max(1.0) as u32;
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_same_wherever_it_is_drawn() {
        let (first, second) = (Picture::drawn(97, 61), Picture::drawn(97, 61));

        assert_eq!(first, second, "two runs could not be compared");
        assert_eq!(first.rgb.len(), 97 * 61 * 3);
        assert_eq!(first.png().unwrap(), second.png().unwrap());
    }

    #[test]
    fn the_picture_is_no_plain_surface() {
        let picture = Picture::drawn(300, 200);

        let mut colours: Vec<_> = picture.rgb.as_chunks::<3>().0.to_vec();
        colours.sort_unstable();
        colours.dedup();

        assert!(colours.len() > 1_000, "a transcoder that returns one colour would pass: {}", colours.len());
    }

    #[test]
    fn proxies_of_the_smoke_tests_picture_have_the_sizes_that_people_expect() {
        let sizes = [2048, 1024, 4096].map(|edge| proxy_size((3000, 2000), edge));

        assert_eq!(sizes, [(2048, 1365), (1024, 683), (3000, 2000)]);
    }

    #[test]
    fn half_a_jpeg_has_no_size() {
        let jpeg = Picture::drawn(64, 64).jpeg(80).unwrap();

        let size = decoded_size(&jpeg[..jpeg.len() / 2]);

        assert!(size.is_err(), "a proxy that is still being written would count as there");
    }
}
