//! An image as it lies on disk, held against its digests.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Something that the registry keeps under its digest.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) content: Vec<u8>,
}

/// A manifest and what it names.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) manifest: Blob,
    pub(super) media_type: String,
    pub(super) blobs: Vec<Blob>,
}

impl Image {
    /// Reads all of it; the error says which part is not what its name says.
    pub(super) fn read(folder: &Path, digest: &str) -> Result<Self, String> {
        let manifest = blob(folder, digest)?;
        let said: Value =
            serde_json::from_slice(&manifest.content).map_err(|error| format!("the manifest `{digest}` cannot be read: {error}"))?;
        let missing = |what: &str| format!("the manifest `{digest}` has no `{what}`");
        let media_type = said.get("mediaType").and_then(Value::as_str).ok_or_else(|| missing("mediaType"))?.to_owned();
        let layers = said.get("layers").and_then(Value::as_array).ok_or_else(|| missing("layers"))?;
        let config = said.get("config").ok_or_else(|| missing("config"))?;
        let named = |descriptor: &Value| descriptor.get("digest").and_then(Value::as_str).map(str::to_owned);
        let blobs = layers
            .iter()
            .chain([config])
            .map(|descriptor| blob(folder, &named(descriptor).ok_or_else(|| missing("digest"))?))
            .collect::<Result<_, _>>()?;
        Ok(Self { manifest, media_type, blobs })
    }
}

fn blob(folder: &Path, digest: &str) -> Result<Blob, String> {
    let hexadecimal = digest.strip_prefix("sha256:").filter(|name| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let name = hexadecimal.ok_or_else(|| format!("`{digest}` is no SHA-256"))?;
    let path = folder.join("blobs/sha256").join(name);
    let content = fs::read(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let actual: String = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    if actual != name {
        return Err(format!("`{}` is not what its name says: its SHA-256 is {actual}", path.display()));
    }
    Ok(Blob { digest: digest.to_owned(), content })
}
