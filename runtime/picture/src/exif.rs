//! The one thing that we read of EXIF: how the camera was held. Everything else stays behind.

use super::Orientation;

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// The orientation in a block of EXIF (a TIFF file of its own); upright when there is none, or when the block makes no sense.
pub(super) fn orientation(tiff: &[u8]) -> Orientation {
    find(tiff).map_or(Orientation::Upright, Orientation::from_exif)
}

fn find(tiff: &[u8]) -> Option<u16> {
    let order = match tiff.get(..2)? {
        b"II" => Order::Little,
        b"MM" => Order::Big,
        _ => return None,
    };
    if order.u16(tiff, 2)? != 42 {
        return None;
    }
    let directory = usize::try_from(order.u32(tiff, 4)?).ok()?;
    let entries = order.u16(tiff, directory)?;
    (0..usize::from(entries)).find_map(|index| {
        let entry = directory.checked_add(2 + index * 12)?;
        let found = order.u16(tiff, entry)? == ORIENTATION && order.u16(tiff, entry.checked_add(2)?)? == SHORT;
        // The value of a single short stands at the beginning of the four bytes for it.
        if found { order.u16(tiff, entry.checked_add(8)?) } else { None }
    })
}

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: &[u8] = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    const BIG: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0";

    #[test]
    fn both_byte_orders_are_read() {
        let read = [LITTLE, BIG].map(orientation);

        assert_eq!(read, [Orientation::QuarterTurn; 2], "portraits of half the cameras would lie on their side");
    }

    #[test]
    fn a_broken_block_leaves_the_picture_as_it_is() {
        let mut far_away = LITTLE.to_vec();
        far_away[4..8].fill(0xff);
        let mut unknown = LITTLE.to_vec();
        unknown[18] = 9;

        for cut in 0..LITTLE.len() - 2 {
            assert_eq!(orientation(&LITTLE[..cut]), Orientation::Upright, "{cut} bytes of EXIF would cost somebody the picture");
        }
        assert_eq!(orientation(&far_away), Orientation::Upright);
        assert_eq!(orientation(&unknown), Orientation::Upright);
    }
}
