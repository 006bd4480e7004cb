//! Rows in, fewer and shorter rows out, with no more of the picture in memory than the filter reaches over.
//!
//! It is `fast_image_resize` that resizes. It gets a strip of rows at a time, with the rows around it that its filter needs, and gives
//! the same samples as for the whole picture. As it does with whole pictures, columns are made shorter before rows are.

use std::ops::Range;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::work::Work;
use super::{Refusal, TranscodeError};

/// How far Lanczos reaches to each side, in rows of the larger of both pictures.
const REACH: f64 = 3.0;

/// Finished rows of one strip: so many that the rows around it are few in comparison.
const STRIP_ROWS: u32 = 32;

/// Bytes of rows that wait to be made shorter together: the filter is computed anew each time, which is felt below some hundred rows.
const BATCH_BYTES: usize = 3 << 20;

/// Makes a picture smaller.
#[derive(Debug)]
pub(super) struct Shrink<P> {
    from: Size,
    to: Size,
    resizer: Resizer,
    /// Rows as they came, from the first that the next strip needs.
    window: Vec<P>,
    /// Which row of the picture the window begins with.
    window_begin: u32,
    window_rows: u32,
    /// Rows as long as they came, but already as many as they shall be; some of them, from `next - batch_rows` on.
    batch: Vec<P>,
    batch_rows: u32,
    /// How many rows of the finished picture are in the batch or were given out.
    next: u32,
    done: Vec<P>,
}

/// Width and height.
pub(super) type Size = (u32, u32);

impl<P: Work> Shrink<P> {
    pub(super) fn new(from: Size, to: Size) -> Self {
        let batch_rows = rows_of_batch::<P>(from.0).min(to.1);
        let same_width = from.0 == to.0;
        Self {
            from,
            to,
            resizer: Resizer::new(),
            window: Vec::new(),
            window_begin: 0,
            window_rows: 0,
            batch: vec![P::default(); from.0 as usize * batch_rows as usize],
            batch_rows: 0,
            next: 0,
            done: if same_width { Vec::new() } else { vec![P::default(); to.0 as usize * batch_rows as usize] },
        }
    }

    /// Whether every finished row has been given out.
    pub(super) fn is_done(&self) -> bool {
        self.next == self.to.1 && self.batch_rows == 0
    }

    /// Where the next rows go: from one row to as many as can be taken at once; none when it is done.
    pub(super) fn room(&mut self) -> &mut [P] {
        let width = self.from.0 as usize;
        if self.from.1 == self.to.1 {
            let rows = self.strip_rows();
            let begin = self.batch_rows as usize * width;
            return &mut self.batch[begin..begin + rows as usize * width];
        }
        let needed = self.reach(self.next..self.next + self.strip_rows()).end.saturating_sub(self.window_begin) as usize;
        if self.window.len() < needed * width {
            self.window.reserve_exact(needed * width - self.window.len());
            self.window.resize(needed * width, P::default());
        }
        &mut self.window[self.window_rows as usize * width..needed * width]
    }

    /// Takes the first `rows` rows of the room as filled, and gives out finished rows when there are enough.
    pub(super) fn filled(&mut self, rows: u32) -> Result<&[P], TranscodeError> {
        if self.from.1 == self.to.1 {
            self.batch_rows += rows;
            self.next += rows;
        } else {
            self.window_rows += rows;
            let strip = self.next..self.next + self.strip_rows();
            let needed = self.reach(strip.clone());
            if self.window_begin + self.window_rows < needed.end {
                return Ok(&[]);
            }
            self.fewer(strip)?;
        }
        let left = self.to.1 - self.next;
        if left > 0 && self.batch_room() >= STRIP_ROWS.min(left) { Ok(&[]) } else { self.shorter() }
    }

    /// How many finished rows the next strip has; less than usual where the batch or the picture ends.
    fn strip_rows(&self) -> u32 {
        STRIP_ROWS.min(self.batch_room()).min(self.to.1 - self.next)
    }

    /// How many more rows the batch can take.
    fn batch_room(&self) -> u32 {
        rows_of_batch::<P>(self.from.0).min(self.to.1) - self.batch_rows
    }

    /// Which rows of the picture the filter needs for these finished ones; a row more to each side costs nothing and is safe from rounding.
    fn reach(&self, rows: Range<u32>) -> Range<u32> {
        let scale = self.scale();
        let reach = REACH * scale.max(1.0) + 1.0;
        let begin = ((f64::from(rows.start) + 0.5) * scale - reach).floor().max(0.0) as u32;
        let end = ((f64::from(rows.end) - 0.5) * scale + reach).ceil() as u32;
        begin..end.min(self.from.1)
    }

    fn scale(&self) -> f64 {
        f64::from(self.from.1) / f64::from(self.to.1)
    }

    /// Makes a strip of the window, into the batch, and drops the rows that nothing needs any more.
    fn fewer(&mut self, strip: Range<u32>) -> Result<(), TranscodeError> {
        let (width, scale) = (self.from.0 as usize, self.scale());
        let count = strip.end - strip.start;
        let top = f64::from(strip.start) * scale - f64::from(self.window_begin);
        // Rounding must not make it end behind the last row.
        let height = (f64::from(count) * scale).min(f64::from(self.window_rows) - top);
        let options = options().crop(0.0, top, f64::from(self.from.0), height);
        let window = &self.window[..self.window_rows as usize * width];
        let begin = self.batch_rows as usize * width;
        let into = &mut self.batch[begin..begin + count as usize * width];
        resize(&mut self.resizer, (window, (self.from.0, self.window_rows)), (into, (self.from.0, count)), &options)?;
        self.batch_rows += count;
        self.next = strip.end;
        if self.next < self.to.1 {
            let begin = self.reach(self.next..self.next + 1).start.min(self.window_begin + self.window_rows);
            let used = begin.saturating_sub(self.window_begin);
            self.window.copy_within(used as usize * width..self.window_rows as usize * width, 0);
            self.window_begin += used;
            self.window_rows -= used;
        }
        Ok(())
    }

    /// Makes the rows of the batch as long as they shall be, and gives them out.
    fn shorter(&mut self) -> Result<&[P], TranscodeError> {
        let rows = std::mem::take(&mut self.batch_rows);
        let batch = &self.batch[..self.from.0 as usize * rows as usize];
        if self.from.0 == self.to.0 {
            return Ok(batch);
        }
        let into = &mut self.done[..self.to.0 as usize * rows as usize];
        resize(&mut self.resizer, (batch, (self.from.0, rows)), (into, (self.to.0, rows)), &options())?;
        Ok(into)
    }
}

/// Most memory that making a picture smaller takes, in bytes.
pub(super) fn memory((from_width, from_height): (u64, u64), (to_width, to_height): (u64, u64), pixel_bytes: u64) -> u64 {
    let window = if from_height == to_height {
        0
    } else {
        let scale = from_height as f64 / to_height as f64;
        ((f64::from(STRIP_ROWS) + 2.0 * REACH) * scale).ceil() as u64 + 4
    };
    let batch = (BATCH_BYTES as u64 / (from_width * pixel_bytes).max(1)).max(STRIP_ROWS.into()).min(to_height);
    (window.min(from_height) + batch) * from_width * pixel_bytes + batch * to_width * pixel_bytes
}

fn rows_of_batch<P>(width: u32) -> u32 {
    let row_bytes = (width as usize * size_of::<P>()).max(1);
    u32::try_from(BATCH_BYTES / row_bytes).unwrap_or(u32::MAX).max(STRIP_ROWS)
}

fn options() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false)
}

fn resize<P: Work>(
    resizer: &mut Resizer,
    (from, from_size): (&[P], Size),
    (into, into_size): (&mut [P], Size),
    options: &ResizeOptions,
) -> Result<(), TranscodeError> {
    let from = TypedImageRef::new(from_size.0, from_size.1, from).map_err(Refusal::failed)?;
    let mut into = TypedImage::from_pixels_slice(into_size.0, into_size.1, into).map_err(Refusal::failed)?;
    resizer.resize_typed(&from, &mut into, options).map_err(Refusal::failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use fast_image_resize::pixels::{InnerPixel, U8x3};

    use super::*;

    /// A picture with fine and coarse structure, and with noise.
    fn picture((width, height): Size) -> Vec<U8x3> {
        let mut state = 1_u32;
        let mut sample = |x: u32, y: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (((x * 7) ^ (y * 3)) as u8 / 2).wrapping_add((state >> 27) as u8)
        };
        (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| U8x3::new([sample(x, y), sample(y, x), sample(x, x)]))
            .collect()
    }

    /// The way of [`super::super::pipeline`], with so many rows at a time.
    fn streamed(rows: &[U8x3], from: Size, to: Size, at_once: usize) -> Vec<U8x3> {
        let mut shrink = Shrink::new(from, to);
        let (mut rows, mut done) = (rows, Vec::new());
        while !shrink.is_done() {
            let room = shrink.room();
            let taken = room.len().min(at_once * from.0 as usize);
            room[..taken].copy_from_slice(&rows[..taken]);
            rows = &rows[taken..];
            done.extend_from_slice(shrink.filled((taken / from.0 as usize) as u32).unwrap());
        }
        assert!(rows.is_empty() || to.1 < from.1, "rows would be left over");
        done
    }

    #[test]
    fn strips_give_the_picture_that_the_whole_gives() {
        let cases = [
            ((400, 300), (205, 154)),
            ((401, 1_003), (41, 102)),
            ((64, 2_000), (33, 1_024)),
            ((3_000, 7), (200, 1)),
            ((200, 100), (200, 100)),
            ((50, 90), (50, 45)),
            ((1, 3_000), (1, 100)),
        ];
        for (from, to) in cases {
            let rows = picture(from);
            let mut whole = vec![U8x3::default(); to.0 as usize * to.1 as usize];
            resize(&mut Resizer::new(), (&rows, from), (&mut whole, to), &options()).unwrap();

            for at_once in [1, 7, usize::MAX / 4_000] {
                let streamed = streamed(&rows, from, to, at_once);

                let differences = U8x3::components(&whole).iter().zip(U8x3::components(&streamed)).map(|(one, other)| one.abs_diff(*other));
                // The resizer rounds its weights to what the largest of a strip allows.
                assert!(differences.max() <= Some(1), "{from:?} to {to:?}, {at_once} rows at once: strips would show");
                assert_eq!(streamed.len(), whole.len());
            }
        }
    }

    #[test]
    fn memory_is_no_more_than_was_announced() {
        for (from, to) in
            [((4_000, 3_000), (2_048, 1_536)), ((30_000, 500), (2_048, 34)), ((500, 30_000), (34, 2_048)), ((90, 60), (90, 60))]
        {
            let announced = memory((from.0.into(), from.1.into()), (to.0.into(), to.1.into()), 3);

            let mut shrink = Shrink::<U8x3>::new(from, to);
            let mut most = 0;
            while !shrink.is_done() {
                let count = shrink.room().len() / from.0 as usize;
                shrink.filled(count as u32).unwrap();
                most = most.max(shrink.window.capacity() + shrink.batch.capacity() + shrink.done.capacity());
            }

            assert!(most as u64 * 3 <= announced, "{from:?} to {to:?}: {} bytes instead of {announced}", most * 3);
        }
    }
}
