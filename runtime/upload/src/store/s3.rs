//! The store that is S3, or whatever answers at the configured endpoint.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart},
};
use caller::{
    StoreError,
    aws::RateTable,
    limits::{RateStore, Window, Written},
};
use contract::upload::{Form, UploadConfig};

use super::{Part, Store};
use crate::form::{self, Terms};

const WRITING: &str = "write the picture";
const LOOKING: &str = "look for the picture";
const SIGNING: &str = "sign a form";
const LINKING: &str = "sign a link";

/// The two buckets and the table of one environment.
#[derive(Debug, Clone)]
pub struct S3 {
    client: Client,
    config: SdkConfig,
    rates: RateTable,
    source: String,
    destination: String,
    valid_for: Duration,
}

impl S3 {
    /// Clients for what the configuration names. Nothing is called yet.
    #[must_use]
    pub fn new(aws: &SdkConfig, config: &UploadConfig) -> Self {
        Self {
            client: Client::new(aws),
            config: aws.clone(),
            rates: RateTable::new(aws, &config.rate_table),
            source: config.source_bucket.clone(),
            destination: config.destination_bucket.clone(),
            valid_for: Duration::from_secs(config.link_seconds.into()),
        }
    }

    async fn is_there(&self, bucket: &str, key: &str) -> Result<bool, StoreError> {
        match self.client.head_object().bucket(bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(StoreError::new(LOOKING, error)),
        }
    }
}

impl RateStore for S3 {
    async fn write(&self, user: &str, expected: Option<u64>, window: &Window, expires_at: u64) -> Result<Written, StoreError> {
        self.rates.write(user, expected, window, expires_at).await
    }
}

impl Store for S3 {
    async fn put(&self, key: &str, content_type: &str, picture: Vec<u8>) -> Result<(), StoreError> {
        let call = self.client.put_object().bucket(&self.source).key(key).content_type(content_type).body(ByteStream::from(picture));
        call.send().await.map(drop).map_err(|error| StoreError::new(WRITING, error))
    }

    async fn begin(&self, key: &str, content_type: &str) -> Result<String, StoreError> {
        let call = self.client.create_multipart_upload().bucket(&self.source).key(key).content_type(content_type);
        let begun = call.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.map_err(|error| StoreError::new(WRITING, error))?;
        begun.upload_id.ok_or_else(|| StoreError::new(WRITING, "the answer names no upload"))
    }

    async fn part(&self, key: &str, upload: &str, number: i32, bytes: Vec<u8>) -> Result<Part, StoreError> {
        let call = self.client.upload_part().bucket(&self.source).key(key).upload_id(upload).part_number(number);
        let call = call.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(bytes));
        let written = call.send().await.map_err(|error| StoreError::new(WRITING, error))?;
        let etag = written.e_tag.ok_or_else(|| StoreError::new(WRITING, "the answer has no entity tag"))?;
        Ok(Part { number, etag, crc32: written.checksum_crc32 })
    }

    async fn complete(&self, key: &str, upload: &str, parts: &[Part]) -> Result<(), StoreError> {
        let parts = parts
            .iter()
            .map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.etag).set_checksum_crc32(part.crc32.clone()).build());
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let call = self.client.complete_multipart_upload().bucket(&self.source).key(key).upload_id(upload).multipart_upload(whole);
        call.send().await.map(drop).map_err(|error| StoreError::new(WRITING, error))
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let call = self.client.abort_multipart_upload().bucket(&self.source).key(key).upload_id(upload);
        call.send().await.map(drop).map_err(|error| StoreError::new("forget an unfinished picture", error))
    }

    async fn form(&self, key: &str, content_type: &str, bytes: u64, now: SystemTime) -> Result<Form, StoreError> {
        let provider = self.config.credentials_provider().ok_or_else(|| StoreError::new(SIGNING, "there are no credentials"))?;
        let credentials = provider.provide_credentials().await.map_err(|error| StoreError::new(SIGNING, error))?;
        let region = self.config.region().ok_or_else(|| StoreError::new(SIGNING, "there is no region"))?.as_ref();
        let url = form::url(self.config.endpoint_url(), region, &self.source);
        let terms = Terms { bucket: &self.source, key, content_type, bytes, region, valid_for: self.valid_for };
        form::signed(url, &terms, &credentials, now)
    }

    async fn arrived(&self, key: &str) -> Result<bool, StoreError> {
        self.is_there(&self.source, key).await
    }

    async fn has_proxy(&self, key: &str) -> Result<bool, StoreError> {
        self.is_there(&self.destination, key).await
    }

    async fn reason(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = match self.client.get_object().bucket(&self.source).key(key).send().await {
            Ok(found) => found,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(StoreError::new(LOOKING, error)),
        };
        let body = found.body.collect().await.map_err(|error| StoreError::new(LOOKING, error))?;
        Ok(Some(body.to_vec()))
    }

    async fn link(&self, key: &str) -> Result<String, StoreError> {
        let config = PresigningConfig::expires_in(self.valid_for).map_err(|error| StoreError::new(LINKING, error))?;
        let signed = self.client.get_object().bucket(&self.destination).key(key).presigned(config).await;
        Ok(signed.map_err(|error| StoreError::new(LINKING, error))?.uri().to_owned())
    }
}

/// The answer to HEAD has no body, so there is nothing but the status to go by.
fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let status = error.raw_response().map(|response| response.status().as_u16());
    matches!((status, error.code()), (Some(404), None | Some("NotFound" | "NoSuchKey")))
}
