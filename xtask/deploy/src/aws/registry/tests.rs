//! A push against a registry of its own on loopback.

mod server;

use std::fs;

use aws_config::{BehaviorVersion, Region};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use server::{Fault, HOST, PASSWORD, REPOSITORY, Seen, Server};

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hexadecimal: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hexadecimal}")
}

/// An image of a layer and a config, and its digest.
fn layout() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
    let put = |content: &[u8]| {
        let digest = sha256(content);
        fs::write(folder.path().join("blobs/sha256").join(digest.trim_start_matches("sha256:")), content).unwrap();
        json!({ "digest": digest, "size": content.len() })
    };
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": put(b"{}"), "layers": [put(&[7; 300_000])],
    });
    let digest = put(manifest.to_string().as_bytes())["digest"].as_str().unwrap().to_owned();
    (folder, digest)
}

fn registry(server: &Server, password: &str) -> Registry {
    let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("eu-central-1")).build();
    let authorization = format!("Basic {password}");
    let registry = Registry::new(&config, server.address(), HOST, REPOSITORY, authorization).unwrap();
    Registry { pause: Duration::ZERO, ..registry }
}

async fn push(server: &Server, folder: &TempDir, digest: &str) -> Result<Pushed, CloudError> {
    registry(server, PASSWORD).push(&Image::read(folder.path(), digest).unwrap(), &|| ()).await
}

#[tokio::test]
async fn an_image_is_there_whole_after_a_push_and_a_second_one_sends_nothing() {
    let (server, (folder, digest)) = (Server::start(Fault::None), layout());

    let first = push(&server, &folder, &digest).await.unwrap();
    let asked_before = server.look(|seen| seen.requests.len());
    let second = push(&server, &folder, &digest).await.unwrap();

    let seen = server.stop();
    assert!(300_000 < first.bytes, "{first:?}");
    assert_eq!(
        (second.bytes, seen.requests.len() - asked_before),
        (0, 1),
        "each push would cost as much as the first: {:?}",
        seen.requests
    );
    let kept = &seen.manifests[&digest];
    assert_eq!(sha256(kept), digest, "the digest in the environment's file would name something else");
    let names = String::from_utf8_lossy(kept).into_owned();
    assert!(seen.blobs.len() == 2 && seen.blobs.keys().all(|blob| names.contains(blob)), "Fargate could not pull it");
}

#[tokio::test]
async fn what_another_image_brought_is_not_sent_again() {
    let (server, (folder, digest)) = (Server::start(Fault::None), layout());
    server.look(|seen| drop(seen.blobs.insert(sha256(&[7; 300_000]), vec![7; 300_000])));

    let pushed = push(&server, &folder, &digest).await.unwrap();

    assert!(pushed.bytes < 1_000, "the layer went over the line once more: {pushed:?}");
    drop(server.stop());
}

#[tokio::test]
async fn a_passing_failure_is_waited_out() {
    for fault in [Fault::OutOfOrderOnce, Fault::ThrottledOnce, Fault::ConnectionLostOnce] {
        let (server, (folder, digest)) = (Server::start(fault), layout());

        let pushed = push(&server, &folder, &digest).await;

        assert!(pushed.is_ok() && server.stop().manifests.contains_key(&digest), "{fault:?} failed a release: {pushed:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_credentials_and_is_not_repeated() {
    let (server, (folder, digest)) = (Server::start(Fault::None), layout());

    let error = registry(&server, "c2VjcmV0").push(&Image::read(folder.path(), &digest).unwrap(), &|| ()).await.unwrap_err();

    let seen = server.stop();
    assert_eq!((error.kind, seen.requests.len()), (ErrorKind::Credentials, 1), "{error}");
    assert!(!error.to_string().contains("c2VjcmV0"), "the log would hold the registry's password: {error}");
    assert!(seen.blobs.is_empty());
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_as_policies_name_it() {
    let (server, (folder, digest)) = (Server::start(Fault::UploadsDenied), layout());

    let error = push(&server, &folder, &digest).await.unwrap_err();

    let told = (error.kind, error.operation, error.code.as_deref());
    assert_eq!(told, (ErrorKind::Denied, "InitiateLayerUpload", Some("DENIED")), "{error}");
    assert!(server.stop().manifests.is_empty());
}

#[tokio::test]
async fn a_repository_that_is_gone_is_said_so() {
    let (server, (folder, digest)) = (Server::start(Fault::NoRepository), layout());

    let error = push(&server, &folder, &digest).await.unwrap_err();

    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::NotFound, Some("NAME_UNKNOWN")), "{error}");
    drop(server.stop());
}

#[tokio::test]
async fn bytes_that_arrive_as_others_are_refused_and_no_manifest_follows() {
    let (server, (folder, digest)) = (Server::start(Fault::BytesChangeOnTheWay), layout());

    let error = push(&server, &folder, &digest).await.unwrap_err();

    assert_eq!((error.kind, error.code.as_deref()), (ErrorKind::Refused, Some("DIGEST_INVALID")), "{error}");
    assert!(server.stop().manifests.is_empty(), "an image without its layer could be deployed");
}

#[tokio::test]
async fn a_manifest_whose_blobs_got_lost_is_a_failure() {
    let (server, (folder, digest)) = (Server::start(Fault::BlobsGetLost), layout());

    let error = push(&server, &folder, &digest).await.unwrap_err();

    assert_eq!((error.operation, error.code.as_deref()), ("PutImage", Some("BLOB_UNKNOWN")), "{error}");
    drop(server.stop());
}

#[tokio::test]
async fn the_password_goes_to_nobody_but_the_registry() {
    let (server, elsewhere) = (Server::start(Fault::UploadsElsewhere), Server::start(Fault::None));
    let (folder, digest) = layout();
    server.look(|seen| seen.elsewhere = elsewhere.address());

    let error = push(&server, &folder, &digest).await.unwrap_err();

    assert!(error.message.contains("which is not its own"), "{error}");
    let Seen { requests, .. } = elsewhere.stop();
    assert!(requests.is_empty(), "somebody else got the password: {requests:?}");
    drop(server.stop());
}

#[test]
fn what_was_changed_on_disk_is_not_sent() {
    let (folder, digest) = layout();
    let layer = folder.path().join("blobs/sha256").join(sha256(&[7; 300_000]).trim_start_matches("sha256:"));
    fs::write(&layer, [8; 300_000]).unwrap();

    let why = Image::read(folder.path(), &digest).unwrap_err();

    assert!(why.contains("is not what its name says"), "{why}");
    assert!(Image::read(folder.path(), "sha256:../../etc/passwd").unwrap_err().ends_with("is no SHA-256"));
}

#[test]
fn only_this_machine_is_spoken_to_without_tls() {
    assert_eq!(base(HOST, None).unwrap(), format!("https://{HOST}"));
    assert_eq!(base(HOST, Some("http://127.0.0.1:4566/")).unwrap(), "http://127.0.0.1:4566");
    assert_eq!(base(HOST, Some("https://proxy.example.com")).unwrap(), "https://proxy.example.com");
    for open in ["http://registry.example.com", "http://127.0.0.1.example.com:80", "ftp://127.0.0.1"] {
        assert!(base(HOST, Some(open)).is_err(), "{open} would hear the password");
    }
}

#[test]
fn a_token_of_another_registry_is_not_used() {
    let answer = |endpoint: &str| json!({ "authorizationData": [{ "authorizationToken": "dG9rZW4=", "proxyEndpoint": endpoint }] });

    assert_eq!(authorization(&answer(&format!("https://{HOST}")), HOST).unwrap(), "Basic dG9rZW4=");
    let why = authorization(&answer("https://222222222222.dkr.ecr.eu-central-1.amazonaws.com"), HOST).unwrap_err();
    assert!(!why.contains("dG9rZW4=") && why.contains("222222222222"), "{why}");
}
