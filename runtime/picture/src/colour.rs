//! Colours as the picture's own profile means them, turned into those that a viewer assumes where there is no profile.

use std::fmt;
use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

/// The way from a profile of red, green and blue to sRGB.
///
/// Proxies carry no profile, so a picture in Display P3, as phones take them, would otherwise look washed out.
#[derive(Clone)]
pub(super) struct ToSrgb(Arc<dyn TransformExecutor<u8> + Send + Sync>);

impl ToSrgb {
    /// The way from this profile; none where it leads nowhere else.
    ///
    /// A profile that makes no sense, or is not one of red, green and blue, is passed over: the picture is worth more than its profile. So is
    /// one that says sRGB in its own words, as most do: it would cost the straight way from JPEG to JPEG.
    pub(super) fn from(icc_profile: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc_profile).ok().filter(|profile| profile.color_space == DataColorSpace::Rgb)?;
        let transform =
            profile.create_transform_8bit(Layout::Rgb, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default()).ok()?;
        let steps = || (0..=u8::MAX).step_by(51);
        let colours: Vec<u8> =
            steps().flat_map(|red| steps().flat_map(move |green| steps().flat_map(move |blue| [red, green, blue]))).collect();
        let mut converted = vec![0; colours.len()];
        transform.transform(&colours, &mut converted).ok()?;
        // One step is what rounding does.
        let differs = colours.iter().zip(&converted).any(|(before, after)| 1 < before.abs_diff(*after));
        differs.then_some(Self(transform))
    }

    /// Converts pixels into as many of sRGB; leaves them as they are when that fails.
    pub(super) fn convert<'a>(&self, rows: &'a [u8], converted: &'a mut Vec<u8>) -> &'a [u8] {
        converted.resize(rows.len(), 0);
        if self.0.transform(rows, converted).is_ok() { converted } else { rows }
    }
}

impl fmt::Debug for ToSrgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToSrgb")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_says_srgb_changes_nothing() {
        let srgb = ColorProfile::new_srgb().encode().unwrap();
        let display_p3 = ColorProfile::new_display_p3().encode().unwrap();

        let ways = [srgb, display_p3].map(|profile| ToSrgb::from(&profile).is_some());

        assert_eq!(ways, [false, true], "pictures with the most common profile would take twice the time, or phones' colours be lost");
    }
}
