//! Inks to light.

/// Turns four samples a pixel into three, in place: the plain way that viewers without colour management take.
///
/// The decoder hands out 255 less what is stored, for CMYK and YCCK alike. Adobe stores inks inverted (0 is full ink), others do not: `inverted`
/// says which it was.
pub(super) fn convert_to_rgb(samples: &mut Vec<u8>, inverted: bool) {
    let light = |sample: u8| u32::from(if inverted { 255 - sample } else { sample });
    let count = samples.len() / 4;
    for pixel in 0..count {
        let [cyan, magenta, yellow, black] = [0, 1, 2, 3].map(|ink| light(samples[pixel * 4 + ink]));
        for (index, ink) in [cyan, magenta, yellow].into_iter().enumerate() {
            samples[pixel * 3 + index] = u8::try_from((ink * black + 127) / 255).unwrap_or(u8::MAX);
        }
    }
    samples.truncate(count * 3);
}
