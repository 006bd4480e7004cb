//! Files that are broken, or that were made to break something.
#![cfg(test)]

mod common;

use common::files::{self, GREY, Png, RGB, RGBA, jpeg, marker};
use common::transcode;
use contract::images::{Limits, Proxies};
use jpeg_encoder::{ColorType, SamplingFactor};
use picture::drawn::Picture;
use picture::{Format, Reason, sniff};

fn refused(file: &[u8]) -> Option<Reason> {
    refused_within(file, &Limits::default())
}

fn refused_within(file: &[u8], limits: &Limits) -> Option<Reason> {
    transcode(file, &Proxies::default(), limits).err().map(|refusal| refusal.reason)
}

fn small_jpeg() -> Vec<u8> {
    let picture = Picture::drawn(96, 64);
    jpeg(&picture.rgb, (96, 64), ColorType::Rgb, |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2))
}

fn progressive_jpeg() -> Vec<u8> {
    let picture = Picture::drawn(96, 64);
    jpeg(&picture.rgb, (96, 64), ColorType::Rgb, |encoder| encoder.set_progressive(true))
}

fn small_png() -> Vec<u8> {
    Picture::drawn(96, 64).png().unwrap()
}

#[test]
fn a_file_is_what_its_first_bytes_say() {
    let table: [(&[u8], Option<Format>); 14] = [
        (b"\xff\xd8\xff\xe0", Some(Format::Jpeg)),
        (b"\xff\xd8\xff\xdb", Some(Format::Jpeg)),
        (b"\x89PNG\r\n\x1a\n", Some(Format::Png)),
        (b"\xff\xd8", None),
        (b"\xff\xd8\x00\xe0", None),
        (b"\x89PNG\n\x1a\n", None),
        (b"GIF89a", None),
        (b"RIFF\x24\0\0\0WEBPVP8 ", None),
        (b"II*\0", None),
        (b"BM", None),
        (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", None),
        (b"\0\0\0\x1cftypavif", None),
        // One file that begins as something else and carries a picture further on.
        (b"%PDF-1.7\n\xff\xd8\xff\xe0", None),
        (b" \x89PNG\r\n\x1a\n", None),
    ];

    for (begin, expected) in table {
        let seen = sniff(begin).ok();

        assert_eq!(seen, expected, "{begin:02x?} would be taken for something else");
    }
}

#[test]
fn a_picture_that_is_something_else_as_well_loses_the_other_half() {
    let mut polyglot = small_jpeg();
    polyglot.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");

    let made = transcode(&polyglot, &Proxies::default(), &Limits::default()).unwrap();

    assert!(made.iter().all(|proxy| !proxy.jpeg.windows(8).any(|bytes| bytes == b"<script>")), "the proxy would carry it on");
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    assert_eq!(refused(b""), Some(Reason::Empty));
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_it_was_cut() {
    for (name, file) in [("jpeg", small_jpeg()), ("progressive", progressive_jpeg()), ("png", small_png())] {
        for cut in 8..file.len() {
            let reason = refused(&file[..cut]);

            assert_eq!(reason, Some(Reason::Truncated), "{name} of {cut} instead of {} bytes would end half grey", file.len());
        }
    }
}

#[test]
fn a_jpeg_whose_pixels_are_missing_is_refused_before_it_is_decoded() {
    // The end marker right behind the first bytes of the scan, and a frame that promises a thousand times more.
    let mut file = small_jpeg();
    let frame = marker(&file, 0xc0);
    file[frame + 5..frame + 9].copy_from_slice(&[0x2e, 0xe0, 0x2e, 0xe0]);

    let reason = refused(&file);

    assert_eq!(reason, Some(Reason::Truncated), "a few bytes would cost the memory and time of 144 megapixels");
}

#[test]
fn a_header_beyond_the_limits_is_refused_before_any_pixel() {
    let limits = Limits { max_pixels: 10_000, max_width: 200, max_height: 150, ..Limits::default() };
    // No pixel data at all: only the header can have been looked at.
    let png = |width, height| Png { width, height, ..Png::of(1, 0, 8, GREY, |_, _| [0]) }.file();
    let mut jpeg = small_jpeg();
    let frame = marker(&jpeg, 0xc0);
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);

    let reasons =
        [png(201, 1), png(1, 151), png(200, 51), png(u32::MAX >> 1, u32::MAX >> 1), jpeg].map(|file| refused_within(&file, &limits));

    let [wide, tall, many, huge, jpeg] = reasons;
    assert_eq!((wide, tall, many), (Some(Reason::TooLong), Some(Reason::TooLong), Some(Reason::TooManyPixels)));
    assert_eq!((huge, jpeg), (Some(Reason::TooLong), Some(Reason::TooLong)), "a bomb would be unpacked");
    assert_eq!(refused_within(&small_jpeg(), &limits), None, "the limits would refuse what they allow");
}

#[test]
fn what_needs_too_much_memory_is_refused_by_its_header() {
    // 96 × 64 pixels that need no more than the rows that pass through; all coefficients of a progressive JPEG are 36 KiB more.
    let limits = Limits { max_decoded_bytes: 90_000, ..Limits::default() };

    let reasons = [small_jpeg(), progressive_jpeg()].map(|file| refused_within(&file, &limits));

    assert_eq!(reasons, [None, Some(Reason::TooMuchMemory)], "the function would be killed, and every message of its batch come again");
}

#[test]
fn a_small_png_that_unpacks_to_gigabytes_is_refused() {
    let interlaced = Png { width: 16_000, height: 16_000, interlaced: true, ..Png::of(1, 0, 16, RGBA, |_, _| [0; 8]) };

    let reason = refused(&interlaced.file());

    assert_eq!(reason, Some(Reason::TooManyPixels));
}

#[test]
fn kinds_of_jpeg_that_cannot_be_decoded_are_refused_by_name() {
    let with_frame = |code: u8| {
        let mut file = small_jpeg();
        let frame = marker(&file, 0xc0);
        file[frame + 1] = code;
        file
    };
    let mut twelve_bits = small_jpeg();
    let frame = marker(&twelve_bits, 0xc0);
    twelve_bits[frame + 4] = 12;
    let mut no_height = small_jpeg();
    no_height[frame + 5..frame + 7].fill(0);
    let mut arithmetic = small_jpeg();
    arithmetic.splice(2..2, [0xff, 0xcc, 0, 4, 0, 0x10]);

    for (name, file) in [
        ("lossless", with_frame(0xc3)),
        ("hierarchical", with_frame(0xc5)),
        ("arithmetic-coded", with_frame(0xc9)),
        ("arithmetic-conditioned", arithmetic),
        ("of twelve bits", twelve_bits),
        ("without a height", no_height),
    ] {
        let reason = refused(&file);

        assert_eq!(reason, Some(Reason::Unsupported), "a JPEG that is {name}");
    }
}

#[test]
fn a_jpeg_of_endless_scans_is_refused() {
    let file = progressive_jpeg();
    let last = file.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let (before, scan) = file.split_at(last);
    let scan = &scan[..scan.len() - 2];

    let mut endless = before.to_vec();
    for _ in 0..300 {
        endless.extend_from_slice(scan);
    }
    endless.extend_from_slice(&[0xff, 0xd9]);

    let refusal = transcode(&endless, &Proxies::default(), &Limits::default()).unwrap_err();

    assert_eq!(refusal.to_string(), "the JPEG has more than 256 scans", "each scan costs a walk over the whole picture");
}

#[test]
fn contradictions_are_refused() {
    let jpeg = small_jpeg();
    let scan = marker(&jpeg, 0xda);
    let frame = marker(&jpeg, 0xc0);
    let mut unknown_component = jpeg.clone();
    unknown_component[scan + 5] = 77;
    let mut wild_sampling = jpeg.clone();
    wild_sampling[frame + 11] = 0;
    let mut second_picture = jpeg.clone();
    second_picture.splice(scan..scan, [0xff, 0xd8]);
    let mut no_width = jpeg.clone();
    no_width[frame + 7..frame + 9].fill(0);
    let no_frame = [&jpeg[..frame], &[0xff, 0xd9]].concat();
    let no_scan = [&jpeg[..scan], &[0xff, 0xd9]].concat();
    let mut png_sum = small_png();
    png_sum[29] ^= 1;
    let mut png_data = small_png();
    let middle = png_data.len() / 2;
    png_data[middle] ^= 1;

    for (name, file) in [
        ("a scan of an unknown component", unknown_component),
        ("a component without samples", wild_sampling),
        ("a picture in a picture", second_picture),
        ("a picture without width", no_width),
        ("no frame", no_frame),
        ("no scan", no_scan),
        ("a wrong sum in the header", png_sum),
        ("a wrong sum in the pixels", png_data),
    ] {
        let reason = refused(&file);

        assert_eq!(reason, Some(Reason::Corrupt), "{name}");
    }
}

#[test]
fn sampling_factors_that_do_not_divide_each_other_are_refused_by_name() {
    // Luma three times across, chroma twice: valid, and nobody writes it.
    let mut file = small_jpeg();
    let frame = marker(&file, 0xc0);
    for (component, sampling) in [(0, 0x31), (1, 0x21), (2, 0x11)] {
        file[frame + 11 + component * 3] = sampling;
    }

    let refusal = transcode(&file, &Proxies::default(), &Limits::default()).unwrap_err();

    assert_eq!(refusal.reason, Reason::Unsupported, "the decoder would find out after the download: {refusal}");
}

#[test]
fn no_flipped_byte_does_more_than_harm_its_own_picture() {
    // Small limits, so that a flipped size is refused and not decoded.
    let limits = Limits { max_pixels: 100_000, ..Limits::default() };
    let picture = Picture::drawn(40, 24);
    let plain = picture.jpeg(60).unwrap();
    let progressive = jpeg(&picture.rgb, (40, 24), ColorType::Rgb, |encoder| encoder.set_progressive(true));
    let png = Png::of(8, 8, 8, RGB, |x, y| [x as u8, y as u8, 0]).chunk(b"eXIf", &files::exif(6)).file();

    for file in [plain, progressive, png] {
        for at in 8..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut flipped = file.clone();
                flipped[at] ^= flip;

                // Whether it is still a picture is the decoder's affair; that it ends, with an answer, is ours.
                let answer = std::panic::catch_unwind(|| transcode(&flipped, &Proxies::default(), &limits));

                assert!(answer.is_ok(), "byte {at} of {} with {flip:#x}: the decoder panics", file.len());
            }
        }
    }
}
