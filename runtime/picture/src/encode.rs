//! JPEG out: baseline in one interleaved scan, which every viewer reads, and nothing in it but the picture.

use mozjpeg::compress::CompressStarted;
use mozjpeg::{ColorSpace, Compress};

use super::colour::ToSrgb;
use super::rows::Colours;
use super::shrink::Size;
use super::{Refusal, TranscodeError};

/// A proxy that is being written.
pub(super) struct Encoder {
    started: CompressStarted<Vec<u8>>,
    to_srgb: Option<ToSrgb>,
    converted: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(size: Size, colours: Colours, quality: u8, to_srgb: Option<ToSrgb>) -> Result<Self, TranscodeError> {
        let mut compress = Compress::new(match colours {
            Colours::Grey => ColorSpace::JCS_GRAYSCALE,
            Colours::Rgb => ColorSpace::JCS_RGB,
            Colours::YCbCr => ColorSpace::JCS_YCbCr,
        });
        compress.set_fastest_defaults();
        compress.set_size(size.0 as usize, size.1 as usize);
        compress.set_quality(quality.into());
        if colours != Colours::Grey {
            compress.set_chroma_sampling_pixel_sizes((2, 2), (2, 2));
        }
        let started = compress.start_compress(Vec::new()).map_err(Refusal::failed)?;
        Ok(Self { started, to_srgb, converted: Vec::new() })
    }

    /// Writes whole rows.
    pub(super) fn rows(&mut self, rows: &[u8]) -> Result<(), TranscodeError> {
        let rows = match &self.to_srgb {
            Some(to_srgb) => to_srgb.convert(rows, &mut self.converted),
            None => rows,
        };
        self.started.write_scanlines(rows).map_err(Refusal::failed)?;
        Ok(())
    }

    /// The file, after the last row.
    pub(super) fn finish(self) -> Result<Vec<u8>, TranscodeError> {
        Ok(self.started.finish().map_err(Refusal::failed)?)
    }
}
