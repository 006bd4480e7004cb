//! Files into a bucket: small ones in one request, large ones in parts, several at a time.
//!
//! A large file is read once before anything is sent. What it digests to must be what its name promises, and the digests of its parts
//! go along with the parts; so S3 refuses whatever is not the file that was promised, also when it is written anew meanwhile. Parts
//! are read from the file as they are sent: no part is ever whole in memory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::{Aws, errors};
use engine::cloud::{CloudError, ErrorKind};

const SERVICE: &str = "s3";

/// Files up to here go in one request.
const LARGEST_IN_ONE: u64 = 64 * 1024 * 1024;

/// S3 takes parts of 5 MiB to 5 GiB; smaller ones are sent again faster when a connection breaks.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// The most parts that S3 takes. Larger files have larger parts.
const MOST_PARTS: u64 = 10_000;

/// So many parts are on their way at the same time.
const AT_ONCE: usize = 4;

/// How much of a file is in memory while it is read, and while a part is sent.
const BUFFER_BYTES: usize = 256 * 1024;

impl Aws {
    /// Puts a file under a key. The digest is that of the whole file, in hexadecimal.
    pub(super) async fn upload_file(&self, bucket: &str, key: &str, path: &Path, sha256: &str) -> Result<(), CloudError> {
        let count = || self.count(SERVICE);
        let upload = Upload { client: &Client::new(&self.config), count: &count, bucket, key, path, sha256 };
        let bytes = fs::metadata(path).map_err(|error| unreadable("PutObject", path, &error))?.len();
        match Plan::of(bytes) {
            None => upload.whole().await,
            Some(plan) => upload.in_parts(plan).await,
        }
    }
}

/// Into which parts a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    bytes: u64,
    part_bytes: u64,
}

/// One part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    /// From 1 on.
    number: i32,
    offset: u64,
    length: u64,
}

impl Plan {
    /// None for a file that goes in one request.
    fn of(bytes: u64) -> Option<Self> {
        let part_bytes = PART_BYTES.max(bytes.div_ceil(MOST_PARTS));
        (LARGEST_IN_ONE < bytes).then_some(Self { bytes, part_bytes })
    }

    fn parts(self) -> impl Iterator<Item = Part> {
        let offsets = (0..self.bytes.div_ceil(self.part_bytes)).map(move |index| index * self.part_bytes);
        (1..).zip(offsets).map(move |(number, offset)| Part { number, offset, length: self.part_bytes.min(self.bytes - offset) })
    }
}

/// What a file digests to, as a whole and part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Digests {
    whole: [u8; 32],
    parts: Vec<[u8; 32]>,
}

impl Digests {
    #[expect(clippy::indexing_slicing, reason = "never more is read than the buffer holds")]
    fn read(path: &Path, plan: Plan) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let (mut whole, mut parts) = (Sha256::new(), Vec::new());
        for part in plan.parts() {
            let mut digest = Sha256::new();
            let mut left = part.length;
            while 0 < left {
                let most = usize::try_from(left).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
                let read = file.read(&mut buffer[..most])?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                whole.update(&buffer[..read]);
                digest.update(&buffer[..read]);
                left -= read as u64;
            }
            parts.push(digest.finalize().into());
        }
        Ok(Self { whole: whole.finalize().into(), parts })
    }

    /// What S3 calls the checksum of an object that came in parts: the digest of the parts' digests, and how many there are.
    fn composite(&self) -> String {
        format!("{}-{}", base64(&Sha256::digest(self.parts.concat())), self.parts.len())
    }
}

/// One file on its way to one key.
#[derive(Clone, Copy)]
struct Upload<'a> {
    client: &'a Client,
    /// Called before every request.
    count: &'a dyn Fn(),
    bucket: &'a str,
    key: &'a str,
    path: &'a Path,
    sha256: &'a str,
}

impl Upload<'_> {
    async fn whole(self) -> Result<(), CloudError> {
        let body = ByteStream::from_path(self.path).await.map_err(|error| unreadable("PutObject", self.path, &error))?;
        (self.count)();
        let call = self.client.put_object().bucket(self.bucket).key(self.key);
        let call = call.checksum_sha256(base64(&bytes(self.sha256))).body(body);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "PutObject", error))
    }

    /// In parts; without a trace when it fails.
    async fn in_parts(self, plan: Plan) -> Result<(), CloudError> {
        const CREATE: &str = "CreateMultipartUpload";
        let path = self.path.to_owned();
        // Other work of this one thread, such as waiting for Ctrl-C, goes on meanwhile.
        let read = tokio::task::spawn_blocking(move || Digests::read(&path, plan)).await;
        let digests = read.map_err(io::Error::other).and_then(|read| read).map_err(|error| unreadable(CREATE, self.path, &error))?;
        if digests.whole.as_slice() != bytes(self.sha256) {
            let message = format!("{} is no longer the file with the SHA-256 {}; nothing of it was sent", self.path.display(), self.sha256);
            return Err(failed(CREATE, message));
        }

        (self.count)();
        let call = self.client.create_multipart_upload().bucket(self.bucket).key(self.key);
        let call = call.checksum_algorithm(ChecksumAlgorithm::Sha256).checksum_type(ChecksumType::Composite);
        let created = call.send().await.map_err(|error| errors::of(SERVICE, CREATE, error))?;
        let id = created.upload_id.ok_or_else(|| failed(CREATE, "S3 gave the upload no ID".to_owned()))?;
        let stored = match self.send_and_complete(&id, plan, &digests).await {
            Ok(stored) => stored,
            Err(error) => return Err(self.abort(&id, error).await),
        };
        if stored.as_ref() == Some(&digests.composite()) { Ok(()) } else { Err(self.remove(stored, &digests).await) }
    }

    /// Sends all parts and makes one object of them. Gives the checksum that S3 has for it.
    async fn send_and_complete(self, id: &str, plan: Plan, digests: &Digests) -> Result<Option<String>, CloudError> {
        let parts = stream::iter(plan.parts().zip(&digests.parts));
        // The first failure drops the parts that are on their way, so that the abort comes after all of them.
        let sent = parts.map(|(part, digest)| self.send(id, part, digest)).buffer_unordered(AT_ONCE).try_collect();
        let mut completed: Vec<CompletedPart> = sent.await?;
        completed.sort_by_key(CompletedPart::part_number);

        (self.count)();
        let call = self.client.complete_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
        let call = call.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(completed)).build());
        let call = call.checksum_type(ChecksumType::Composite).set_mpu_object_size(i64::try_from(plan.bytes).ok());
        let done = call.send().await.map_err(|error| errors::of(SERVICE, "CompleteMultipartUpload", error))?;
        Ok(done.checksum_sha256)
    }

    async fn send(self, id: &str, part: Part, digest: &[u8]) -> Result<CompletedPart, CloudError> {
        const UPLOAD: &str = "UploadPart";
        let body = ByteStream::read_from().path(self.path).buffer_size(BUFFER_BYTES);
        let body = body.offset(part.offset).length(Length::Exact(part.length)).build().await;
        let body = body.map_err(|error| unreadable(UPLOAD, self.path, &error))?;

        (self.count)();
        let checksum = base64(digest);
        let call = self.client.upload_part().bucket(self.bucket).key(self.key).upload_id(id).part_number(part.number);
        let sent = call.checksum_sha256(&checksum).body(body).send().await.map_err(|error| errors::of(SERVICE, UPLOAD, error))?;
        Ok(CompletedPart::builder().part_number(part.number).set_e_tag(sent.e_tag).checksum_sha256(checksum).build())
    }

    /// Gives the upload up, and adds to the reason when not even that could be done.
    async fn abort(self, id: &str, mut reason: CloudError) -> CloudError {
        (self.count)();
        let call = self.client.abort_multipart_upload().bucket(self.bucket).key(self.key).upload_id(id);
        if let Err(error) = call.send().await.map_err(|error| errors::of(SERVICE, "AbortMultipartUpload", error)) {
            let words = format!("; and the parts that arrived are still there, since AbortMultipartUpload failed too: {}", error.message);
            reason.message.push_str(&words);
        }
        reason
    }

    /// Takes an object away that is not what was sent: its key says that it is, and the next deploy would believe it.
    async fn remove(self, stored: Option<String>, digests: &Digests) -> CloudError {
        let stored = stored.unwrap_or_else(|| "none".to_owned());
        let mut message = format!("the object has the checksum {stored} instead of {}", digests.composite());
        (self.count)();
        let gone = self.client.delete_object().bucket(self.bucket).key(self.key).send().await;
        match gone.map_err(|error| errors::of(SERVICE, "DeleteObject", error)) {
            Ok(_) => message.push_str("; it was deleted"),
            Err(error) => message.push_str(&format!("; and it is still there, since DeleteObject failed too: {}", error.message)),
        }
        failed("CompleteMultipartUpload", message)
    }
}

fn failed(operation: &'static str, message: String) -> CloudError {
    CloudError { service: SERVICE, operation, code: None, message, kind: ErrorKind::Other }
}

fn unreadable(operation: &'static str, path: &Path, error: &dyn std::error::Error) -> CloudError {
    failed(operation, format!("cannot read {}: {error}", path.display()))
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let byte = |at| hexadecimal.get(2 * at..2 * at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    (0..hexadecimal.len() / 2).filter_map(byte).collect()
}

/// S3 wants a checksum's bytes in base64, where everybody else writes hexadecimal.
fn base64(bytes: &[u8]) -> String {
    aws_smithy_types::base64::encode(bytes)
}

#[cfg(test)]
mod tests;
