//! What the tests share: files made by hand, for what no encoder writes, and the way through the transcoder.
#![allow(dead_code, reason = "each test target uses its own part")]

pub(crate) mod files;

use std::io::Cursor;

use contract::images::{Limits, Proxies};
use picture::{Proxy, Refusal, TranscodeError};

/// Makes proxies of a file in memory, which can always be read.
pub(crate) fn transcode(file: &[u8], proxies: &Proxies, limits: &Limits) -> Result<Vec<Proxy>, Refusal> {
    picture::transcode(Cursor::new(file), proxies, limits).map_err(|error| match error {
        TranscodeError::Refused(refusal) => refusal,
        TranscodeError::Source(error) => panic!("a file in memory could not be read: {error}"),
        TranscodeError::Memory { bytes } => panic!("this machine has no {bytes} bytes to decode with"),
    })
}
