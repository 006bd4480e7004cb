//! The transcoder's configuration: written by the stack, read by the function.

use std::{collections::BTreeSet, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Colour, Limits};
use crate::reader::{Reader, check, whole_number, wrong};
use crate::{Problem, Problems};

/// Names of the environment variables that carry a [`TranscodeConfig`].
pub mod variable {
    /// Bucket that pictures arrive in.
    pub const SOURCE_BUCKET: &str = "TRANSCODE_SOURCE_BUCKET";
    /// Bucket that proxies are written to.
    pub const DESTINATION_BUCKET: &str = "TRANSCODE_DESTINATION_BUCKET";
    /// Where pictures arrive in the source bucket.
    pub const INCOMING_PREFIX: &str = "TRANSCODE_INCOMING_PREFIX";
    /// Where refused pictures go in the source bucket.
    pub const REJECT_PREFIX: &str = "TRANSCODE_REJECT_PREFIX";
    /// Edges of the squares that proxies fit into, largest first, with commas between.
    pub const BOXES: &str = "TRANSCODE_BOXES";
    /// JPEG quality of the proxies.
    pub const JPEG_QUALITY: &str = "TRANSCODE_JPEG_QUALITY";
    /// Colour behind what is transparent.
    pub const BACKGROUND: &str = "TRANSCODE_BACKGROUND";
    /// Whether pictures are made smaller as light.
    pub const LINEAR_LIGHT: &str = "TRANSCODE_LINEAR_LIGHT";
    /// Largest file, in bytes.
    pub const MAX_INPUT_BYTES: &str = "TRANSCODE_MAX_INPUT_BYTES";
    /// Most pixels.
    pub const MAX_PIXELS: &str = "TRANSCODE_MAX_PIXELS";
    /// Widest picture, in pixels.
    pub const MAX_WIDTH: &str = "TRANSCODE_MAX_WIDTH";
    /// Tallest picture, in pixels.
    pub const MAX_HEIGHT: &str = "TRANSCODE_MAX_HEIGHT";
    /// Most memory for decoding, in bytes.
    pub const MAX_DECODED_BYTES: &str = "TRANSCODE_MAX_DECODED_BYTES";
}

/// All that the transcoder needs to know.
///
/// `S` is text: a `String` in the function, whatever stands for text in the stack (there the buckets are references, known only to AWS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscodeConfig<S = String> {
    /// Bucket that pictures arrive in; events from any other are refused.
    pub source_bucket: S,
    /// Bucket that proxies are written to; never the source bucket, or every proxy would be an input again.
    pub destination_bucket: S,
    /// Where pictures arrive, such as `in/`; objects elsewhere are left alone.
    pub incoming_prefix: String,
    /// Where refused pictures go, such as `rejected/`; never below `incoming_prefix`.
    pub reject_prefix: String,
    /// What the proxies look like.
    pub proxies: Proxies,
    /// What is refused for its size.
    pub limits: Limits,
}

/// What proxies look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxies {
    /// One proxy for each: the edge in pixels of the square that it fits into, largest first.
    pub boxes: Vec<u32>,
    /// JPEG quality, 1–100.
    pub jpeg_quality: u8,
    /// Colour behind what is transparent.
    pub background: Colour,
    /// Whether pixels are averaged as light, not as the numbers that stand for it: fine bright details on dark ground stay as bright as they
    /// are. Takes about twice the time; off, as with most programs.
    pub linear_light: bool,
}

impl Default for Proxies {
    fn default() -> Self {
        Self { boxes: vec![2048, 1024], jpeg_quality: 80, background: Colour::WHITE, linear_light: false }
    }
}

const BOX_EDGES: RangeInclusive<u32> = 16..=16_384;
const MAX_BOXES: usize = 8;
const JPEG_QUALITIES: RangeInclusive<u8> = 1..=100;
// The file lies in a function's temporary folder, which has 512 MB.
const INPUT_BYTES: RangeInclusive<u64> = 1..=480 << 20;
const DECODED_BYTES: RangeInclusive<u64> = (1 << 20)..=(8 << 30);
const PIXELS: RangeInclusive<u64> = 1..=1_000_000_000;
const EDGES: RangeInclusive<u32> = 1..=1_000_000;

impl<S> TranscodeConfig<S> {
    /// The usual settings for these two buckets: arrivals in `in/`, refusals in `rejected/`, proxies of 2048 and 1024 pixels.
    pub fn new(source_bucket: S, destination_bucket: S) -> Self {
        Self {
            source_bucket,
            destination_bucket,
            incoming_prefix: "in/".to_owned(),
            reject_prefix: "rejected/".to_owned(),
            proxies: Proxies::default(),
            limits: Limits::default(),
        }
    }

    /// Everything that is wrong with these settings, as far as it can be known without knowing the buckets.
    ///
    /// The stack asks before it renders, so that a wrong setting is found at a desk and not by the function's first start.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let Self { incoming_prefix, reject_prefix, proxies, limits, .. } = self;
        for (variable, prefix) in [(variable::INCOMING_PREFIX, incoming_prefix), (variable::REJECT_PREFIX, reject_prefix)] {
            if prefix.len() < 2 || prefix.len() > 256 || prefix.starts_with('/') || !prefix.ends_with('/') {
                problems.push(wrong(variable, prefix, "a folder of at most 256 bytes that ends with a slash, such as `in/`"));
            }
        }
        if !incoming_prefix.is_empty() && reject_prefix.starts_with(incoming_prefix.as_str()) {
            let expected = format!("outside `{incoming_prefix}`, or every refused picture would arrive again");
            problems.push(wrong(variable::REJECT_PREFIX, reject_prefix, &expected));
        }
        let boxes = &proxies.boxes;
        let largest_first = boxes.windows(2).all(|pair| pair[0] > pair[1]);
        if boxes.is_empty() || boxes.len() > MAX_BOXES || !largest_first || !boxes.iter().all(|edge| BOX_EDGES.contains(edge)) {
            let (least, most) = (BOX_EDGES.start(), BOX_EDGES.end());
            let expected = format!("1 to {MAX_BOXES} different numbers from {least} to {most}, largest first, such as `2048,1024`");
            problems.push(wrong(variable::BOXES, &join(boxes), &expected));
        }
        check(&mut problems, variable::JPEG_QUALITY, proxies.jpeg_quality, &JPEG_QUALITIES);
        check(&mut problems, variable::MAX_INPUT_BYTES, limits.max_input_bytes, &INPUT_BYTES);
        check(&mut problems, variable::MAX_PIXELS, limits.max_pixels, &PIXELS);
        check(&mut problems, variable::MAX_WIDTH, limits.max_width, &EDGES);
        check(&mut problems, variable::MAX_HEIGHT, limits.max_height, &EDGES);
        check(&mut problems, variable::MAX_DECODED_BYTES, limits.max_decoded_bytes, &DECODED_BYTES);
        problems
    }

    /// The environment variables that carry these settings into the function, name and value, always in the same order.
    pub fn variables(self) -> Vec<(&'static str, S)>
    where
        S: From<String>,
    {
        let Self { source_bucket, destination_bucket, incoming_prefix, reject_prefix, proxies, limits } = self;
        vec![
            (variable::SOURCE_BUCKET, source_bucket),
            (variable::DESTINATION_BUCKET, destination_bucket),
            (variable::INCOMING_PREFIX, incoming_prefix.into()),
            (variable::REJECT_PREFIX, reject_prefix.into()),
            (variable::BOXES, join(&proxies.boxes).into()),
            (variable::JPEG_QUALITY, proxies.jpeg_quality.to_string().into()),
            (variable::BACKGROUND, proxies.background.to_string().into()),
            (variable::LINEAR_LIGHT, proxies.linear_light.to_string().into()),
            (variable::MAX_INPUT_BYTES, limits.max_input_bytes.to_string().into()),
            (variable::MAX_PIXELS, limits.max_pixels.to_string().into()),
            (variable::MAX_WIDTH, limits.max_width.to_string().into()),
            (variable::MAX_HEIGHT, limits.max_height.to_string().into()),
            (variable::MAX_DECODED_BYTES, limits.max_decoded_bytes.to_string().into()),
        ]
    }
}

impl TranscodeConfig {
    /// Reads the settings from environment variables, here a function from a name to a value.
    ///
    /// # Errors
    ///
    /// Everything that is missing or wrong, not the first of it: a function that starts wrongly should need one repair, not twelve.
    pub fn read(variable_of: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader::new(variable_of);
        let config = Self {
            source_bucket: reader.text(variable::SOURCE_BUCKET, "the name of the bucket that pictures arrive in"),
            destination_bucket: reader.text(variable::DESTINATION_BUCKET, "the name of the bucket for proxies"),
            incoming_prefix: reader.text(variable::INCOMING_PREFIX, "a folder that ends with a slash, such as `in/`"),
            reject_prefix: reader.text(variable::REJECT_PREFIX, "a folder that ends with a slash, such as `rejected/`"),
            proxies: Proxies {
                boxes: reader.list(variable::BOXES, "numbers with commas between, such as `2048,1024`"),
                jpeg_quality: reader.value(variable::JPEG_QUALITY, &whole_number(&JPEG_QUALITIES)),
                background: reader.value::<ReadColour>(variable::BACKGROUND, "a colour such as `#ffffff`").0,
                linear_light: reader.value(variable::LINEAR_LIGHT, "`true` or `false`"),
            },
            limits: Limits {
                max_input_bytes: reader.value(variable::MAX_INPUT_BYTES, &whole_number(&INPUT_BYTES)),
                max_pixels: reader.value(variable::MAX_PIXELS, &whole_number(&PIXELS)),
                max_width: reader.value(variable::MAX_WIDTH, &whole_number(&EDGES)),
                max_height: reader.value(variable::MAX_HEIGHT, &whole_number(&EDGES)),
                max_decoded_bytes: reader.value(variable::MAX_DECODED_BYTES, &whole_number(&DECODED_BYTES)),
            },
        };
        let mut problems = reader.problems;
        // A variable that could not be read holds a stand-in here, and has been reported already.
        let unread: BTreeSet<_> = problems.iter().map(|problem| problem.variable).collect();
        problems.extend(config.problems().into_iter().filter(|problem| !unread.contains(problem.variable)));
        if config.source_bucket == config.destination_bucket && !unread.contains(variable::DESTINATION_BUCKET) {
            let expected = "another bucket than the source, or every proxy would be an input again";
            problems.push(wrong(variable::DESTINATION_BUCKET, &config.destination_bucket, expected));
        }
        if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
    }
}

/// A colour with a stand-in for one that could not be read; the stand-in never leaves [`TranscodeConfig::read`].
struct ReadColour(Colour);

impl Default for ReadColour {
    fn default() -> Self {
        Self(Colour::WHITE)
    }
}

impl FromStr for ReadColour {
    type Err = super::NotAColour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

fn join(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
