use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use flate2::read::GzDecoder;
use foundation::environment::Architecture;
use oci_spec::image::{Arch, ImageConfiguration, ImageIndex, ImageManifest, MediaType, Os};

use super::*;

const HERE: Machine = match Machine::host() {
    Some(machine) => machine,
    None => Machine::X86_64,
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn what() -> ContainerImage {
    let architecture = if HERE == Machine::Arm64 { Architecture::Arm64 } else { Architecture::X86_64 };
    ContainerImage {
        binary: "greeter",
        architecture,
        user: "65532:65532",
        port: 8_080,
        setting: "greetings.image",
        repository_setting: "greetings.repository",
    }
}

/// A small program that is linked as ours are.
fn program(folder: &Path) -> PathBuf {
    let (source, binary) = (folder.join("greeter.c"), folder.join("greeter"));
    fs::write(&source, "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n").unwrap();
    let compiled = Command::new("cc").arg(&source).arg("-o").arg(&binary).status().unwrap();
    assert!(compiled.success(), "no C compiler works here");
    binary
}

fn made(binary: &Path, folder: &Path) -> Image {
    image(&what(), HERE, binary, Profile::Dev, Some(COMMIT), folder).unwrap()
}

fn blob(folder: &Path, digest: &str) -> Vec<u8> {
    let content = fs::read(folder.join("blobs/sha256").join(digest.trim_start_matches("sha256:"))).unwrap();
    assert_eq!(super::digest(&content), digest, "a registry would refuse it");
    content
}

/// The archive of the layer, and its manifest, as others read them.
fn read_back(folder: &Path) -> (ImageIndex, ImageManifest, ImageConfiguration, Vec<u8>) {
    let index = ImageIndex::from_file(folder.join("index.json")).unwrap();
    let manifest = ImageManifest::from_reader(&*blob(folder, index.manifests()[0].digest().as_ref())).unwrap();
    let config = ImageConfiguration::from_reader(&*blob(folder, manifest.config().digest().as_ref())).unwrap();
    let mut tar = Vec::new();
    std::io::copy(&mut GzDecoder::new(&*blob(folder, manifest.layers()[0].digest().as_ref())), &mut tar).unwrap();
    (index, manifest, config, tar)
}

#[test]
fn another_reader_finds_what_was_meant() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("image");

    let made = made(&program(home.path()), &folder);

    let (index, manifest, config, tar) = read_back(&folder);
    assert_eq!(index.manifests()[0].digest().as_ref(), made.digest, "the environment would name another image than was made");
    assert_eq!(manifest.media_type(), &Some(MediaType::ImageManifest));
    assert_eq!(manifest.layers()[0].media_type(), &MediaType::ImageLayerGzip);
    let annotations = manifest.annotations().as_ref().unwrap();
    assert_eq!(annotations["org.opencontainers.image.revision"], COMMIT, "nobody could tell which sources run");
    let architecture = if HERE == Machine::Arm64 { Arch::ARM64 } else { Arch::Amd64 };
    assert_eq!((config.os(), config.architecture()), (&Os::Linux, &architecture), "Fargate would refuse to start it");
    assert_eq!(config.rootfs().diff_ids(), &[digest(&tar)], "no container runtime would take the layer for this one");
    let run = config.config().as_ref().unwrap();
    assert_eq!(run.user().as_deref(), Some("65532:65532"), "the program would be root");
    assert_eq!(run.entrypoint().as_deref(), Some(&["/usr/bin/greeter".to_owned()][..]));
    assert_eq!(run.exposed_ports().as_deref(), Some(&["8080/tcp".to_owned()][..]));
    assert_eq!((config.created(), made.unpacked_bytes), (&None, tar.len() as u64), "each build would be another image");
}

#[test]
fn the_same_binary_is_the_same_image_and_another_one_another() {
    let home = tempfile::tempdir().unwrap();
    let (one, two, three) = (home.path().join("one"), home.path().join("two"), home.path().join("three"));
    let binary = program(home.path());
    let copy = home.path().join("copy");
    fs::copy(&binary, &copy).unwrap();
    fs::set_permissions(&copy, Permissions::from_mode(0o700)).unwrap();

    let (first, second) = (made(&binary, &one), made(&copy, &two));
    fs::write(&copy, [fs::read(&binary).unwrap(), b"more".to_vec()].concat()).unwrap();
    let other = made(&copy, &three);

    assert_eq!(first.digest, second.digest, "a build without a change would be another release");
    assert_eq!(read_back(&one).3, read_back(&two).3);
    assert_ne!(first.digest, other.digest, "a change would not be shipped");
}

#[test]
fn files_belong_to_root_and_have_no_time() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("image");
    made(&program(home.path()), &folder);

    let (.., tar) = read_back(&folder);

    let mut archive = tar::Archive::new(&*tar);
    let mut paths = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let (header, path) = (entry.header(), entry.path().unwrap().display().to_string());
        assert_eq!(
            (header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()),
            (0, 0, 0),
            "{path} differs from machine to machine"
        );
        let writable = header.entry_type().is_file() && header.mode().unwrap() & 0o022 != 0;
        assert!(!writable, "the program could change {path}");
        paths.push(path);
    }
    let mut sorted = paths.clone();
    sorted.sort();
    assert_eq!(paths, sorted, "the order would be that of somebody's disk");
    for needed in ["etc/nsswitch.conf", "etc/ssl/certs/ca-certificates.crt", "lib/libc.so.6", "lib64", "usr/bin/greeter"] {
        assert!(paths.iter().any(|path| path == needed), "{needed} is missing: {paths:?}");
    }
}

#[test]
fn a_new_image_takes_the_place_of_the_old_one_and_of_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let (folder, others) = (home.path().join("image"), home.path().join("photos"));
    let binary = program(home.path());
    made(&binary, &folder);
    fs::write(&binary, [fs::read(&binary).unwrap(), b"more".to_vec()].concat()).unwrap();
    fs::create_dir(&others).unwrap();
    fs::write(others.join("wedding.jpg"), "dear").unwrap();

    made(&binary, &folder);
    let refused = image(&what(), HERE, &binary, Profile::Dev, None, &others).unwrap_err();

    assert_eq!(fs::read_dir(folder.join("blobs/sha256")).unwrap().count(), 3, "the folder would grow with each image");
    read_back(&folder);
    assert!(refused.to_string().ends_with("is neither empty nor an image layout"), "{refused}");
    assert_eq!(fs::read_dir(&others).unwrap().count(), 1, "somebody's files would lie among blobs");
}

#[test]
fn credentials_get_into_no_image() {
    let home = tempfile::tempdir().unwrap();
    let binary = program(home.path());
    let key = format!("\0AKIA{}\0", "IOSFODNN7EXAMPLF");
    fs::write(&binary, [fs::read(&binary).unwrap(), key.into_bytes()].concat()).unwrap();

    let error = image(&what(), HERE, &binary, Profile::Dev, None, &home.path().join("image")).unwrap_err();

    assert!(matches!(error, Error::Secrets { .. }), "whoever may pull the image could use the key: {error}");
}

#[test]
fn every_certificate_authority_can_be_read() {
    let pem = roots::pem();

    let decoded: Vec<Vec<u8>> = pem
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|part| {
            use base64::Engine;
            let text: String = part.split("-----END").next().unwrap().split_whitespace().collect();
            base64::prelude::BASE64_STANDARD.decode(text).unwrap()
        })
        .collect();

    assert_eq!(decoded.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
    assert!(
        decoded.iter().zip(webpki_root_certs::TLS_SERVER_ROOT_CERTS).all(|(one, other)| one[..] == other[..]),
        "AWS would be a stranger"
    );
    assert!(100 < decoded.len() && pem.lines().all(|line| line.len() <= 64), "not every reader of PEM takes long lines");
}
