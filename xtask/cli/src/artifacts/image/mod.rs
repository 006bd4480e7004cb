//! A container image without Docker: one program, the libraries that it is linked with, and whom it trusts. Nothing is below it.
//!
//! The program is the one that Lambda would get, linked with glibc, and the image brings the very glibc that it was linked with: the
//! loader, and each library that the program or another library names. Why not
//!
//! - a base image: it would have to be fetched from a registry at each build, brings a shell and a package manager that nobody here
//!   needs, and its flaws would have to be watched;
//! - a static program: glibc resolves names by libraries that it loads while running, so a static one needs the same files beside it;
//!   musl would be another C library than the tests have run with, and another target to install.
//!
//! From 2.34 on, glibc holds in `libc.so.6` itself what resolves names from files and by DNS, so the libraries that are linked are all.
//! Their versions are the build machine's, as the linker's is: the same toolchain gives the same image. A flaw in glibc is mended by an
//! update of that machine and a new image.

mod layer;
mod layout;
mod libraries;
mod roots;

use std::fs;
use std::path::{Path, PathBuf};

use foundation::ContainerImage;
use serde::Serialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::elf::Needs;
use super::{Error, Machine, Profile, secrets};
use layer::Entry;
use layout::Blob;

/// Where the program is; no shell is there that could look for it.
const PROGRAM: &str = "usr/bin";

/// Names are looked for in `/etc/hosts`, then by DNS, as whoever runs the container has set both up.
const NAME_SERVICES: &str = "hosts: files dns\n";

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Image {
    /// The manifest's: the image's name for ever.
    pub(crate) digest: String,
    /// The image layout.
    pub(crate) folder: PathBuf,
    /// What a registry gets: all blobs, compressed.
    pub(crate) bytes: u64,
    /// What it takes where it runs.
    pub(crate) unpacked_bytes: u64,
    /// The shared objects in it, with the build machine's glibc.
    pub(crate) libraries: Vec<String>,
}

/// Packs a binary into an image layout in `folder`, with the commit that it was built from.
pub(crate) fn image(
    image: &ContainerImage,
    machine: Machine,
    binary: &Path,
    profile: Profile,
    commit: Option<&str>,
    folder: &Path,
) -> Result<Image, Error> {
    layout::must_be_ours(folder)?;
    let needs = Needs::read(binary)?;
    needs.check(image.binary, machine)?;
    let libraries = libraries::gather(&needs, machine)?;
    let program = fs::read(binary).map_err(|source| Error::Read { path: binary.to_owned(), source })?;
    let secrets = secrets::find(&program);
    if !secrets.is_empty() {
        return Err(Error::Secrets { path: binary.to_owned(), secrets });
    }

    let names = libraries.keys().cloned().collect();
    let tar = layer::tar(entries(image, machine, program, libraries)).map_err(|source| Error::Image { name: image.binary, source })?;
    let packed = layer::gzip(&tar, profile).map_err(|source| Error::Image { name: image.binary, source })?;
    let layer = Blob::of("application/vnd.oci.image.layer.v1.tar+gzip", packed);
    let config = Blob::of("application/vnd.oci.image.config.v1+json", json_bytes(&config(image, machine, &digest(&tar))));
    let manifest = Blob::of("application/vnd.oci.image.manifest.v1+json", json_bytes(&manifest(image, commit, &config, &layer)));
    let bytes = [&layer, &config, &manifest].iter().map(|blob| blob.size()).sum();
    layout::write(folder, &[&layer, &config, &manifest], &index(machine, &manifest))?;
    Ok(Image { digest: manifest.digest, folder: folder.to_owned(), bytes, unpacked_bytes: tar.len() as u64, libraries: names })
}

/// Everything in the image. `/lib` is the one folder of libraries, under each name by which a distribution's loader may look for it.
fn entries(
    image: &ContainerImage,
    machine: Machine,
    program: Vec<u8>,
    libraries: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Vec<(String, Entry)> {
    let of_debian = match machine {
        Machine::X86_64 => "lib/x86_64-linux-gnu",
        Machine::Arm64 => "lib/aarch64-linux-gnu",
    };
    let folders = ["etc", "etc/ssl", "etc/ssl/certs", "lib", "usr", PROGRAM];
    let links = [(of_debian, "."), ("lib64", "lib"), ("usr/lib", "../lib"), ("usr/lib64", "../lib")];
    let mut entries: Vec<(String, Entry)> = folders.map(|path| (path.to_owned(), Entry::Folder)).into();
    entries.extend(links.map(|(path, target)| (path.to_owned(), Entry::Link(target))));
    entries.extend(libraries.into_iter().map(|(name, content)| (format!("lib/{name}"), Entry::Program(content))));
    entries.push(("etc/nsswitch.conf".to_owned(), Entry::File(NAME_SERVICES.as_bytes().to_vec())));
    entries.push((roots::PATH.to_owned(), Entry::File(roots::pem().into_bytes())));
    entries.push((format!("{PROGRAM}/{}", image.binary), Entry::Program(program)));
    entries
}

/// How the program is started. No time: it would be another image each time.
fn config(image: &ContainerImage, machine: Machine, unpacked: &str) -> Json {
    json!({
        "architecture": architecture(machine),
        "os": "linux",
        "config": {
            "User": image.user,
            "ExposedPorts": { format!("{}/tcp", image.port): {} },
            "Entrypoint": [format!("/{PROGRAM}/{}", image.binary)],
            "WorkingDir": "/",
        },
        "rootfs": { "type": "layers", "diff_ids": [unpacked] },
        "history": [{ "created_by": "cargo xtask image" }],
    })
}

fn manifest(image: &ContainerImage, commit: Option<&str>, config: &Blob, layer: &Blob) -> Json {
    let mut annotations = json!({ "org.opencontainers.image.title": image.binary });
    if let Some(commit) = commit {
        annotations["org.opencontainers.image.revision"] = json!(commit);
    }
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
        "annotations": annotations,
    })
}

fn index(machine: Machine, manifest: &Blob) -> Json {
    let mut descriptor = manifest.descriptor();
    descriptor["platform"] = json!({ "architecture": architecture(machine), "os": "linux" });
    json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [descriptor] })
}

/// The image specification's word, which is Go's.
const fn architecture(machine: Machine) -> &'static str {
    match machine {
        Machine::X86_64 => "amd64",
        Machine::Arm64 => "arm64",
    }
}

fn json_bytes(value: &Json) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn digest(bytes: &[u8]) -> String {
    let hexadecimal: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hexadecimal}")
}

#[cfg(test)]
mod tests;
