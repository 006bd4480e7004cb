//! Against a server of our own that speaks as much of S3 as an upload needs, and that keeps what arrives.

mod server;

use std::cell::Cell;
use std::path::PathBuf;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use tempfile::TempDir;

use super::*;
use server::{Fault, Server};

const MIB: u64 = 1024 * 1024;

/// Seven parts, the last one shorter.
const PLAN: Plan = Plan { bytes: 6_500, part_bytes: 1_000 };

/// A file that is different everywhere, and its digest.
fn file(folder: &TempDir) -> (PathBuf, Vec<u8>, String) {
    let content: Vec<u8> = (0..PLAN.bytes).map(|at| u8::try_from(at * at % 251).unwrap()).collect();
    let path = folder.path().join("function.zip");
    fs::write(&path, &content).unwrap();
    let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    (path, content, sha256)
}

/// Sends a file in parts, and gives how that ended and how many requests were counted.
fn send(server: &Server, path: &Path, sha256: &str) -> (Result<(), CloudError>, usize) {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(server.address())
        .force_path_style(true)
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("nobody", "nothing", None, None, "test"))
        // What is tried again is the SDK's business; here every answer is the last.
        .retry_config(RetryConfig::disabled());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let requests = Cell::new(0);
    let count = || requests.set(requests.get() + 1);
    let client = Client::from_conf(config.build());
    let upload = Upload { client: &client, count: &count, bucket: "artifacts", key: "lambda/one.zip", path, sha256 };
    let ended = runtime.block_on(upload.in_parts(PLAN));
    (ended, requests.get())
}

#[test]
fn parts_arrive_whole_and_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content, sha256) = file(&folder);
    let server = Server::start(Fault::FirstPartIsSlow);

    let (ended, requests) = send(&server, &path, &sha256);

    ended.unwrap();
    let seen = server.stop();
    assert_eq!(seen.object.as_deref(), Some(content.as_slice()), "another program than the one that was packed would run");
    assert_ne!(seen.arrived.first(), Some(&1), "the server held the first part back: {:?}", seen.arrived);
    assert!((2..=AT_ONCE).contains(&seen.most_at_once), "{} parts at once", seen.most_at_once);
    assert_eq!(requests, 1 + 7 + 1, "the summary of a deploy would be wrong");
    assert!(!seen.aborted && !seen.deleted, "nothing had failed");
}

#[test]
fn a_part_that_fails_gives_the_whole_upload_up() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, sha256) = file(&folder);
    let server = Server::start(Fault::PartIsRefused(5));

    let error = send(&server, &path, &sha256).0.unwrap_err();

    let seen = server.stop();
    assert_eq!((error.operation, error.kind), ("UploadPart", ErrorKind::Denied), "{error:?}");
    assert_eq!(error.message, "part 5 may not be written");
    assert!(seen.aborted && seen.object.is_none(), "parts that nobody sees would be paid for");
}

#[test]
fn an_upload_that_cannot_even_be_given_up_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, sha256) = file(&folder);
    let server = Server::start(Fault::PartAndAbortAreRefused(2));

    let error = send(&server, &path, &sha256).0.unwrap_err();

    server.stop();
    assert_eq!(
        error.message,
        "part 2 may not be written; and the parts that arrived are still there, since AbortMultipartUpload failed too: \
         uploads may not be aborted",
        "somebody would have to find the parts on the bill"
    );
}

#[test]
fn an_upload_that_cannot_be_completed_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, sha256) = file(&folder);
    let server = Server::start(Fault::CompletionIsRefused);

    let error = send(&server, &path, &sha256).0.unwrap_err();

    assert_eq!(error.operation, "CompleteMultipartUpload", "{error:?}");
    assert!(server.stop().aborted, "parts that nobody sees would be paid for");
}

#[test]
fn an_object_that_is_not_what_was_sent_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _, sha256) = file(&folder);
    let server = Server::start(Fault::OtherChecksum);

    let error = send(&server, &path, &sha256).0.unwrap_err();

    assert!(error.message.starts_with("the object has the checksum b3RoZXI=-7 instead of "), "{error:?}");
    assert!(error.message.ends_with("; it was deleted"), "{error:?}");
    assert!(server.stop().deleted, "the next deploy would find the key and take the object for good");
}

#[test]
fn a_file_that_changed_since_it_was_packed_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content, sha256) = file(&folder);
    fs::write(&path, content.iter().rev().copied().collect::<Vec<_>>()).unwrap();
    let server = Server::start(Fault::None);

    let (ended, requests) = send(&server, &path, &sha256);

    let error = ended.unwrap_err();
    assert!(error.message.contains("is no longer the file"), "{error:?}");
    assert_eq!((requests, server.stop().requests), (0, 0), "another program would be stored under a good name");
}

#[test]
fn only_large_files_are_cut() {
    let plan = Plan::of(64 * MIB + 1).unwrap();

    let parts: Vec<_> = plan.parts().map(|part| (part.number, part.offset, part.length)).collect();

    assert_eq!(Plan::of(64 * MIB), None, "many requests instead of one");
    assert_eq!(parts[..2], [(1, 0, 8 * MIB), (2, 8 * MIB, 8 * MIB)]);
    assert_eq!((parts.len(), parts.last()), (9, Some(&(9, 64 * MIB, 1))), "bytes would be missing");
}

#[test]
fn s3_takes_the_parts_of_every_file_that_it_takes() {
    // As much as 10,000 parts of 5 GiB hold.
    let largest = 10_000 * 5 * 1024 * MIB;

    for bytes in [64 * MIB + 1, 250 * MIB, 10_000 * 8 * MIB, 10_000 * 8 * MIB + 1, 5 * MIB * MIB, largest] {
        let plan = Plan::of(bytes).unwrap();
        let (mut number, mut end) = (0, 0);
        for part in plan.parts() {
            number += 1;
            assert_eq!((part.number, part.offset), (number, end), "a gap in {bytes} bytes");
            end += part.length;
        }
        assert_eq!(end, bytes, "the object would be another file");
        assert!(number <= 10_000, "S3 would refuse part 10,001 after hours: {number} of {bytes} bytes");
        assert!((5 * MIB..=5 * 1024 * MIB).contains(&plan.part_bytes), "S3 takes no part of {} bytes", plan.part_bytes);
    }
}

#[test]
fn the_checksum_of_an_object_is_that_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (path, content, sha256) = file(&folder);

    let digests = Digests::read(&path, PLAN).unwrap();

    let parts: Vec<_> = content.chunks(1_000).map(Sha256::digest).collect();
    assert_eq!(digests.whole.as_slice(), bytes(&sha256), "every file would count as changed");
    assert_eq!(digests.parts.len(), 7);
    assert_eq!(digests.composite(), format!("{}-7", base64(&Sha256::digest(parts.concat()))), "every upload would be taken for broken");
    fs::write(&path, &content[..6_400]).unwrap();
    assert!(Digests::read(&path, PLAN).is_err(), "half a file would be sent");
}
