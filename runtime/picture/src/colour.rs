//! Colours as the picture's own profile means them, turned into those that a viewer assumes where there is no profile.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::pixels::{Channels, Pixels};

/// Converts a colour picture from its profile to sRGB.
///
/// Proxies carry no profile, so a picture in Display P3, as phones take them, would otherwise look washed out. A profile that makes no sense, or
/// is not one of red, green and blue, is passed over: the picture is worth more than its profile.
pub(super) fn convert_to_srgb(pixels: &mut Pixels, icc_profile: Option<&[u8]>) {
    let Some(profile) = icc_profile.filter(|_| pixels.channels == Channels::Rgb) else { return };
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, TransformOptions::default()) else { return };
    let row_length = pixels.width as usize * Channels::Rgb.count();
    let mut converted = vec![0; row_length];
    for row in pixels.samples.chunks_exact_mut(row_length) {
        if transform.transform(row, &mut converted).is_err() {
            return;
        }
        row.copy_from_slice(&converted);
    }
}
