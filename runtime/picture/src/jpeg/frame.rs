//! What a JPEG's frame header promises.

use super::scan::Component;
use crate::Refusal;

/// One picture's size, and the components that it is made of.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
}

impl Frame {
    pub(super) fn read(segment: &[u8], progressive: bool) -> Result<Self, Refusal> {
        let Some((&[precision, high, low, wide, narrow, count], components)) = segment.split_first_chunk::<6>() else {
            return Err(Refusal::corrupt("the JPEG's frame header is too short"));
        };
        let (height, width) = (u16::from_be_bytes([high, low]), u16::from_be_bytes([wide, narrow]));
        if precision != 8 {
            return Err(Refusal::unsupported(format!("the JPEG has {precision} bits a sample, 8 are supported")));
        }
        if height == 0 {
            return Err(Refusal::unsupported("the JPEG tells its height only at its end"));
        }
        if ![1, 3, 4].contains(&count) {
            return Err(Refusal::unsupported(format!("the JPEG has {count} components, supported are 1, 3 and 4")));
        }
        let (components, surplus) = components.as_chunks::<3>();
        if components.len() != usize::from(count) || !surplus.is_empty() {
            return Err(Refusal::corrupt("the JPEG's frame header has another length than its components need"));
        }
        let components = components.iter().map(|&bytes| Component::read(bytes)).collect::<Result<_, _>>()?;
        Ok(Self { width, height, progressive, components })
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.width.into(), self.height.into())
    }

    /// The largest sampling factors of all components, across and down.
    pub(super) fn sampling(&self) -> (u64, u64) {
        let most = |factor: fn(&Component) -> u64| self.components.iter().map(factor).max().unwrap_or(1);
        (most(|component| component.horizontal), most(|component| component.vertical))
    }

    /// Samples of all planes, up to whole blocks.
    pub(super) fn samples(&self) -> u64 {
        self.components.iter().map(|component| component.padded_samples(self.size(), self.sampling())).sum()
    }
}
