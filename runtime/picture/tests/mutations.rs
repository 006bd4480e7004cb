//! Thousands of damaged pictures, in a process that may not have more memory than a small function.
#![cfg(test)]

mod common;

use std::process::Command;

use common::files::{self, GREY_ALPHA, PALETTE, Png, RGBA, exif, jpeg};
use common::transcode;
use contract::images::{Limits, Proxies};
use fastrand::Rng;
use jpeg_encoder::{ColorType, SamplingFactor};
use picture::Reason;
use picture::drawn::Picture;

/// Says that this process is the one with little memory; its value is how many rounds it takes.
const ROUNDS: &str = "PICTURE_MUTATION_ROUNDS";

/// Address space of that process, in KiB: 256 MB, of which the program itself takes the larger part.
const ADDRESS_SPACE: u32 = 250_000;

/// One picture of each kind that takes a way of its own.
fn corpus() -> Vec<Vec<u8>> {
    let picture = Picture::drawn(70, 50);
    let rgb = |set: &dyn Fn(&mut jpeg_encoder::Encoder<&mut Vec<u8>>)| jpeg(&picture.rgb, (70, 50), ColorType::Rgb, set);
    vec![
        rgb(&|encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2)),
        rgb(&|encoder| encoder.set_progressive(true)),
        rgb(&|encoder| encoder.set_optimized_huffman_tables(true)),
        rgb(&|encoder| {
            encoder.set_restart_interval(3);
            encoder.add_exif_metadata(&exif(6)).unwrap();
        }),
        jpeg(&[90, 10, 200, 40].repeat(40 * 30), (40, 30), ColorType::CmykAsYcck, |_| ()),
        picture.png().unwrap(),
        Png::interlaced(33, 21, 16, RGBA, |x, y| [x as u8, 0, y as u8, 1, 2, 3, 200, x as u8]).chunk(b"eXIf", &exif(8)).file(),
        Png::of(40, 30, 8, PALETTE, |x, y| [(x ^ y) as u8 % 4]).chunk(b"PLTE", &[9; 12]).chunk(b"tRNS", &[0, 128]).file(),
        Png::of(31, 17, 8, GREY_ALPHA, |x, y| [x as u8, y as u8]).file(),
    ]
}

/// The picture with some damage, as transfers, disks and people of ill will do it.
fn damaged(random: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut file = random.choice(corpus).unwrap().clone();
    for _ in 0..random.usize(1..5) {
        let at = random.usize(8..file.len().max(9));
        match random.u8(0..7) {
            0 => file.truncate(at),
            1 => file.iter_mut().skip(at).take(random.usize(1..9)).for_each(|byte| *byte = 0xff),
            2 => file.iter_mut().skip(at).take(random.usize(1..9)).for_each(|byte| *byte = 0),
            3 => {
                let other = random.choice(corpus).unwrap();
                let begin = random.usize(0..other.len());
                let piece = other[begin..other.len().min(begin + random.usize(1..200))].to_vec();
                let at = at.min(file.len());
                file.splice(at..at, piece);
            }
            4 if at < file.len() => drop(file.drain(at..file.len().min(at + random.usize(1..40)))),
            _ => {
                if let Some(byte) = file.get_mut(at) {
                    *byte ^= 1 << random.u8(0..8);
                }
            }
        }
    }
    if random.bool() {
        // With right sums, the damage gets past the first check.
        files::repair_sums(&mut file);
    }
    file
}

fn take_rounds(rounds: usize) {
    // Sizes that are allowed must fit; what a damaged header promises beyond them is refused.
    let limits = Limits { max_pixels: 3_000_000, max_decoded_bytes: 48 << 20, ..Limits::default() };
    let corpus = corpus();
    let mut random = Rng::with_seed(7);
    for round in 0..rounds {
        let file = damaged(&mut random, &corpus);
        let proxies = Proxies { boxes: vec![random.u32(16..80), 16], linear_light: random.u8(0..8) == 0, ..Proxies::default() };
        match transcode(&file, &proxies, &limits) {
            Ok(made) => assert!(made.iter().all(|proxy| proxy.jpeg.ends_with(&[0xff, 0xd9])), "round {round} wrote half a proxy"),
            Err(refusal) => assert_ne!(refusal.reason, Reason::DecoderFailed, "round {round}: {refusal}"),
        }
    }
}

#[test]
fn damaged_pictures_end_with_an_answer_in_little_memory() {
    if let Ok(rounds) = std::env::var(ROUNDS) {
        return take_rounds(rounds.parse().unwrap());
    }
    let this = std::env::current_exe().unwrap();

    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -v {ADDRESS_SPACE} && exec \"$0\" \"$@\"")])
        .arg(this)
        .args(["--exact", "damaged_pictures_end_with_an_answer_in_little_memory", "--nocapture"])
        .envs([(ROUNDS, "2000"), ("MALLOC_ARENA_MAX", "1")])
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "a file that somebody uploads would kill the function ({}): {said}", output.status);
}
