//! The model that every environment without a GPU runs, and every test: random weights, the same bytes everywhere.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

use crate::random::Shape;

/// Where it lies in the bucket of models.
pub const KEY: &str = "models/tiny.gguf";

/// What requests call it.
pub const MODEL: &str = "tiny";

/// SHA-256 of the file.
pub const SHA256: &str = "2f768df0d496104d0885ef0bb37468a61fb7f87d4a303ba74685c2e3e49bfbde";

/// The file, 1.5 MB.
///
/// # Errors
///
/// None that a person will see: memory takes what is written.
pub fn bytes() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Shape::TINY.write(&mut bytes)?;
    Ok(bytes)
}

/// Writes the file, and the folders above it.
///
/// # Errors
///
/// When the file system refuses.
pub fn write(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Shape::TINY.write(&mut BufWriter::new(File::create(path)?))
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_file_is_the_one_whose_digest_environments_name() {
        let bytes = bytes().unwrap();

        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();

        assert_eq!(digest, SHA256, "a worker would refuse the model that it finds in the bucket");
        assert!((1 << 20..3 << 20).contains(&bytes.len()), "{} bytes would be felt in every test", bytes.len());
    }

    #[test]
    fn the_local_environment_names_this_file() {
        let local = include_str!("../../../environments/local.yaml");

        for word in [KEY, MODEL, SHA256] {
            assert!(local.contains(word), "a local deploy would start workers that find no model: `{word}` is missing");
        }
    }

    #[test]
    fn it_is_written_into_folders_that_are_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY);

        write(&path).unwrap();

        assert_eq!(fs::read(path).unwrap(), bytes().unwrap());
    }
}
