//! Zips that Lambda takes, or a machine, the same bytes for the same binary.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use protocol::Artifact;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::elf::Needs;
use super::fresh::Stamp;
use super::{Built, Error, Machine, Profile, secrets};

/// The most that Lambda unpacks for one function.
pub(crate) const MAXIMUM_UNZIPPED: u64 = 250 * 1024 * 1024;

/// What Lambda starts.
pub(crate) const BOOTSTRAP: &str = "bootstrap";

/// A binary that a stack ships, and the machine that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shipped<'a> {
    pub(crate) name: &'a str,
    /// What it is called in its zip.
    pub(crate) entry: &'a str,
    pub(crate) machine: Machine,
}

/// What is known about a binary since it was last zipped.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    /// What it is called in the zip.
    entry: String,
    /// By which rules it was searched for credentials.
    searched: u32,
    binary: Stamp,
    zip: Stamp,
    artifact: Artifact,
    needs: Needs,
}

/// Checks and zips what is shipped, into `folder`. A binary that has not changed since is not even opened.
pub(crate) fn pack(shipped: &[Shipped<'_>], built: &Built, profile: Profile, folder: &Path) -> Result<Vec<Artifact>, Error> {
    shipped
        .iter()
        .map(|shipped| {
            let binary = built.executable(shipped.name)?;
            let known = match remembered(*shipped, binary, folder) {
                Some(known) => known,
                None => zip_anew(*shipped, binary, profile, folder)?,
            };
            known.needs.check(shipped.name, shipped.machine)?;
            Ok(known.artifact)
        })
        .collect()
}

/// What was found out last time, as long as neither the binary nor the zip has been touched since. Whatever is wrong with the memory,
/// zipping anew is always right.
fn remembered(shipped: Shipped<'_>, binary: &Path, folder: &Path) -> Option<Known> {
    let known: Known = serde_json::from_slice(&fs::read(memory(shipped.name, folder)).ok()?).ok()?;
    let same_rules = known.searched == secrets::RULES && known.entry == shipped.entry;
    let unchanged = same_rules && known.binary.holds(binary) && known.zip.holds(&known.artifact.path);
    unchanged.then_some(known)
}

fn zip_anew(shipped: Shipped<'_>, binary: &Path, profile: Profile, folder: &Path) -> Result<Known, Error> {
    let Shipped { name, entry, .. } = shipped;
    let stamp = Stamp::of(binary).map_err(|source| Error::Read { path: binary.to_owned(), source })?;
    if MAXIMUM_UNZIPPED < stamp.bytes() {
        return Err(Error::TooLarge { name: name.to_owned(), bytes: stamp.bytes() });
    }
    let needs = Needs::read(binary)?;
    let content = fs::read(binary).map_err(|source| Error::Read { path: binary.to_owned(), source })?;
    let secrets = secrets::find(&content);
    if !secrets.is_empty() {
        return Err(Error::Secrets { path: binary.to_owned(), secrets });
    }

    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    let path = folder.join(format!("{name}.zip"));
    // Written under another name first: an interrupted run leaves no half a zip behind that looks whole.
    let unfinished = folder.join(format!("{name}.{}.unfinished", std::process::id()));
    write_zip(shipped, &content, &unfinished, profile)?;
    let sha256 = sha256(&unfinished).map_err(|source| Error::Read { path: unfinished.clone(), source })?;
    fs::rename(&unfinished, &path).map_err(|source| Error::Write { path: path.clone(), source })?;

    let zip = Stamp::of(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let artifact = Artifact { name: name.to_owned(), path, sha256, bytes: zip.bytes() };
    let known = Known { entry: entry.to_owned(), searched: secrets::RULES, binary: stamp, zip, artifact, needs };
    // The memory only saves time, so a deploy does not fail for want of it.
    if let Ok(text) = serde_json::to_vec(&known) {
        drop(fs::write(memory(name, folder), text));
    }
    Ok(known)
}

/// One entry, under the name that it is started by; a fixed time and mode, so that only the binary decides the bytes.
fn write_zip(shipped: Shipped<'_>, content: &[u8], zip: &Path, profile: Profile) -> Result<(), Error> {
    let target = File::create(zip).map_err(|source| Error::Write { path: zip.to_owned(), source })?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(profile.compression()))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755);

    let mut writer = ZipWriter::new(BufWriter::new(target));
    let broken = |source| Error::Zip { name: shipped.name.to_owned(), source };
    writer.start_file(shipped.entry, options).map_err(broken)?;
    writer.write_all(content).map_err(|source| broken(source.into()))?;
    let file = writer.finish().map_err(broken)?.into_inner().map_err(|error| broken(error.into_error().into()))?;
    file.sync_all().map_err(|source| Error::Write { path: zip.to_owned(), source })
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => digest.update(&buffer[..read]),
        }
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn memory(name: &str, folder: &Path) -> PathBuf {
    folder.join(format!("{name}.json"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    const HERE: Machine = match Machine::host() {
        Some(machine) => machine,
        None => Machine::X86_64,
    };

    /// The smallest thing that counts as a program for this machine: an ELF header that asks for nothing.
    fn program(folder: &Path) -> PathBuf {
        let machine: u8 = if HERE == Machine::Arm64 { 183 } else { 62 };
        let mut header = [0; 64];
        header[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
        header[16] = 3;
        header[18] = machine;
        header[20] = 1;
        header[52] = 64;
        let path = folder.join("binary");
        fs::write(&path, header).unwrap();
        path
    }

    fn pack_one(binary: &Path, folder: &Path) -> Result<Artifact, Error> {
        let built = Built::of([("transcode".to_owned(), binary.to_owned())]);
        pack(&[Shipped { name: "transcode", entry: BOOTSTRAP, machine: HERE }], &built, Profile::Dev, folder)
            .map(|mut artifacts| artifacts.remove(0))
    }

    #[test]
    fn the_same_binary_gives_the_same_bytes_wherever_and_whenever_it_is_zipped() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let binary = program(one.path());
        let copy = other.path().join("a-copy-with-another-name-and-time");
        fs::copy(&binary, &copy).unwrap();
        File::open(&copy).unwrap().set_modified(SystemTime::now() - Duration::from_secs(86_400)).unwrap();

        let first = pack_one(&binary, one.path()).unwrap();
        let second = pack_one(&copy, other.path()).unwrap();

        assert_eq!(first.sha256, second.sha256, "every deploy would upload and update every function");
        assert_eq!(fs::read(&first.path).unwrap(), fs::read(&second.path).unwrap(), "the digest would not be that of the bytes");
    }

    #[test]
    fn lambda_finds_one_program_that_it_may_start() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());

        let artifact = pack_one(&binary, folder.path()).unwrap();

        let mut zip = zip::ZipArchive::new(File::open(&artifact.path).unwrap()).unwrap();
        assert_eq!(zip.len(), 1, "the zip would carry more than the function");
        let mut entry = zip.by_name("bootstrap").expect("Lambda starts /var/task/bootstrap and nothing else");
        assert_eq!(entry.unix_mode().map(|mode| mode & 0o777), Some(0o755), "Lambda could not start it: permission denied");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, fs::read(&binary).unwrap(), "another program would run");
    }

    #[test]
    fn a_program_of_a_machine_keeps_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        let built = Built::of([("transcode".to_owned(), binary.clone())]);
        let as_function = pack_one(&binary, folder.path()).unwrap();

        let shipped = Shipped { name: "transcode", entry: "transcode", machine: HERE };
        let artifact = pack(&[shipped], &built, Profile::Dev, folder.path()).unwrap().remove(0);

        let mut zip = zip::ZipArchive::new(File::open(&artifact.path).unwrap()).unwrap();
        assert!(zip.by_name("transcode").is_ok(), "the machine's start would look for it in vain");
        assert_ne!(artifact.sha256, as_function.sha256, "what was zipped for Lambda would be taken for the same");
    }

    #[test]
    fn a_credential_is_not_shipped() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        let clean = fs::read(&binary).unwrap();
        fs::write(&binary, [clean.as_slice(), format!("{}QWERTY234567ZXCV", "AKIA").as_bytes(), b" and more"].concat()).unwrap();

        let error = pack_one(&binary, folder.path()).unwrap_err();

        let told = format!("`{}` holds what looks like an AWS access key ID `AKIA…ZXCV` at byte 64", binary.display());
        assert_eq!(error.to_string(), told, "nobody would find it");
        assert!(error.hint().starts_with("nothing was sent"), "{}", error.hint());
        assert!(!folder.path().join("transcode.zip").exists(), "a later deploy would send it");
        fs::write(&binary, clean).unwrap();
        pack_one(&binary, folder.path()).expect("a binary without credentials must be shipped");
    }

    #[test]
    fn a_known_binary_is_not_zipped_again() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        let first = pack_one(&binary, folder.path()).unwrap();
        let written = fs::metadata(&first.path).unwrap().modified().unwrap();

        let second = pack_one(&binary, folder.path()).unwrap();

        assert_eq!(first, second, "the memory would tell something else than the zip");
        assert_eq!(fs::metadata(&second.path).unwrap().modified().unwrap(), written, "a deploy without a change would take seconds");
    }

    #[test]
    fn a_changed_binary_is_zipped_again() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        let first = pack_one(&binary, folder.path()).unwrap();

        // Programs may have bytes behind their last section.
        let longer = [fs::read(&binary).unwrap(), b"another build".to_vec()].concat();
        fs::write(&binary, longer).unwrap();
        let second = pack_one(&binary, folder.path()).unwrap();

        assert_ne!(first.sha256, second.sha256, "the old program would run on");
    }

    #[test]
    fn a_zip_that_somebody_touched_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        let first = pack_one(&binary, folder.path()).unwrap();
        fs::write(&first.path, "not what it was").unwrap();

        let second = pack_one(&binary, folder.path()).unwrap();

        assert_eq!(sha256(&second.path).unwrap(), second.sha256, "a broken zip would be uploaded under a good digest");
    }

    #[test]
    fn a_binary_for_another_machine_is_refused_also_when_it_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let binary = program(folder.path());
        pack_one(&binary, folder.path()).unwrap();
        let other = if HERE == Machine::Arm64 { Machine::X86_64 } else { Machine::Arm64 };

        let built = Built::of([("transcode".to_owned(), binary)]);
        let answer = pack(&[Shipped { name: "transcode", entry: BOOTSTRAP, machine: other }], &built, Profile::Dev, folder.path());

        assert!(matches!(answer, Err(Error::Machine { .. })), "the function would never start: {answer:?}");
    }
}
