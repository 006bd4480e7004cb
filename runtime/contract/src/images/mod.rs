//! The image pipeline: how the transcoder is configured, how much memory it needs, where its pictures lie.

mod colour;
mod config;
mod keys;
mod limits;

pub use colour::{Colour, NotAColour};
pub use config::{Proxies, TranscodeConfig, variable};
pub use keys::{MAX_KEY_BYTES, PROXY_CONTENT_TYPE, metadata, proxy_key, reason_key, reject_key};
pub use limits::Limits;
