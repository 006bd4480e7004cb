//! Inks to light.

/// Turns four samples a pixel into three, the plain way that viewers without colour management take.
///
/// Adobe stores inks inverted (0 is full ink), others do not: `inverted` says which it is.
pub(super) fn convert_to_rgb(inks: &[u8], inverted: bool, rgb: &mut [u8]) {
    let light = |sample: u8| u32::from(if inverted { sample } else { 255 - sample });
    for (pixel, into) in inks.as_chunks::<4>().0.iter().zip(rgb.as_chunks_mut::<3>().0) {
        let [cyan, magenta, yellow, black] = pixel.map(light);
        *into = [cyan, magenta, yellow].map(|ink| u8::try_from((ink * black + 127) / 255).unwrap_or(u8::MAX));
    }
}
