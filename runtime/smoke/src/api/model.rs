//! The workers' model, where nobody has put one yet.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::ByteStream;
use contract::smoke::{Event, Request};
use inference::tiny;

use crate::run::{Failure, Tell, tell};

/// Puts the file that was given into the bucket, when nothing lies there. The tiny model, which tests and laptops use, needs no file.
pub(super) async fn test(client: &Client, request: &Request, bucket: Option<&str>, told: Tell<'_>) -> Result<(), Failure> {
    let (Some(bucket), Some(key)) = (bucket, &request.api.model_key) else { return Ok(()) };
    let there = match client.head_object().bucket(bucket).key(key).send().await {
        Ok(_) => true,
        Err(error) if is_absent(&error) => false,
        Err(error) => return Err(Failure::call(&format!("look for `{key}` in `{bucket}`"), request, error)),
    };
    if !there {
        let body = if let Some(file) = &request.api.model_file {
            ByteStream::from_path(file).await.map_err(|error| Failure::call(&format!("read `{}`", file.display()), request, error))?
        } else if key == tiny::KEY {
            tiny::bytes().map_err(|error| Failure::call("make the tiny model", request, error))?.into()
        } else {
            let message = format!("the model `{key}` is not in `{bucket}`, so no worker can answer anything");
            return Err(Failure::new(
                message,
                format!("put it there: `aws s3 cp <file> s3://{bucket}/{key}`, or name it with `--model-file`"),
            ));
        };
        let put = client.put_object().bucket(bucket).key(key).body(body).send().await;
        put.map_err(|error| Failure::call(&format!("put `{key}` into `{bucket}`"), request, error))?;
    }
    tell(told, &Event::Model { bucket: bucket.to_owned(), key: key.clone(), put: !there })
}

fn is_absent<R>(error: &SdkError<HeadObjectError, R>) -> bool {
    error.as_service_error().is_some_and(HeadObjectError::is_not_found)
}
