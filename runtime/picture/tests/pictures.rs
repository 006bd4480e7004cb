//! What comes out for what goes in, judged by the pixels.
#![cfg(test)]

mod common;

use common::files::{self, GREY, GREY_ALPHA, PALETTE, Png, RGB, RGBA, exif, jpeg};
use common::transcode;
use contract::images::{Colour, Limits, Proxies};
use jpeg_encoder::{ColorType, SamplingFactor};
use picture::Proxy;
use picture::drawn::Picture;

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 200, 30];
const BLUE: [u8; 3] = [30, 30, 220];
const YELLOW: [u8; 3] = [230, 220, 40];

/// A picture with another colour in each quarter: red and green above, blue and yellow below.
fn quarters(width: u16, height: u16) -> Picture {
    Picture::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => RED,
        (false, true) => GREEN,
        (true, false) => BLUE,
        (false, false) => YELLOW,
    })
}

fn proxies(boxes: &[u32]) -> Proxies {
    Proxies { boxes: boxes.to_vec(), jpeg_quality: 95, background: Colour::WHITE, ..Proxies::default() }
}

fn largest(file: &[u8], settings: &Proxies) -> Seen {
    let made = transcode(file, settings, &Limits::default()).unwrap();
    Seen::new(&made[0])
}

/// A proxy as a viewer sees it.
struct Seen {
    width: u32,
    height: u32,
    channels: usize,
    samples: Vec<u8>,
}

impl Seen {
    fn new(proxy: &Proxy) -> Self {
        let mut decoder = jpeg_decoder::Decoder::new(proxy.jpeg.as_slice());
        let samples = decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        let seen = Self { width: info.width.into(), height: info.height.into(), channels: info.pixel_format.pixel_bytes(), samples };
        assert_eq!((seen.width, seen.height), (proxy.width, proxy.height));
        seen
    }

    fn at(&self, x: u32, y: u32) -> [u8; 3] {
        let start = (y * self.width + x) as usize * self.channels;
        let samples = &self.samples[start..start + self.channels];
        [samples[0], samples[self.channels / 2], samples[self.channels - 1]]
    }

    /// The middles of the four quarters: above left, above right, below left, below right.
    fn corners(&self) -> [[u8; 3]; 4] {
        let (left, top) = (self.width / 4, self.height / 4);
        let (right, bottom) = (self.width - 1 - left, self.height - 1 - top);
        [self.at(left, top), self.at(right, top), self.at(left, bottom), self.at(right, bottom)]
    }

    fn difference(&self, other: &Self) -> u8 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        self.samples.iter().zip(&other.samples).map(|(one, other)| one.abs_diff(*other)).max().unwrap()
    }
}

#[track_caller]
fn assert_close(seen: [u8; 3], expected: [u8; 3], tolerance: u8, message: &str) {
    let close = seen.iter().zip(&expected).all(|(seen, expected)| seen.abs_diff(*expected) <= tolerance);
    assert!(close, "{message}: {seen:?} instead of {expected:?}");
}

#[test]
fn every_orientation_ends_upright() {
    let upright = [RED, GREEN, BLUE, YELLOW];
    // For each EXIF number: the quarters as a camera that was held that way stores them.
    let stored = [
        (1, [RED, GREEN, BLUE, YELLOW]),
        (2, [GREEN, RED, YELLOW, BLUE]),
        (3, [YELLOW, BLUE, GREEN, RED]),
        (4, [BLUE, YELLOW, RED, GREEN]),
        (5, [RED, BLUE, GREEN, YELLOW]),
        (6, [GREEN, YELLOW, RED, BLUE]),
        (7, [YELLOW, GREEN, BLUE, RED]),
        (8, [BLUE, RED, YELLOW, GREEN]),
    ];
    for (number, [above_left, above_right, below_left, below_right]) in stored {
        let (width, height) = if number < 5 { (96, 48) } else { (48, 96) };
        let picture = Picture::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
            (true, true) => above_left,
            (false, true) => above_right,
            (true, false) => below_left,
            (false, false) => below_right,
        });
        let as_jpeg = jpeg(&picture.rgb, (width, height), ColorType::Rgb, |encoder| encoder.add_exif_metadata(&exif(number)).unwrap());
        let pixel = |x: u32, y: u32| picture.rgb.as_chunks::<3>().0[(y * u32::from(width) + x) as usize];
        let as_png = Png::of(width.into(), height.into(), 8, RGB, pixel).chunk(b"eXIf", &exif(number)).file();

        for file in [as_jpeg, as_png] {
            let made = transcode(&file, &proxies(&[64, 32]), &Limits::default()).unwrap();

            for (proxy, size) in made.iter().zip([(64, 32), (32, 16)]) {
                let seen = Seen::new(proxy);
                assert_eq!((seen.width, seen.height), size, "orientation {number} would be squeezed");
                for (corner, expected) in seen.corners().into_iter().zip(upright) {
                    assert_close(corner, expected, 24, &format!("with orientation {number} the picture would lie wrongly"));
                }
            }
        }
    }
}

#[test]
fn nothing_of_the_metadata_is_kept() {
    let picture = quarters(96, 48);
    let with_place = jpeg(&picture.rgb, (96, 48), ColorType::Rgb, |encoder| {
        encoder.add_exif_metadata(&exif(1)).unwrap();
        encoder.add_app_segment(13, b"Photoshop 3.0\0SECRET-PLACE".to_vec()).unwrap();
    });
    let secret = b"SECRET-PLACE";
    assert!(with_place.windows(secret.len()).any(|bytes| bytes == secret), "the test would prove nothing");

    let made = transcode(&with_place, &proxies(&[64]), &Limits::default()).unwrap();

    let jpeg = &made[0].jpeg;
    assert!(!jpeg.windows(secret.len()).any(|bytes| bytes == secret), "whoever sees the proxy knows where its owner lives");
    assert!(!jpeg.windows(4).any(|bytes| bytes == b"Exif"));
}

#[test]
fn what_is_transparent_shows_the_background() {
    let settings = Proxies { background: Colour { red: 0, green: 128, blue: 255 }, ..proxies(&[64]) };
    // Left opaque red, right half transparent red.
    let rgba = Png::of(32, 32, 8, RGBA, |x, _| [255, 0, 0, if x < 16 { 255 } else { 128 }]);
    let rgba_16 = Png::of(32, 32, 16, RGBA, |x, _| [255, 255, 0, 0, 0, 0, if x < 16 { 255 } else { 128 }, if x < 16 { 255 } else { 128 }]);
    let grey = Png::of(32, 32, 8, GREY_ALPHA, |x, _| [200, if x < 16 { 255 } else { 0 }]);

    let seen = [rgba, rgba_16, grey].map(|png| largest(&png.file(), &settings).corners());

    for coloured in &seen[..2] {
        assert_close(coloured[0], [255, 0, 0], 12, "opaque pixels would change");
        assert_close(coloured[1], [128, 64, 127], 12, "half transparent pixels would show what was never meant to be seen");
    }
    assert_close(seen[2][0], [200, 200, 200], 12, "opaque grey would change");
    assert_close(seen[2][1], [0, 128, 255], 12, "transparent grey would show as grey");
}

#[test]
fn every_png_layout_means_the_same_colour() {
    let grey_16 = Png::of(20, 20, 16, GREY, |_, _| [0x80, 0x80]);
    let rgb_16 = Png::of(20, 20, 16, RGB, |_, _| [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]);
    let grey_8 = Png::of(20, 20, 8, GREY, |_, _| [128]);
    let palette = Png::of(20, 20, 8, PALETTE, |_, _| [1]).chunk(b"PLTE", &[255, 0, 0, 128, 128, 128]);
    // Two pixels a byte, both of the second colour.
    let palette_4 = Png { width: 20, ..Png::of(10, 20, 4, PALETTE, |_, _| [0x11]) }.chunk(b"PLTE", &[255, 0, 0, 128, 128, 128]);
    let palette_clear = Png::of(20, 20, 8, PALETTE, |_, _| [0]).chunk(b"PLTE", &[255, 0, 0]).chunk(b"tRNS", &[0]);
    let grey_clear = Png::of(20, 20, 8, GREY, |_, _| [7]).chunk(b"tRNS", &[0, 7]);
    let interlaced = Png::interlaced(20, 20, 8, RGB, |_, _| [128, 128, 128]);
    let settings = Proxies { background: Colour { red: 128, green: 128, blue: 128 }, ..proxies(&[64]) };

    for (name, png) in [
        ("16-bit grey", grey_16),
        ("16-bit colour", rgb_16),
        ("8-bit grey", grey_8),
        ("palette", palette),
        ("narrow palette", palette_4),
        ("transparent palette", palette_clear),
        ("transparent grey", grey_clear),
        ("interlaced", interlaced),
    ] {
        let seen = largest(&png.file(), &settings);

        assert_eq!((seen.width, seen.height), (20, 20), "{name} would change its size");
        assert_close(seen.at(10, 10), [128, 128, 128], 2, &format!("{name} would be another colour"));
    }
}

#[test]
fn an_interlaced_png_is_put_together_as_a_plain_one_is() {
    let picture = Picture::drawn(45, 31);
    let pixel = |x: u32, y: u32| picture.rgb.as_chunks::<3>().0[(y * 45 + x) as usize];

    let plain = largest(&Png::of(45, 31, 8, RGB, pixel).file(), &proxies(&[64]));
    let interlaced = largest(&Png::interlaced(45, 31, 8, RGB, pixel).file(), &proxies(&[64]));

    assert_eq!(plain.difference(&interlaced), 0, "pixels would stand in the wrong place");
}

#[test]
fn a_grey_picture_stays_grey_and_small() {
    let grey_jpeg = jpeg(&[90; 40 * 40], (40, 40), ColorType::Luma, |_| ());

    let seen = largest(&grey_jpeg, &proxies(&[64]));

    assert_eq!(seen.channels, 1, "three times the work for the same picture");
    assert_close(seen.at(20, 20), [90, 90, 90], 2, "the grey would change");
}

#[test]
fn inks_become_light() {
    // Cyan, magenta, yellow and black: no ink, full cyan, full magenta and yellow, half black.
    let inks: [([u8; 4], [u8; 3]); 4] = [
        ([0, 0, 0, 0], [255, 255, 255]),
        ([255, 0, 0, 0], [0, 255, 255]),
        ([0, 255, 255, 0], [255, 0, 0]),
        ([0, 0, 0, 128], [127, 127, 127]),
    ];
    for (ink, light) in inks {
        for kind in [ColorType::Cmyk, ColorType::CmykAsYcck] {
            let file = jpeg(&ink.repeat(32 * 32), (32, 32), kind, |_| ());

            let seen = largest(&file, &proxies(&[64]));

            assert_close(seen.at(16, 16), light, 4, &format!("{kind:?} with the inks {ink:?} would be another colour"));
        }
    }
}

#[test]
fn the_order_of_scans_does_not_matter() {
    // Sizes that are no multiple of a block, so that the edges differ between one scan and several.
    for (width, height) in [(89, 57), (64, 33), (17, 100), (8, 8), (1, 1)] {
        let picture = Picture::drawn(width, height);
        for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_1_2, SamplingFactor::F_2_2] {
            let encode = |one_by_one: bool, progressive: bool| {
                let file = jpeg(&picture.rgb, (width, height), ColorType::Rgb, |encoder| {
                    encoder.set_sampling_factor(sampling);
                    encoder.set_optimized_huffman_tables(one_by_one);
                    encoder.set_progressive(progressive);
                });
                (file.windows(2).filter(|pair| *pair == [0xff, 0xda]).count(), largest(&file, &proxies(&[128])))
            };

            let (scans_together, together) = encode(false, false);
            let (scans_one_by_one, one_by_one) = encode(true, false);
            let (_, progressive) = encode(false, true);

            assert_eq!((scans_together, scans_one_by_one), (1, 3), "the test would prove nothing");
            let what = format!("{width} × {height} with {sampling:?}");
            assert_eq!(together.difference(&one_by_one), 0, "{what}: a component at a time would come out garbled");
            assert_eq!(together.difference(&progressive), 0, "{what}: progressive would come out garbled");
        }
    }
}

#[test]
fn restart_markers_and_bytes_behind_the_end_do_no_harm() {
    let picture = quarters(96, 48);
    let plain = jpeg(&picture.rgb, (96, 48), ColorType::Rgb, |_| ());
    let mut decorated = jpeg(&picture.rgb, (96, 48), ColorType::Rgb, |encoder| encoder.set_restart_interval(2));
    decorated.extend_from_slice(&plain);
    decorated.extend_from_slice(b"PK\x03\x04 another file behind the picture");

    let (plain, decorated) = (largest(&plain, &proxies(&[64])), largest(&decorated, &proxies(&[64])));

    assert_eq!(plain.difference(&decorated), 0, "pictures of phones that put a second one behind the first would be refused");
}

#[test]
fn a_wide_gamut_becomes_the_usual_one() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let in_display_p3 =
        jpeg(&[200, 100, 50].repeat(32 * 32), (32, 32), ColorType::Rgb, |encoder| encoder.add_icc_profile(&profile).unwrap());

    let seen = largest(&in_display_p3, &proxies(&[64]));

    // By the definitions of both colour spaces.
    assert_close(seen.at(16, 16), [215, 93, 31], 4, "every picture of a recent phone would look washed out");
}

#[test]
fn a_nonsense_profile_does_not_cost_the_picture() {
    let file = jpeg(&RED.repeat(32 * 32), (32, 32), ColorType::Rgb, |encoder| encoder.add_icc_profile(b"no profile at all").unwrap());

    let seen = largest(&file, &proxies(&[64]));

    assert_close(seen.at(16, 16), RED, 4, "the colour would change");
}

#[test]
fn a_proxy_is_a_plain_jpeg_that_every_viewer_reads() {
    let made = transcode(&quarters(96, 48).png().unwrap(), &proxies(&[64]), &Limits::default()).unwrap();

    let jpeg = &made[0].jpeg;

    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
    assert_eq!(jpeg[files::marker(jpeg, 0xc0) + 11] >> 4, 2, "chroma would take as much room as luma");
    assert_eq!(jpeg.windows(2).filter(|pair| *pair == [0xff, 0xda]).count(), 1, "some decoders garble what is not interleaved");
}
