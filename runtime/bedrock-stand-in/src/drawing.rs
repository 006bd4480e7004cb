//! Coloured fields as a PNG file.

/// How many fields there are in each direction.
const FIELDS: u32 = 4;

/// What stands in every file.
const COMMENT: &str = "coloured fields, drawn by a stand-in for an image model";

/// A picture of this size, whose colours follow from the prompt and the seed: the same ones give the same file.
pub(crate) fn draw(width: u32, height: u32, prompt: &str, seed: u64) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.add_text_chunk("Comment".to_owned(), COMMENT.to_owned())?;
    let mut writer = encoder.write_header()?;
    let colours: Vec<[u8; 3]> = (0..FIELDS * FIELDS).map(|field| colour(prompt, seed, field)).collect();
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let field = (y * FIELDS / height) * FIELDS + x * FIELDS / width;
            pixels.extend_from_slice(&colours[field as usize]);
        }
    }
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

/// FNV-1a over everything that the field's colour depends on.
fn colour(prompt: &str, seed: u64, field: u32) -> [u8; 3] {
    let bytes = prompt.bytes().chain(seed.to_le_bytes()).chain(field.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let [.., red, green, blue] = hash.to_be_bytes();
    [red, green, blue]
}
