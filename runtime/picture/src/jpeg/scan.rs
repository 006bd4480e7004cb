//! The geometry of a JPEG: how many blocks each component has, and which of them a scan carries.

use crate::Refusal;

/// One component of a frame, such as luma.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    /// Its number in the file, by which scans name it.
    pub(super) number: u8,
    /// Horizontal sampling factor, 1–4.
    pub(super) horizontal: u64,
    /// Vertical sampling factor, 1–4.
    pub(super) vertical: u64,
}

/// One pass over some or all components.
#[derive(Debug)]
pub(super) struct Scan {
    /// Which components, by their place in the frame.
    pub(super) components: Vec<usize>,
    /// How many bytes of entropy-coded data it has at the most.
    pub(super) bytes: u64,
}

/// Blocks of 8 × 8 samples across and down.
type Grid = (u64, u64);

impl Component {
    pub(super) fn read([number, sampling, _table]: [u8; 3]) -> Result<Self, Refusal> {
        let (horizontal, vertical) = (u64::from(sampling >> 4), u64::from(sampling & 0x0f));
        if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
            return Err(Refusal::corrupt(format!("a component of the JPEG has the sampling factors {horizontal} × {vertical}")));
        }
        Ok(Self { number, horizontal, vertical })
    }

    /// Samples of its plane, up to whole units of all components together.
    pub(super) fn padded_samples(&self, size: (u64, u64), most: (u64, u64)) -> u64 {
        let (across, down) = self.padded_grid(size, most);
        across * down * 64
    }

    fn padded_grid(&self, (width, height): (u64, u64), (most_across, most_down): (u64, u64)) -> Grid {
        (width.div_ceil(8 * most_across) * self.horizontal, height.div_ceil(8 * most_down) * self.vertical)
    }

    fn own_grid(&self, (width, height): (u64, u64), (most_across, most_down): (u64, u64)) -> Grid {
        ((width * self.horizontal).div_ceil(most_across).div_ceil(8), (height * self.vertical).div_ceil(most_down).div_ceil(8))
    }
}

impl Scan {
    pub(super) fn read(segment: &[u8], frame: &[Component]) -> Result<Self, Refusal> {
        let short = || Refusal::corrupt("a scan header of the JPEG has another length than its components need");
        let (&count, rest) = segment.split_first().ok_or_else(short)?;
        let (named, _spectral_selection) = rest.as_chunks::<2>().0.split_at_checked(count.into()).ok_or_else(short)?;
        if named.is_empty() || segment.len() != 1 + named.len() * 2 + 3 {
            return Err(short());
        }
        let place = |&[number, _tables]: &[u8; 2]| frame.iter().position(|component| component.number == number);
        let components: Option<Vec<_>> = named.iter().map(place).collect();
        let components = components.ok_or_else(|| Refusal::corrupt("a scan of the JPEG names a component that its frame does not have"))?;
        Ok(Self { components, bytes: 0 })
    }

    /// How many blocks it carries.
    pub(super) fn blocks(&self, frame: &[Component], size: (u64, u64), most: (u64, u64)) -> Result<u64, Refusal> {
        let grid = |&index: &usize| {
            let component = frame.get(index).ok_or_else(|| Refusal::corrupt("a scan of the JPEG names no component"))?;
            // A component that comes alone has its own blocks only, without those that fill up the last unit.
            let (across, down) =
                if self.components.len() == 1 { component.own_grid(size, most) } else { component.padded_grid(size, most) };
            Ok(across * down)
        };
        self.components.iter().map(grid).sum()
    }
}
