//! What a file is, by its first bytes alone: never by its name, never by what its uploader called it.

use super::{Reason, Refusal};

/// What can be transcoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ITU-T T.81.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

const JPEG: &[u8] = &[0xff, 0xd8, 0xff];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Recognises a file by its first bytes.
///
/// A file that carries another one inside or behind is what its beginning says; a proxy holds freshly encoded pixels, so what hides there ends there.
///
/// # Errors
///
/// The file is empty, or neither JPEG nor PNG.
pub fn sniff(file: &[u8]) -> Result<Format, Refusal> {
    if file.starts_with(JPEG) {
        Ok(Format::Jpeg)
    } else if file.starts_with(PNG) {
        Ok(Format::Png)
    } else if file.is_empty() {
        Err(Refusal::new(Reason::Empty, "the file has no bytes"))
    } else {
        let begin: Vec<_> = file.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Err(Refusal::new(Reason::NotAnImage, format!("the file begins with {}, neither JPEG nor PNG does", begin.join(" "))))
    }
}
