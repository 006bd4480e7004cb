//! The store that is S3.

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::TaggingDirective,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Head, NewObject, Store, StoreError};
use crate::spool::{Appetite, Arrivals};

/// Objects in S3, or in whatever answers at the configured endpoint.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
}

impl S3Store {
    /// A store that sends its calls through this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

/// One call, for what is said when it fails.
#[derive(Clone, Copy)]
struct Call<'a> {
    doing: &'static str,
    bucket: &'a str,
    key: &'a str,
}

impl Call<'_> {
    fn failed(self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::Failed { doing: self.doing, bucket: self.bucket.to_owned(), key: self.key.to_owned(), source: error.into() }
    }

    fn error<E>(self, error: SdkError<E, HttpResponse>) -> StoreError
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let (bucket, key) = (self.bucket.to_owned(), self.key.to_owned());
        // The answer to HEAD has no body, so there is nothing but the status to go by.
        match (error.raw_response().map(|response| response.status().as_u16()), error.code()) {
            (Some(404), None | Some("NotFound" | "NoSuchKey" | "NoSuchVersion")) => StoreError::Missing { bucket, key },
            (Some(412), _) => StoreError::Changed { bucket, key },
            _ => self.failed(error),
        }
    }
}

impl Store for S3Store {
    async fn head(&self, bucket: &str, key: &str) -> Result<Head, StoreError> {
        let call = Call { doing: "look at", bucket, key };
        let found = self.client.head_object().bucket(bucket).key(key).send().await.map_err(|error| call.error(error))?;
        let etag = found.e_tag().ok_or_else(|| call.failed("the answer has no entity tag"))?;
        Ok(Head {
            bytes: found
                .content_length()
                .and_then(|bytes| u64::try_from(bytes).ok())
                .ok_or_else(|| call.failed("the answer has no length"))?,
            etag: etag.trim_matches('"').to_owned(),
            // A bucket that once kept versions calls those without one `null`.
            version: found.version_id().filter(|version| *version != "null").map(str::to_owned),
            metadata: found.metadata.unwrap_or_default().into_iter().collect(),
        })
    }

    async fn get(&self, bucket: &str, key: &str, etag: &str, mut arrivals: Arrivals) -> Result<(), StoreError> {
        let call = Call { doing: "read", bucket, key };
        let found =
            self.client.get_object().bucket(bucket).key(key).if_match(quoted(etag)).send().await.map_err(|error| call.error(error))?;
        // An endpoint that does not know the condition would answer with whatever is there now.
        if found.e_tag().is_some_and(|found| found.trim_matches('"') != etag) {
            return Err(StoreError::Changed { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        let mut stream = found.body;
        // The last piece comes only when the checksum is right that S3 keeps of the whole.
        while let Some(chunk) = stream.try_next().await.map_err(|error| call.failed(error))? {
            if arrivals.append(&chunk).map_err(|error| call.failed(error))? == Appetite::Enough {
                return Ok(());
            }
        }
        arrivals.complete().map_err(|error| call.failed(error))
    }

    async fn put(&self, bucket: &str, key: &str, object: NewObject) -> Result<(), StoreError> {
        let NewObject { body, content_type, metadata } = object;
        let request = self.client.put_object().bucket(bucket).key(key).content_type(content_type).body(ByteStream::from(body));
        let request = metadata.into_iter().fold(request, |request, (name, value)| request.metadata(name, value));
        request.send().await.map_err(|error| Call { doing: "write", bucket, key }.error(error))?;
        Ok(())
    }

    async fn copy(&self, bucket: &str, key: &str, etag: &str, to: &str) -> Result<(), StoreError> {
        // Everything but what never needs it, and the slashes, which S3 wants to see.
        const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        let source = format!("{bucket}/{}", utf8_percent_encode(key, IN_A_PATH));
        let request = self.client.copy_object().bucket(bucket).key(to).copy_source(source).copy_source_if_match(quoted(etag));
        // Without its tags, for which the function would need two more permissions as soon as somebody tags a picture.
        let request = request.tagging_directive(TaggingDirective::Replace);
        request.send().await.map_err(|error| Call { doing: "copy", bucket, key }.error(error))?;
        Ok(())
    }

    async fn delete(&self, bucket: &str, key: &str, etag: &str) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(bucket).key(key).if_match(quoted(etag));
        request.send().await.map_err(|error| Call { doing: "delete", bucket, key }.error(error))?;
        Ok(())
    }
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}
