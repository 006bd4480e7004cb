//! From a decoder's rows to finished proxies, in one pass: each proxy's rows are encoded as they come, and make the next smaller proxy.

use contract::images::Proxies;
use fast_image_resize::pixels::{U8, U8x3, U16, U16x3};

use super::encode::Encoder;
use super::rows::{Colours, Picture, Rows};
use super::shrink::{Shrink, Size};
use super::work::Work;
use super::{Orientation, Proxy, TranscodeError, fit};

/// So many rows of a picture that was held another way are turned at a time: enough to read its columns in pieces, few to hold twice.
pub(super) const TURNED_ROWS: u32 = 32;

/// Makes all proxies of a picture, largest first.
pub(super) fn run(picture: &Picture, rows: impl Rows, proxies: &Proxies) -> Result<Vec<Proxy>, TranscodeError> {
    match (picture.colours, proxies.linear_light) {
        (Colours::Grey, false) => run_as::<U8>(picture, rows, proxies),
        (Colours::Grey, true) => run_as::<U16>(picture, rows, proxies),
        // Only red, green and blue can be turned into light.
        (Colours::Rgb, true) => run_as::<U16x3>(picture, rows, proxies),
        (Colours::Rgb, false) | (Colours::YCbCr, _) => run_as::<U8x3>(picture, rows, proxies),
    }
}

fn run_as<P: Work>(picture: &Picture, mut rows: impl Rows, proxies: &Proxies) -> Result<Vec<Proxy>, TranscodeError> {
    let Picture { size: (width, height), orientation, .. } = *picture;
    let stored: Vec<Size> = proxies.boxes.iter().map(|&edge| fit(width, height, edge)).collect();
    let shown: Vec<Size> = stored.iter().map(|&size| orientation.turn_size(size)).collect();
    let Some(&largest) = stored.first() else { return Ok(Vec::new()) };

    let mut links = links::<P>(&shown, picture, proxies.jpeg_quality)?;
    let mut way = P::way()?;
    let mut shrink = Shrink::<P>::new(picture.rows, largest);
    let held = if orientation == Orientation::Upright { 0 } else { largest.0 as usize * largest.1 as usize };
    let mut whole = Vec::with_capacity(held);
    while !shrink.is_done() {
        let room = shrink.room();
        let count = room.len() / picture.rows.0 as usize;
        P::load(&mut way, room, &mut |into| rows.read(into))?;
        let done = shrink.filled(u32::try_from(count).unwrap_or(u32::MAX))?;
        if orientation == Orientation::Upright {
            feed(&mut links, done)?;
        } else {
            // Only then is the largest proxy held whole.
            whole.extend_from_slice(done);
        }
    }
    rows.finish()?;
    drop(shrink);
    if orientation != Orientation::Upright {
        let (_, height) = orientation.turn_size(largest);
        for top in (0..height).step_by(TURNED_ROWS as usize) {
            let rows = top..height.min(top + TURNED_ROWS);
            feed(&mut links, &orientation.turned(&whole, largest, rows))?;
        }
    }
    let encoded: Vec<(Size, Vec<u8>)> =
        links.into_iter().map(|link| Ok((link.size, link.encoder.finish()?))).collect::<Result<_, TranscodeError>>()?;
    let proxy = |(&box_edge, size): (&u32, &Size)| {
        // A picture that fits into several boxes has one proxy for all of them.
        let (_, jpeg) = encoded.iter().find(|(made, _)| made == size)?;
        Some(Proxy { box_edge, width: size.0, height: size.1, jpeg: jpeg.clone() })
    };
    Ok(proxies.boxes.iter().zip(&shown).filter_map(proxy).collect())
}

/// One proxy in the making.
struct Link<P: Work> {
    size: Size,
    way: P::Way,
    encoder: Encoder,
    /// What its rows become besides.
    smaller: Option<Shrink<P>>,
}

/// One link for each size, from the largest on.
fn links<P: Work>(sizes: &[Size], picture: &Picture, quality: u8) -> Result<Vec<Link<P>>, TranscodeError> {
    let mut sizes = sizes.to_vec();
    sizes.dedup();
    let followers = sizes.iter().copied().skip(1).map(Some).chain([None]);
    let link = |(size, smaller): (Size, Option<Size>)| {
        Ok(Link {
            size,
            way: P::way()?,
            encoder: Encoder::new(size, picture.colours, quality, picture.to_srgb.clone())?,
            smaller: smaller.map(|smaller| Shrink::new(size, smaller)),
        })
    };
    sizes.iter().copied().zip(followers).map(link).collect()
}

/// Encodes rows, and hands them on.
fn feed<P: Work>(links: &mut [Link<P>], rows: &[P]) -> Result<(), TranscodeError> {
    let Some((link, followers)) = links.split_first_mut() else { return Ok(()) };
    if rows.is_empty() {
        return Ok(());
    }
    link.encoder.rows(P::bytes(&mut link.way, rows))?;
    let Some(shrink) = &mut link.smaller else { return Ok(()) };
    let width = link.size.0 as usize;
    let mut rows = rows;
    while !shrink.is_done() {
        let room = shrink.room();
        // No room is no reason to stop: the last rows may be enough for several strips.
        if rows.is_empty() && !room.is_empty() {
            break;
        }
        let (taken, left) = rows.split_at(rows.len().min(room.len()));
        room[..taken.len()].copy_from_slice(taken);
        rows = left;
        let done = shrink.filled(u32::try_from(taken.len() / width).unwrap_or(u32::MAX))?;
        feed(followers, done)?;
    }
    Ok(())
}
