//! The bucket that pictures lie in.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use contract::imagegen::CONTENT_TYPE;

use super::{Aws, failed};
use crate::cloud::{CloudError, Pictures};

impl Pictures for Aws {
    fn bucket(&self) -> &str {
        &self.result_bucket
    }

    async fn has(&self, key: &str) -> Result<bool, CloudError> {
        match self.s3.head_object().bucket(&self.result_bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(false),
            Err(error) => Err(failed("look for the picture")(error)),
        }
    }

    async fn put(&self, key: &str, picture: Vec<u8>) -> Result<(), CloudError> {
        let call = self.s3.put_object().bucket(&self.result_bucket).key(key).content_type(CONTENT_TYPE).if_none_match("*");
        match call.body(picture.into()).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_there_already(&error) => Ok(()),
            Err(error) => Err(failed("put the picture into its bucket")(error)),
        }
    }
}

/// Put by another attempt, or by this one when its answer was lost.
fn is_there_already<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("PreconditionFailed")
}
