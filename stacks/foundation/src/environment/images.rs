//! Settings of the `images` stack.

use contract::images::{Colour, Limits, Proxies};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::upload::Upload;

/// The image pipeline: pictures in, smaller JPEGs out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// Memory of the transcoder in MB as Lambda counts them; processor time grows with it, to one whole core at 1,769.
    ///
    /// Must hold what `max_decoded_megabytes` lets a picture take, and 64 for the program.
    #[schemars(range(min = 128, max = 10_240))]
    pub memory_mb: u32,

    /// Seconds after which one run of the transcoder is stopped.
    #[schemars(range(min = 1, max = 900))]
    pub timeout_seconds: u32,

    /// How many transcoders may run at once; keeps a burst of pictures from starving the account's other functions.
    #[schemars(range(min = 2, max = 1000))]
    pub concurrency: u32,

    /// Processor of the transcoder; its binary must be built for the same.
    #[serde(default)]
    pub architecture: Architecture,

    /// Edges in pixels of the squares that proxies fit into: one proxy for each, largest first.
    #[serde(default = "default::boxes")]
    #[schemars(length(min = 1, max = 8), extend("uniqueItems" = true), inner(range(min = 16, max = 16_384)))]
    pub boxes: Vec<u32>,

    /// JPEG quality of the proxies.
    #[serde(default = "default::jpeg_quality")]
    #[schemars(range(min = 1, max = 100))]
    pub jpeg_quality: u8,

    /// Colour behind what is transparent, in quotes.
    #[serde(default = "default::background")]
    #[schemars(
        with = "String",
        extend("pattern" = "^#[0-9a-fA-F]{6}$", "patternErrorMessage" = "a colour in quotes, such as `\"#ffffff\"`")
    )]
    pub background: Colour,

    /// Whether pixels are averaged as light, so that fine bright details keep their brightness, in about twice the time.
    #[serde(default)]
    pub linear_light: bool,

    /// Largest file that is let in, in MiB as stored.
    #[serde(default = "default::max_input_megabytes")]
    #[schemars(range(min = 1, max = 100))]
    pub max_input_megabytes: u32,

    /// Largest picture that is let in, in millions of pixels; bounds the time that one may take.
    #[serde(default = "default::max_megapixels")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_megapixels: u32,

    /// Most memory in MiB that decoding one picture may take, known from its header; others are refused.
    ///
    /// The rows of most pass by in a few MiB; a progressive JPEG takes 3 bytes a pixel, 6 without chroma subsampling.
    #[serde(default = "default::max_decoded_megabytes")]
    #[schemars(range(min = 16, max = 8192))]
    pub max_decoded_megabytes: u32,

    /// Days after which originals are deleted from the source bucket; left out, they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 3650))]
    pub incoming_days: Option<u32>,

    /// Days after which refused pictures are deleted.
    #[serde(default = "default::rejected_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub rejected_days: u32,

    /// How often a picture is tried before it goes to the dead-letter queue; AWS advises at least 5 where a function consumes.
    #[serde(default = "default::tries")]
    #[schemars(range(min = 5, max = 10))]
    pub tries: u32,

    /// Days for which the news of a picture waits for the transcoder before SQS drops it.
    #[serde(default = "default::retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub retention_days: u32,

    /// Days for which the news of a failed picture is kept; not fewer than `retention_days`.
    #[serde(default = "default::dead_letter_retention_days")]
    #[schemars(range(min = 1, max = 14))]
    pub dead_letter_retention_days: u32,

    /// How pictures come in over the API.
    #[serde(default)]
    pub upload: Upload,

    /// When people are told. One dead letter is always an alarm.
    pub alarms: ImageAlarms,
}

/// Processor of a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Architecture {
    /// Intel and AMD.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// Graviton: about a fifth cheaper.
    #[serde(rename = "arm64")]
    Arm64,
}

/// When people are told about the image pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageAlarms {
    /// Minutes after which a picture has waited too long; fewer than `retention_days` has.
    #[schemars(range(min = 1, max = 20_159))]
    pub oldest_message_minutes: u32,

    /// Refused pictures within an hour that are too many: one is no outage, many are.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub rejected_per_hour: u32,
}

impl Images {
    /// What the proxies look like, as the transcoder is told.
    #[must_use]
    pub fn proxies(&self) -> Proxies {
        Proxies { boxes: self.boxes.clone(), jpeg_quality: self.jpeg_quality, background: self.background, linear_light: self.linear_light }
    }

    /// What is refused for its size, as the transcoder is told.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            max_input_bytes: u64::from(self.max_input_megabytes) * MEBIBYTE,
            max_pixels: u64::from(self.max_megapixels) * 1_000_000,
            ..decoded_limit(self.max_decoded_megabytes.into())
        }
    }

    /// Seconds for which news that a transcoder took stays hidden: six times its timeout, as AWS advises, so that retries of a
    /// throttled function do not count as tries.
    #[must_use]
    pub fn visibility_timeout_seconds(&self) -> u32 {
        6 * self.timeout_seconds
    }
}

impl Architecture {
    /// Lambda's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

/// The transcoder's limit of memory in its own unit; width and height are bounded by what a JPEG can say of itself.
pub(super) fn decoded_limit(max_decoded_megabytes: u64) -> Limits {
    Limits { max_decoded_bytes: max_decoded_megabytes * MEBIBYTE, ..Limits::default() }
}

const MEBIBYTE: u64 = 1024 * 1024;

/// The transcoder's own defaults, in this file's units.
mod default {
    use super::{Colour, Limits, MEBIBYTE, Proxies};

    pub(super) fn boxes() -> Vec<u32> {
        Proxies::default().boxes
    }

    pub(super) fn jpeg_quality() -> u8 {
        Proxies::default().jpeg_quality
    }

    pub(super) fn background() -> Colour {
        Proxies::default().background
    }

    pub(super) fn max_input_megabytes() -> u32 {
        whole(Limits::default().max_input_bytes / MEBIBYTE)
    }

    pub(super) fn max_megapixels() -> u32 {
        whole(Limits::default().max_pixels / 1_000_000)
    }

    pub(super) fn max_decoded_megabytes() -> u32 {
        whole(Limits::default().max_decoded_bytes / MEBIBYTE)
    }

    pub(super) fn rejected_days() -> u32 {
        30
    }

    pub(super) fn tries() -> u32 {
        5
    }

    pub(super) fn retention_days() -> u32 {
        4
    }

    pub(super) fn dead_letter_retention_days() -> u32 {
        14
    }

    fn whole(number: u64) -> u32 {
        number.try_into().unwrap_or(u32::MAX)
    }
}
