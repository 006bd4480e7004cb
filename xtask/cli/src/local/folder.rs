//! The folder in which one local cloud keeps everything.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::{env, path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Error;

/// The variable that says where, for whoever wants a second local cloud that does not disturb the first.
pub(crate) const LOCATION: &str = "CLOUDWRIGHT_LOCAL_DIR";

/// The ports from which each folder gets its own: below those that systems lend to outgoing connections.
pub(super) const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// How much of a log's end is looked at.
const TAIL_BYTES: i64 = 8 * 1024;

/// How many of the last lines of a log are shown.
const TAIL_LINES: usize = 12;

/// The folder in which one local cloud keeps everything.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder that the environment names, or `local/` in cargo's target folder.
    pub(super) fn find(target: &Path) -> Self {
        let folder = env::var_os(LOCATION).filter(|folder| !folder.is_empty()).map_or_else(|| target.join("local"), PathBuf::from);
        Self::at(&folder)
    }

    pub(super) fn at(folder: &Path) -> Self {
        // Other processes with other working directories get these paths. Only an empty path has no absolute form.
        Self(path::absolute(folder).unwrap_or_else(|_| folder.to_owned()))
    }

    /// What runs, or ran when nobody stopped it.
    pub(super) fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }

    /// What was stopped in good order, to be resumed.
    pub(super) fn kept(&self) -> PathBuf {
        self.0.join("kept.json")
    }

    /// The compute agent, or the one that ran last.
    pub(super) fn agent(&self) -> PathBuf {
        self.0.join("agent.json")
    }

    /// The stand-in for image models, or the one that ran last.
    pub(super) fn stand_in(&self) -> PathBuf {
        self.0.join("stand-in.json")
    }

    pub(super) fn stand_in_log(&self) -> PathBuf {
        self.0.join("stand-in.log")
    }

    /// What the compute agent keeps: programs and models of workers, and what they write.
    pub(super) fn workers(&self) -> PathBuf {
        self.0.join("workers")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("ministack.log")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    pub(super) fn tmp(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// What the services hold between two runs, but for objects.
    pub(super) fn services(&self) -> PathBuf {
        self.0.join("services")
    }

    /// The objects in buckets.
    pub(super) fn objects(&self) -> PathBuf {
        self.0.join("objects")
    }

    /// The same folder always begins its search for a port at the same place, and another folder at another.
    pub(super) fn first_port(&self) -> u16 {
        let digest = Sha256::digest(self.0.as_os_str().as_encoded_bytes());
        let number = u16::from_be_bytes([digest[0], digest[1]]);
        PORTS.start + number % (PORTS.end - PORTS.start)
    }

    /// Lets one process at a time start or stop. Released with the returned file, and by the system when we die.
    pub(super) fn lock(&self, say: &dyn Fn(&str)) -> Result<File, Error> {
        make(&self.0)?;
        let path = self.0.join("lock");
        let fails = |source| Error::Files { what: "lock", path: path.clone(), source };
        let file = File::create(&path).map_err(fails)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                say("another run is starting or stopping the local cloud; waiting for it");
                file.lock().map_err(fails)?;
                Ok(file)
            }
            Err(TryLockError::Error(source)) => Err(fails(source)),
        }
    }

    /// Makes the folders that the local cloud needs.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        [self.home(), self.tmp(), self.services(), self.objects()].iter().try_for_each(|folder| make(folder))
    }

    /// Forgets everything that the local cloud held.
    pub(super) fn clear(&self) -> Result<(), Error> {
        for folder in [self.home(), self.tmp(), self.services(), self.objects()] {
            match fs::remove_dir_all(&folder) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::Files { what: "remove", path: folder, source });
                }
                Ok(()) | Err(_) => {}
            }
        }
        self.forget(&self.kept())
    }

    /// Removes a file, if it is there.
    pub(super) fn forget(&self, file: &Path) -> Result<(), Error> {
        match fs::remove_file(file) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Files { what: "remove", path: file.to_owned(), source }),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Removes the objects of buckets that no longer exist, which would otherwise come back as buckets that belong to no stack.
    ///
    /// False when it cannot be told which buckets exist; then nothing that is kept can be trusted.
    pub(super) fn drop_orphaned_buckets(&self) -> bool {
        let Some(known) = self.buckets() else { return false };
        for account in entries(&self.objects()) {
            for bucket in entries(&account) {
                let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if !known.contains(&(name(&account), name(&bucket))) && fs::remove_dir_all(&bucket).is_err() {
                    return false;
                }
            }
        }
        true
    }

    /// The buckets that existed when the local cloud was stopped: account and name.
    fn buckets(&self) -> Option<BTreeSet<(String, String)>> {
        let text = match fs::read(self.services().join("s3.json")) {
            Ok(text) => text,
            // Nobody has asked for S3 yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(BTreeSet::new()),
            Err(_) => return None,
        };
        let state: Value = serde_json::from_slice(&text).ok()?;
        let buckets = state.get("payload")?.get("buckets_meta")?.get("data")?.as_object()?;
        // A key is the account and, after a zero, the name as Python writes it: in quotes.
        let account_and_name = |key: &String| {
            let (account, name) = key.split_once('\0')?;
            Some((account.to_owned(), name.trim_matches('\'').to_owned()))
        };
        buckets.keys().map(account_and_name).collect()
    }

    /// The last lines of the log.
    pub(super) fn last_lines(&self) -> Vec<String> {
        let read = || -> io::Result<String> {
            let mut file = File::open(self.log())?;
            let length = i64::try_from(file.metadata()?.len()).unwrap_or(i64::MAX);
            file.seek(SeekFrom::End(-length.min(TAIL_BYTES)))?;
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

fn make(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::Files { what: "make the folder", path: folder.to_owned(), source })
}

/// The folders in a folder, but for hidden ones.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_look_for_a_port_at_two_places() {
        let ports: BTreeSet<u16> =
            ["/a/target/local", "/b/target/local", "/a/target/test"].map(|path| Folder::at(Path::new(path)).first_port()).into();

        assert_eq!(ports.len(), 3, "two checkouts would fight for one port");
        assert!(ports.iter().all(|port| PORTS.contains(port)));
        assert_eq!(Folder::at(Path::new("/a")).first_port(), Folder::at(Path::new("/a")).first_port(), "bookmarks would break");
    }

    #[test]
    fn objects_of_a_bucket_that_was_deleted_do_not_come_back() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        folder.prepare().unwrap();
        fs::write(folder.services().join("s3.json"), r#"{"payload":{"buckets_meta":{"data":{"123456789012\u0000'here'":{}}}}}"#).unwrap();
        for bucket in ["here", "deleted"] {
            fs::create_dir_all(folder.objects().join("123456789012").join(bucket)).unwrap();
        }

        let trusted = folder.drop_orphaned_buckets();

        assert!(trusted);
        let left: Vec<_> = entries(&folder.objects().join("123456789012"));
        assert_eq!(left, [folder.objects().join("123456789012/here")], "a bucket would be there that belongs to no stack");
    }

    #[test]
    fn a_local_cloud_that_was_never_asked_for_a_bucket_is_trusted() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        folder.prepare().unwrap();

        assert!(folder.drop_orphaned_buckets(), "it would start empty although it held something");
    }

    #[test]
    fn what_cannot_be_read_is_not_trusted() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        folder.prepare().unwrap();
        fs::write(folder.services().join("s3.json"), "{").unwrap();

        assert!(!folder.drop_orphaned_buckets(), "half a snapshot would be resumed");
    }

    #[test]
    fn the_end_of_a_long_log_is_shown() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        let lines: String = (0..10_000).map(|number| format!("line {number}\n\n")).collect();
        fs::write(folder.log(), lines).unwrap();

        let last = folder.last_lines();

        assert_eq!(last.len(), TAIL_LINES);
        assert_eq!(last.last().unwrap(), "line 9999", "the reason why it died would be missing");
    }
}
