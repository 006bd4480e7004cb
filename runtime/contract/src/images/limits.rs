//! How large a picture may be, and how much memory a function needs to hold the largest.

use serde::{Deserialize, Serialize};

const MEBIBYTE: u64 = 1024 * 1024;

/// What the transcoder refuses before it decodes a single pixel.
///
/// A file's size says little: a small PNG may unfold to gigabytes. So the header is read first and held against these limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest file, in bytes as stored; it lies in a temporary file while it is read.
    pub max_input_bytes: u64,
    /// Most pixels, width × height: bounds the time a picture may take.
    pub max_pixels: u64,
    /// Widest picture, in pixels.
    pub max_width: u32,
    /// Tallest picture, in pixels.
    pub max_height: u32,
    /// Most memory that decoding may take, in bytes, computed from the header. It follows from the width, a few mebibytes for most pictures, since
    /// their rows pass by; only a progressive JPEG takes 3 bytes a pixel besides, 6 without chroma subsampling.
    pub max_decoded_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_input_bytes: 100 * MEBIBYTE,
            // The largest phone sensors give 16,320 × 12,240.
            max_pixels: 200_000_000,
            // What a JPEG can say of itself.
            max_width: 65_535,
            max_height: 65_535,
            // A progressive JPEG of 57 megapixels with the usual chroma subsampling; any other picture that a JPEG or PNG of 200 can be.
            max_decoded_bytes: 192 * MEBIBYTE,
        }
    }
}

impl Limits {
    /// Memory that a function needs for the largest picture within these limits, in MiB as Lambda counts `MemorySize`, a multiple of 64.
    #[must_use]
    pub fn memory_mebibytes(&self) -> u64 {
        /// The program itself, its connections, and what arrives before it is written to the temporary file.
        const BESIDES: u64 = 64;
        (self.max_decoded_bytes.div_ceil(MEBIBYTE) + BESIDES).next_multiple_of(64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_limits_fit_into_a_modest_function() {
        let limits = Limits::default();

        let mebibytes = limits.memory_mebibytes();

        assert_eq!(mebibytes, 256, "the cost of every picture changes with this number");
    }

    #[test]
    fn more_allowed_decoding_means_more_memory() {
        let usual = Limits::default();
        let generous = Limits { max_decoded_bytes: usual.max_decoded_bytes * 3, ..usual };

        let more = generous.memory_mebibytes() - usual.memory_mebibytes();

        assert!(more >= 384, "the function would be killed on its largest inputs: only {more} MiB more");
    }
}
