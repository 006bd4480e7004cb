//! The model's file: out of the bucket once, verified, and kept on the volume.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use sha2::{Digest, Sha256};

/// How often a download that breaks off is begun.
const TRIES: u32 = 3;

/// Where a model lies, and what it is.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key of the GGUF file.
    pub key: &'a str,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: &'a str,
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bucket did not give it.
    #[error("`{key}` in the bucket `{bucket}` cannot be read")]
    Bucket {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// What came instead.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is another file than the configuration says.
    #[error("`{key}` has the SHA-256 {found}, but the configuration says {expected}")]
    OtherFile {
        /// The key.
        key: String,
        /// What the configuration says.
        expected: String,
        /// What was downloaded.
        found: String,
    },
    /// The volume did not take it.
    #[error("`{}` cannot be written", path.display())]
    Volume {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The model's file in a folder: the one that is there, or a download.
///
/// The file has its name only when it is whole and verified, so a worker that dies in the middle leaves nothing that looks like a model.
/// One process at a time downloads; another waits, and finds the file.
///
/// # Errors
///
/// When the bucket does not give it, when it is another file than was promised, when the volume does not take it.
pub async fn fetch(client: &Client, source: Source<'_>, folder: &Path) -> Result<PathBuf, Error> {
    let volume = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Volume { path, source }
    };
    fs::create_dir_all(folder).map_err(volume(folder))?;
    let digest = source.sha256.to_ascii_lowercase();
    let kept = Kept { file: folder.join(format!("{digest}.gguf")), note: folder.join(format!("{digest}.gguf.sha256")) };
    let lock = folder.join("download.lock");
    // Released with the file, and by the system when we die.
    let file = File::create(&lock).map_err(volume(&lock))?;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await.map_err(io::Error::other).flatten();
    let _lock = locked.map_err(volume(&lock))?;
    if kept.is_whole(&digest) {
        return Ok(kept.file);
    }
    let draft = folder.join(format!("{digest}.gguf.part"));
    let mut before = 0;
    let found = loop {
        match download(client, source, &draft).await {
            Err(Error::Bucket { .. }) if before + 1 < TRIES => before += 1,
            result => break result?,
        }
    };
    if found != digest {
        fs::remove_file(&draft).map_err(volume(&draft))?;
        return Err(Error::OtherFile { key: source.key.to_owned(), expected: digest, found });
    }
    fs::rename(&draft, &kept.file).map_err(volume(&kept.file))?;
    kept.seal(&digest).map_err(volume(&kept.note))?;
    Ok(kept.file)
}

/// Streams the object into a file, and gives its SHA-256.
async fn download(client: &Client, from: Source<'_>, to: &Path) -> Result<String, Error> {
    let bucket = |source: Box<dyn std::error::Error + Send + Sync>| Error::Bucket {
        bucket: from.bucket.to_owned(),
        key: from.key.to_owned(),
        source,
    };
    let volume = |source| Error::Volume { path: to.to_owned(), source };
    let mut object = client.get_object().bucket(from.bucket).key(from.key).send().await.map_err(|error| bucket(Box::new(error)))?;
    let (mut file, mut digest) = (File::create(to).map_err(volume)?, Sha256::new());
    while let Some(part) = object.body.try_next().await.map_err(|error| bucket(Box::new(error)))? {
        digest.update(&part);
        file.write_all(&part).map_err(volume)?;
    }
    file.sync_all().map_err(volume)?;
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A model on the volume, and beside it what was verified: reading gigabytes again at each start would cost as long as a download.
struct Kept {
    file: PathBuf,
    note: PathBuf,
}

impl Kept {
    fn words(&self, digest: &str) -> io::Result<String> {
        Ok(format!("{digest} {}", fs::metadata(&self.file)?.len()))
    }

    fn is_whole(&self, digest: &str) -> bool {
        self.words(digest).is_ok_and(|words| fs::read_to_string(&self.note).is_ok_and(|noted| noted == words))
    }

    fn seal(&self, digest: &str) -> io::Result<()> {
        fs::write(&self.note, self.words(digest)?)
    }
}
