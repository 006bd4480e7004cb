#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod drawn;

mod colour;
mod exif;
mod fit;
mod jpeg;
mod orientation;
mod pixels;
mod png;
mod refusal;
mod sniff;

use contract::images::{Limits, Proxies};

pub use fit::fit;
pub use orientation::Orientation;
pub use refusal::{Reason, Refusal};
pub use sniff::{Format, sniff};

use pixels::Decoded;

/// A finished proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Edge of the square that it fits into, in pixels.
    pub box_edge: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The JPEG file; it holds no metadata of the input, above all no place and no time.
    pub jpeg: Vec<u8>,
}

/// Makes all proxies of one file, largest first.
///
/// The file is recognised by its first bytes, its header is held against `limits`, and only then is a pixel decoded. Each proxy is made from the
/// next larger one, so that the whole picture is walked through once.
///
/// # Errors
///
/// The picture is at fault: the same bytes would be refused again.
pub fn transcode(file: &[u8], proxies: &Proxies, limits: &Limits) -> Result<Vec<Proxy>, Refusal> {
    let decoded = match sniff(file)? {
        Format::Jpeg => jpeg::decode(file, limits)?,
        Format::Png => png::decode(file, limits, proxies.background)?,
    };
    let Decoded { pixels, orientation, icc_profile } = decoded;
    let full = (pixels.width, pixels.height);

    let mut larger = pixels;
    let mut turned = false;
    let mut made = Vec::with_capacity(proxies.boxes.len());
    for &box_edge in &proxies.boxes {
        let size = fit(full.0, full.1, box_edge);
        // Once the picture is turned, so is its size.
        let size = if turned { orientation.turn_size(size) } else { size };
        larger = fit::resize(larger, size)?;
        if !turned {
            // Both are cheaper on the proxy than on the whole picture.
            colour::convert_to_srgb(&mut larger, icc_profile.as_deref());
            larger = orientation.apply(larger);
            turned = true;
        }
        let jpeg = jpeg::encode(&larger, proxies.jpeg_quality)?;
        made.push(Proxy { box_edge, width: larger.width, height: larger.height, jpeg });
    }
    Ok(made)
}
