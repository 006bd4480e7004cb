//! A picture that is declared before it comes: held against what is let in, so that a form is only handed out for what may be stored.

use caller::{Answer, Request, body};
use contract::upload::{CONTENT_TYPES, Declared, UploadConfig};

use crate::judge;

/// A declaration is two short fields.
const MOST_BYTES: u32 = 1_024;

pub(crate) fn read(request: &Request, config: &UploadConfig) -> Result<Declared, Answer> {
    let declared: Declared = body::json(request, MOST_BYTES)?;
    if !CONTENT_TYPES.contains(&declared.content_type.as_str()) {
        let right: Vec<_> = CONTENT_TYPES.iter().map(|known| format!("`{known}`")).collect();
        let shown: String = declared.content_type.chars().take(64).collect();
        let message = format!("`content_type` is `{shown}`, it must be {}", right.join(" or "));
        return Err(Answer::error(400, "content_type_unknown", message));
    }
    match declared.bytes {
        0 => Err(judge::empty()),
        bytes if u64::from(config.max_bytes) < bytes => Err(judge::too_large(bytes, config.max_bytes)),
        _ => Ok(declared),
    }
}
