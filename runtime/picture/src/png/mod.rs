//! PNG in, row by row: every colour type and depth.

mod flatten;

use std::io::Cursor;
use std::rc::Rc;

use contract::images::{Limits, Proxies};
use png::{ColorType, DecodingError, InterlaceInfo, Reader, Transformations};

use super::colour::ToSrgb;
use super::memory;
use super::rows::{Colours, Picture, Rows};
use super::source::{Source, Watch};
use super::{Orientation, Reason, Refusal, TranscodeError, exif};
use flatten::Flatten;

/// Most memory for what the decoder itself keeps: a few rows, a palette, a colour profile.
const DECODER_BYTES: usize = 24 << 20;

/// Opens a file whose header is within limits; its rows come flattened on the background where they are transparent.
pub(super) fn open<'a>(source: Source<'a>, proxies: &Proxies, limits: &Limits) -> Result<(Picture, PngRows<'a>), TranscodeError> {
    let watch = source.watch();
    let failed = |error| refusal(&watch, &error);
    let mut decoder = png::Decoder::new_with_limits(source, png::Limits { bytes: DECODER_BYTES });
    // Palettes, narrow greys and transparent colours become plain samples, with alpha where there is any.
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let header = decoder.read_header_info().map_err(failed)?;
    let size = (header.width, header.height);
    let grey = header.color_type == ColorType::Grayscale;
    let row_bytes = u64::from(header.width) * 8;
    let frame_bytes = if header.interlaced { u64::from(header.width) * u64::from(header.height) * 3 } else { 0 };
    // A grey picture with a transparent colour becomes a coloured one; only the next chunks say so, so the larger size counts.
    let expected = Picture { size, rows: size, colours: Colours::Rgb, orientation: Orientation::Upright, to_srgb: None };
    memory::check(&expected, row_bytes * 4 + frame_bytes, proxies, limits)?;

    let reader = decoder.read_info().map_err(failed)?;
    let info = reader.info();
    let orientation = info.exif_metadata.as_deref().map_or(Orientation::Upright, exif::orientation);
    // A grey profile describes no red.
    let to_srgb = info.icc_profile.as_deref().filter(|_| !grey).and_then(ToSrgb::from);
    let colours = if grey && info.trns.is_none() { Colours::Grey } else { Colours::Rgb };
    let picture = Picture { colours, orientation, to_srgb, ..expected };
    memory::check(&picture, row_bytes * 4 + frame_bytes, proxies, limits)?;

    let interlaced = info.interlaced;
    let (kind, depth) = reader.output_color_type();
    let flatten = Flatten { kind, depth, background: proxies.background };
    let row_length = size.0 as usize * colours.count() as usize;
    let mut rows = PngRows { reader, flatten, row_length, frame: None, watch };
    if interlaced {
        rows.frame = Some(Cursor::new(rows.whole(size.1)?));
    }
    Ok((picture, rows))
}

/// A decoder in the middle of its work.
pub(super) struct PngRows<'a> {
    reader: Reader<Source<'a>>,
    flatten: Flatten,
    /// Samples of a finished row.
    row_length: usize,
    /// The whole picture, where its rows do not come in order.
    frame: Option<Cursor<Vec<u8>>>,
    watch: Rc<Watch>,
}

impl PngRows<'_> {
    /// Puts an interlaced picture together.
    fn whole(&mut self, height: u32) -> Result<Vec<u8>, TranscodeError> {
        let mut frame = vec![0; self.row_length * height as usize];
        let mut flat = vec![0; self.row_length];
        let channels = self.row_length / self.reader.info().width as usize;
        while let Some(row) = self.reader.next_interlaced_row().map_err(|error| refusal(&self.watch, &error))? {
            if let InterlaceInfo::Adam7(place) = row.interlace() {
                let flat = &mut flat[..channels * row.data().len() / self.flatten.pixel_bytes()];
                self.flatten.row(row.data(), flat);
                png::expand_interlaced_row(&mut frame, self.row_length, flat, place, 8 * channels as u8);
            }
        }
        Ok(frame)
    }
}

impl Rows for PngRows<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<(), TranscodeError> {
        if let Some(frame) = &mut self.frame {
            std::io::Read::read_exact(frame, into).map_err(Refusal::failed)?;
            return Ok(());
        }
        for into in into.chunks_exact_mut(self.row_length) {
            let row = if self.flatten.is_plain() {
                self.reader.read_row(into).map(|row| row.is_some())
            } else {
                self.reader.next_row().map(|row| row.map(|row| self.flatten.row(row.data(), into)).is_some())
            };
            if !row.map_err(|error| refusal(&self.watch, &error))? {
                return Err(Refusal::truncated("the PNG ends before its picture does").into());
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), TranscodeError> {
        // The end of the file is read as well: what is cut off there may have been meant to be more.
        self.reader.finish().map_err(|error| refusal(&self.watch, &error))
    }
}

fn refusal(watch: &Watch, error: &DecodingError) -> TranscodeError {
    watch.blame(|| match error {
        DecodingError::LimitsExceeded => {
            Refusal::new(Reason::TooMuchMemory, format!("the PNG needs more than {DECODER_BYTES} bytes beside its pixels"))
        }
        DecodingError::IoError(_) | DecodingError::Format(_) | DecodingError::Parameter(_) => {
            Refusal::corrupt(format!("the PNG is damaged: {error}"))
        }
    })
}
