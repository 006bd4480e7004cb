//! An image as a folder, as the OCI's image layout has it: blobs by digest, and an index that names the one image.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::super::Error;

/// The file by which a folder says that it is an image layout.
const MARK: &str = "oci-layout";

/// Something that a registry keeps under its digest.
#[derive(Debug)]
pub(super) struct Blob {
    media_type: &'static str,
    pub(super) digest: String,
    content: Vec<u8>,
}

impl Blob {
    pub(super) fn of(media_type: &'static str, content: Vec<u8>) -> Self {
        Self { media_type, digest: super::digest(&content), content }
    }

    pub(super) fn size(&self) -> u64 {
        self.content.len() as u64
    }

    /// How others refer to it.
    pub(super) fn descriptor(&self) -> Json {
        json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.size() })
    }

    fn file_name(&self) -> &str {
        self.digest.trim_start_matches("sha256:")
    }
}

/// Refuses a folder that holds something else than an image: what is written replaces what is there.
pub(super) fn must_be_ours(folder: &Path) -> Result<(), Error> {
    let mut entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Read { path: folder.to_owned(), source }),
    };
    if entries.next().is_none() || folder.join(MARK).is_file() { Ok(()) } else { Err(Error::NoLayout { path: folder.to_owned() }) }
}

/// Writes the blobs, then the index that names them, then forgets the blobs of an image that was there before.
pub(super) fn write(folder: &Path, blobs: &[&Blob], index: &Json) -> Result<(), Error> {
    let held = folder.join("blobs/sha256");
    fs::create_dir_all(&held).map_err(|source| Error::Write { path: held.clone(), source })?;
    for blob in blobs {
        whole(&held.join(blob.file_name()), &blob.content)?;
    }
    whole(&folder.join(MARK), json!({ "imageLayoutVersion": "1.0.0" }).to_string().as_bytes())?;
    whole(&folder.join("index.json"), index.to_string().as_bytes())?;
    let named: BTreeSet<&str> = blobs.iter().map(|blob| blob.file_name()).collect();
    forget_others(&held, &named).map_err(|source| Error::Write { path: held, source })
}

/// Under another name first: an interrupted run leaves no half a file that looks whole.
fn whole(path: &Path, content: &[u8]) -> Result<(), Error> {
    let unfinished = PathBuf::from(format!("{}.{}.unfinished", path.display(), std::process::id()));
    let written = fs::File::create(&unfinished).and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.and_then(|()| fs::rename(&unfinished, path)).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn forget_others(held: &Path, named: &BTreeSet<&str>) -> io::Result<()> {
    for entry in fs::read_dir(held)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| named.contains(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
