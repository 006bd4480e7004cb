//! The one layer: files in a tar archive whose bytes depend on nothing but what the files hold.

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::super::Profile;

/// Something in the image.
#[derive(Debug)]
pub(super) enum Entry {
    Folder,
    /// A link to another path, seen from where it lies.
    Link(&'static str),
    File(Vec<u8>),
    /// A file that may be run, or loaded as code.
    Program(Vec<u8>),
}

/// An archive of them in the order of their paths, all of root's, which nobody else may change, and of the first moment of 1970.
pub(super) fn tar(entries: Vec<(String, Entry)>) -> io::Result<Vec<u8>> {
    // A folder sorts before what is in it, and is there when that is unpacked.
    let sorted: BTreeMap<String, Entry> = entries.into_iter().collect();
    let mut archive = Builder::new(Vec::new());
    for (path, entry) in &sorted {
        let mut header = Header::new_ustar();
        let (kind, mode, content): (_, _, &[u8]) = match entry {
            Entry::Folder => (EntryType::Directory, 0o755, &[]),
            Entry::Link(_) => (EntryType::Symlink, 0o777, &[]),
            Entry::File(content) => (EntryType::Regular, 0o644, content),
            Entry::Program(content) => (EntryType::Regular, 0o755, content),
        };
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        match entry {
            Entry::Link(target) => archive.append_link(&mut header, path, target)?,
            Entry::Folder => archive.append_data(&mut header, format!("{path}/"), content)?,
            Entry::File(_) | Entry::Program(_) => archive.append_data(&mut header, path, content)?,
        }
    }
    archive.into_inner()
}

/// The archive as registries want it, without the time and the name of a machine that gzip would write down.
pub(super) fn gzip(tar: &[u8], profile: Profile) -> io::Result<Vec<u8>> {
    let level = Compression::new(profile.compression().unsigned_abs().try_into().unwrap_or(9));
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), level);
    writer.write_all(tar)?;
    writer.finish()
}
