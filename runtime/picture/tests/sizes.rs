//! How large proxies are.
#![cfg(test)]

mod common;

use common::files::{GREY, Png};
use common::transcode;
use contract::images::{Limits, Proxies};
use picture::fit;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_proxy_fits_its_box_keeps_its_shape_and_never_grows(width in 1_u32..=65_535, height in 1_u32..=65_535, box_edge in 16_u32..=16_384) {
        let (fitted_width, fitted_height) = fit(width, height, box_edge);

        prop_assert!((1..=box_edge.min(width)).contains(&fitted_width) || fitted_width == 1, "{fitted_width} is too wide");
        prop_assert!((1..=box_edge.min(height)).contains(&fitted_height) || fitted_height == 1, "{fitted_height} is too tall");
        if width <= box_edge && height <= box_edge {
            prop_assert_eq!((fitted_width, fitted_height), (width, height), "what fits already would be changed");
        } else {
            prop_assert_eq!(fitted_width.max(fitted_height), box_edge, "the proxy would be smaller than it could be");
            // The shorter edge is the nearest whole pixel to the exact one, or the one pixel that must be left.
            let exact = f64::from(width.min(height)) * f64::from(box_edge) / f64::from(width.max(height));
            let shorter = f64::from(fitted_width.min(fitted_height));
            prop_assert!((shorter - exact).abs() <= 0.5 || shorter == 1.0, "{exact} would become {shorter}: squeezed");
        }
    }

    #[test]
    fn every_size_can_be_transcoded(width in 1_u32..200, height in 1_u32..200) {
        let file = Png::of(width, height, 8, GREY, |x, y| [(x ^ y) as u8]).file();
        let proxies = Proxies { boxes: vec![64, 16], ..Proxies::default() };

        let made = transcode(&file, &proxies, &Limits::default()).unwrap();

        let sizes: Vec<_> = made.iter().map(|proxy| (proxy.width, proxy.height)).collect();
        prop_assert_eq!(sizes, [fit(width, height, 64), fit(width, height, 16)]);
    }
}

#[test]
fn the_smaller_proxy_is_whole_wherever_its_last_strip_begins() {
    for height in 60..=210 {
        let file = Png::of(20, height, 8, GREY, |x, y| [(x ^ y) as u8]).file();
        let proxies = Proxies { boxes: vec![height, height / 2, height / 3], ..Proxies::default() };

        let made = transcode(&file, &proxies, &Limits::default()).unwrap();

        let heights: Vec<_> = made.iter().map(|proxy| proxy.height).collect();
        assert_eq!(heights, [height, height / 2, height / 3], "a picture of {height} rows would be refused for nothing");
    }
}

#[test]
fn the_extremes_have_at_least_one_pixel() {
    let cases = [(1, 1, (1, 1)), (65_535, 1, (2048, 1)), (1, 65_535, (1, 2048)), (3000, 2000, (2048, 1365)), (2049, 2049, (2048, 2048))];

    for (width, height, expected) in cases {
        let fitted = fit(width, height, 2048);

        assert_eq!(fitted, expected, "{width} × {height}");
    }
}

#[test]
fn a_very_wide_and_a_very_small_picture_are_pictures() {
    let proxies = Proxies::default();
    for (width, height, expected) in [(30_000, 2, [(2048, 1), (1024, 1)]), (1, 1, [(1, 1), (1, 1)])] {
        let file = Png::of(width, height, 8, GREY, |_, _| [99]).file();

        let made = transcode(&file, &proxies, &Limits::default()).unwrap();

        let sizes: Vec<_> = made.iter().map(|proxy| (proxy.width, proxy.height)).collect();
        assert_eq!(sizes, expected);
    }
}
