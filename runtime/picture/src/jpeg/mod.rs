//! JPEG in, row by row, by libjpeg-turbo as mozjpeg has it.

mod cmyk;
mod errors;
mod frame;
mod header;
mod marker;
mod scan;
mod walk;

use std::io;
use std::rc::Rc;

use contract::images::{Limits, Proxies};
use mozjpeg::ColorSpace;
use mozjpeg::decompress::{Decompress, DecompressStarted};

use super::colour::ToSrgb;
use super::memory;
use super::rows::{Colours, Picture, Rows};
use super::source::{Source, Watch};
use super::{Refusal, TranscodeError, fit};
pub(super) use errors::Damaged;
use header::Model;
use walk::Walk;

/// Least that a picture must still be made smaller after the decoder has halved it: its way of halving is coarse, and shows below that.
/// Measured: of 24 megapixels halved, 1.46 were left, and the proxy of 2048 lost 0.004 of SSIM to one that was decoded in full.
const LEAST_SHRINK_LEFT: f64 = 2.0;

/// From this shrinking on, chroma between two samples need not be guessed smoothly.
const CHROMA_UNSEEN: f64 = 1.4;

/// Opens a file whose header is within limits.
pub(super) fn open<'a>(mut source: Source<'a>, proxies: &Proxies, limits: &Limits) -> Result<(Picture, JpegRows<'a>), TranscodeError> {
    let header = Walk::through(&mut source)?;
    let size = header.size();
    // A profile of inks describes no light, and one of grey no colours.
    let to_srgb = match header.model {
        Model::YCbCr | Model::Rgb => header.icc_profile.as_deref().and_then(ToSrgb::from),
        Model::Grey | Model::Cmyk => None,
    };
    let colours = match header.model {
        Model::Grey => Colours::Grey,
        Model::YCbCr if to_srgb.is_none() && !proxies.linear_light => Colours::YCbCr,
        Model::YCbCr | Model::Rgb | Model::Cmyk => Colours::Rgb,
    };
    let picture = Picture { size, rows: size, colours, orientation: header.orientation, to_srgb };
    memory::check(&picture, header.decoder_bytes(), proxies, limits)?;
    header.check_decodable()?;

    source.restart()?;
    let watch = source.watch();
    let failed = |error: io::Error| watch.blame(|| Refusal::corrupt(format!("the JPEG is damaged: {error}")));
    errors::be_lenient(true);
    let mut decoder = Decompress::builder().with_err(errors::manager()).from_reader(source).map_err(failed)?;
    if decoder.size() != (size.0 as usize, size.1 as usize) {
        return Err(Refusal::corrupt("the JPEG has two different sizes").into());
    }
    let eighths = eighths(size, proxies);
    decoder.scale(eighths);
    if shrink(size, proxies) >= CHROMA_UNSEEN {
        decoder.do_fancy_upsampling(false);
    }
    errors::be_lenient(false);
    let started = decoder.to_colorspace(match (header.model, colours) {
        (Model::Cmyk, _) => ColorSpace::JCS_CMYK,
        (_, Colours::Grey) => ColorSpace::JCS_GRAYSCALE,
        (_, Colours::Rgb) => ColorSpace::JCS_RGB,
        (_, Colours::YCbCr) => ColorSpace::JCS_YCbCr,
    });
    let started = started.map_err(failed)?;
    let edge = |edge: usize| u32::try_from(edge).map_err(Refusal::failed);
    let picture = Picture { rows: (edge(started.width())?, edge(started.height())?), ..picture };
    let inks = (header.model == Model::Cmyk).then(|| Inks { inverted: header.has_adobe_mark, samples: Vec::new() });
    Ok((picture, JpegRows { started, inks, watch }))
}

/// By how much the picture is made smaller for its largest proxy.
fn shrink((width, height): (u32, u32), proxies: &Proxies) -> f64 {
    let largest = proxies.boxes.first().map_or((width, height), |&edge| fit(width, height, edge));
    f64::from(width.max(height)) / f64::from(largest.0.max(largest.1))
}

/// At which scale the decoder works, in eighths.
fn eighths(size: (u32, u32), proxies: &Proxies) -> u8 {
    let shrink = shrink(size, proxies);
    [1, 2, 4].into_iter().find(|&eighths| shrink * f64::from(eighths) / 8.0 >= LEAST_SHRINK_LEFT).unwrap_or(8)
}

/// A decoder in the middle of its work.
pub(super) struct JpegRows<'a> {
    started: DecompressStarted<Source<'a>>,
    inks: Option<Inks>,
    watch: Rc<Watch>,
}

struct Inks {
    inverted: bool,
    samples: Vec<u8>,
}

impl JpegRows<'_> {
    fn failed(&self, error: &io::Error) -> TranscodeError {
        self.watch.blame(|| Refusal::corrupt(format!("the JPEG is damaged: {error}")))
    }
}

impl Rows for JpegRows<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<(), TranscodeError> {
        let Some(inks) = &mut self.inks else {
            return match self.started.read_scanlines_into(into) {
                Ok(_) => Ok(()),
                Err(error) => Err(self.failed(&error)),
            };
        };
        // A row at a time: inks are rare, and nobody waits for them.
        for row in into.chunks_exact_mut(self.started.width() * 3) {
            inks.samples.resize(row.len() / 3 * 4, 0);
            if let Err(error) = self.started.read_scanlines_into(&mut inks.samples) {
                return Err(self.watch.blame(|| Refusal::corrupt(format!("the JPEG is damaged: {error}"))));
            }
            cmyk::convert_to_rgb(&inks.samples, inks.inverted, row);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), TranscodeError> {
        // Some encoders leave a few bytes behind the last row.
        errors::be_lenient(true);
        let watch = Rc::clone(&self.watch);
        let ended = self.started.finish();
        if ended.is_err() || watch.has_ended() {
            return Err(watch.blame(Damaged::refusal));
        }
        Ok(())
    }
}
