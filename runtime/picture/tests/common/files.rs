//! Picture files made by hand, where an encoder would not write what a test needs.

use jpeg_encoder::{ColorType, Encoder};

/// A PNG in the making. Its pixel data is stored, not compressed, so that a test can say every byte.
#[derive(Clone)]
pub(crate) struct Png {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) depth: u8,
    pub(crate) colour_type: u8,
    pub(crate) interlaced: bool,
    /// Chunks before the pixel data, such as a palette.
    pub(crate) chunks: Vec<([u8; 4], Vec<u8>)>,
    /// Rows with a filter byte before each.
    pub(crate) rows: Vec<u8>,
}

pub(crate) const GREY: u8 = 0;
pub(crate) const RGB: u8 = 2;
pub(crate) const PALETTE: u8 = 3;
pub(crate) const GREY_ALPHA: u8 = 4;
pub(crate) const RGBA: u8 = 6;

impl Png {
    /// A picture of whole-byte samples, `pixel` giving the bytes of each pixel.
    pub(crate) fn of<const N: usize>(width: u32, height: u32, depth: u8, colour_type: u8, pixel: impl Fn(u32, u32) -> [u8; N]) -> Self {
        let row = |y: u32| {
            std::iter::once(0)
                .chain((0..width).flat_map({
                    let pixel = &pixel;
                    move |x| pixel(x, y)
                }))
                .collect::<Vec<_>>()
        };
        let rows = (0..height).flat_map(row).collect();
        Self { width, height, depth, colour_type, interlaced: false, chunks: Vec::new(), rows }
    }

    /// The same, in the seven passes of Adam7.
    pub(crate) fn interlaced<const N: usize>(
        width: u32,
        height: u32,
        depth: u8,
        colour_type: u8,
        pixel: impl Fn(u32, u32) -> [u8; N],
    ) -> Self {
        const PASSES: [(u32, u32, u32, u32); 7] =
            [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        let mut rows = Vec::new();
        for (left, top, across, down) in PASSES {
            for y in (top..height).step_by(down as usize) {
                let row: Vec<_> = (left..width).step_by(across as usize).flat_map(|x| pixel(x, y)).collect();
                if !row.is_empty() {
                    rows.push(0);
                    rows.extend(row);
                }
            }
        }
        Self { interlaced: true, rows, ..Self::of(width, 0, depth, colour_type, pixel).tall(height) }
    }

    pub(crate) fn tall(self, height: u32) -> Self {
        Self { height, ..self }
    }

    pub(crate) fn chunk(mut self, name: &[u8; 4], content: &[u8]) -> Self {
        self.chunks.push((*name, content.to_vec()));
        self
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        let mut header = [self.width.to_be_bytes(), self.height.to_be_bytes()].concat();
        header.extend([self.depth, self.colour_type, 0, 0, u8::from(self.interlaced)]);
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        write_chunk(&mut file, b"IHDR", &header);
        for (name, content) in &self.chunks {
            write_chunk(&mut file, name, content);
        }
        write_chunk(&mut file, b"IDAT", &stored(&self.rows));
        write_chunk(&mut file, b"IEND", &[]);
        file
    }
}

fn write_chunk(file: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    file.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
    let begin = file.len();
    file.extend(name);
    file.extend(content);
    let sum = crc32(&file[begin..]);
    file.extend(sum.to_be_bytes());
}

/// Makes the sums of a PNG's chunks right again; leaves other files alone.
pub(crate) fn repair_sums(file: &mut [u8]) {
    let mut at = 8;
    while file.starts_with(b"\x89PNG") && at + 12 <= file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let Some(sum_at) = at.checked_add(8 + length).filter(|sum_at| sum_at + 4 <= file.len()) else { return };
        let sum = crc32(&file[at + 4..sum_at]);
        file[sum_at..sum_at + 4].copy_from_slice(&sum.to_be_bytes());
        at = sum_at + 4;
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

/// A zlib stream of stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks: Vec<_> = bytes.chunks(65_535).collect();
    if blocks.is_empty() {
        stream.extend([1, 0, 0, 0xff, 0xff]);
    }
    for (index, block) in blocks.iter().enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(u8::from(index + 1 == blocks.len()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(*block);
    }
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

/// A TIFF block with an orientation and a place on earth, as a phone writes it.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // A pointer to the directory with the place, and a word that a test can look for.
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0, 0, 0, 0]);
    tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0SECRET-PLACE");
    tiff
}

/// A JPEG made by an encoder that `set` has had its way with.
pub(crate) fn jpeg(
    samples: &[u8],
    (width, height): (u16, u16),
    colours: ColorType,
    set: impl FnOnce(&mut Encoder<&mut Vec<u8>>),
) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 95);
    set(&mut encoder);
    encoder.encode(samples, width, height, colours).unwrap();
    file
}

/// Where the first marker of this kind stands.
pub(crate) fn marker(file: &[u8], kind: u8) -> usize {
    file.windows(2).position(|pair| pair == [0xff, kind]).unwrap()
}
