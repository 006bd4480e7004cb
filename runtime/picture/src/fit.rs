//! How large a proxy is.

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
