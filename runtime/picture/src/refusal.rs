//! Why a picture gets no proxies.

use std::fmt;
use std::io;

use serde::Serialize;

/// Why a picture is refused for good, as one word for log lines, for the reason beside the picture and for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There are no bytes.
    Empty,
    /// It is neither a JPEG nor a PNG, whatever its name says.
    NotAnImage,
    /// The file is larger than allowed.
    TooManyBytes,
    /// There are more pixels than allowed.
    TooManyPixels,
    /// It is wider or taller than allowed.
    TooLong,
    /// Decoding would need more memory than allowed.
    TooMuchMemory,
    /// The file ends before the picture does.
    Truncated,
    /// The file contradicts itself or its format.
    Corrupt,
    /// It is valid, but of a kind that this program does not decode, such as an arithmetic-coded JPEG.
    Unsupported,
    /// Its key is so long that its proxies could have none.
    KeyTooLong,
    /// The decoder gave up on it in a way that it should not have.
    DecoderFailed,
}

impl Reason {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotAnImage => "not_an_image",
            Self::TooManyBytes => "too_many_bytes",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooLong => "too_long",
            Self::TooMuchMemory => "too_much_memory",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::KeyTooLong => "key_too_long",
            Self::DecoderFailed => "decoder_failed",
        }
    }

    /// Whether the first bytes say it all, so that the rest of the file need not be had.
    #[must_use]
    pub fn is_about_the_header(self) -> bool {
        match self {
            Self::Empty
            | Self::NotAnImage
            | Self::TooManyBytes
            | Self::TooManyPixels
            | Self::TooLong
            | Self::TooMuchMemory
            | Self::Unsupported
            | Self::KeyTooLong => true,
            Self::Truncated | Self::Corrupt | Self::DecoderFailed => false,
        }
    }
}

/// The picture is at fault: trying again would end the same way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// The kind of fault.
    pub reason: Reason,
    /// What was found, and what would have been right.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its detail in words.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }

    pub(super) fn corrupt(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Corrupt, detail.to_string())
    }

    pub(super) fn truncated(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Truncated, detail.to_string())
    }

    /// A codec gave up where it had no reason to.
    pub(super) fn failed(detail: impl fmt::Display) -> Self {
        Self::new(Reason::DecoderFailed, detail.to_string())
    }

    pub(super) fn unsupported(detail: impl fmt::Display) -> Self {
        Self::new(Reason::Unsupported, detail.to_string())
    }
}

/// Why there are no proxies.
#[derive(Debug, thiserror::Error)]
pub enum TranscodeError {
    /// The picture is at fault: the same bytes would be refused again.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file could not be read to its end, which says nothing of the picture: the next try may succeed.
    #[error("the file could not be read")]
    Source(#[source] io::Error),
    /// The picture is within limits, and yet there is no memory for it here, which says nothing of the picture either: a larger machine, or this
    /// one with less to do, may have it.
    #[error("there is no room for the {bytes} bytes of memory that decoding takes")]
    Memory {
        /// What decoding takes, computed from the header.
        bytes: u64,
    },
}

impl From<io::Error> for TranscodeError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}
