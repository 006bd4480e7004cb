#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod drawn;

mod colour;
mod encode;
mod exif;
mod fit;
mod jpeg;
mod memory;
mod orientation;
mod pipeline;
mod png;
mod refusal;
mod rows;
mod shrink;
mod sniff;
mod source;
mod work;

use std::any::Any;
use std::io::{BufRead, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use contract::images::{Limits, Proxies};

pub use fit::fit;
pub use orientation::Orientation;
pub use refusal::{Reason, Refusal, TranscodeError};
pub use sniff::{Format, sniff};

use source::{Source, Watch};

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
/// The file is recognised by its first bytes, its header is held against `limits`, and only then is a pixel decoded. Its rows pass through: each
/// proxy is made from the rows of the next larger one, so memory grows with the picture's width and not with its height. Only an interlaced PNG
/// and a JPEG of several scans are held whole, as they cannot be had otherwise.
///
/// The file is read from its beginning, wherever it stands, mostly forwards and once. It may block: it may be a file that still arrives.
///
/// # Errors
///
/// [`TranscodeError::Refused`] when the picture is at fault, so that the same bytes would be refused again; [`TranscodeError::Source`] when `file`
/// failed to read, and [`TranscodeError::Memory`] when this machine has too little memory for it, which say nothing of the picture. No proxy is made of
/// what is cut off or damaged.
pub fn transcode(mut file: impl BufRead + Seek, proxies: &Proxies, limits: &Limits) -> Result<Vec<Proxy>, TranscodeError> {
    from_source(Source::new(&mut file), proxies, limits)
}

fn from_source(mut source: Source<'_>, proxies: &Proxies, limits: &Limits) -> Result<Vec<Proxy>, TranscodeError> {
    let watch = source.watch();
    let format = sniff(&source.peek(8)?)?;
    let work = AssertUnwindSafe(|| match format {
        Format::Jpeg => {
            let (picture, rows) = jpeg::open(source, proxies, limits)?;
            pipeline::run(&picture, rows, proxies)
        }
        Format::Png => {
            let (picture, rows) = png::open(source, proxies, limits)?;
            pipeline::run(&picture, rows, proxies)
        }
    });
    // Nothing that is used again was touched: what unwinds drops all of it.
    catch_unwind(work).unwrap_or_else(|thrown| Err(caught(thrown.as_ref(), &watch)))
}

/// What was thrown: libjpeg's way of giving up, or a mistake in a codec, which costs its picture and not the program.
fn caught(thrown: &(dyn Any + Send), watch: &Watch) -> TranscodeError {
    if thrown.is::<jpeg::Damaged>() {
        return watch.blame(jpeg::Damaged::refusal);
    }
    let said = thrown.downcast_ref::<String>().map(String::as_str).or_else(|| thrown.downcast_ref::<&str>().copied());
    Refusal::failed(format!("a codec gave up: {}", said.unwrap_or("it did not say why"))).into()
}
