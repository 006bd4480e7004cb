//! The model's file, out of a bucket of the local cloud.
#![cfg(test)]

use std::fs;

use gpu_worker::{ModelError, Source, fetch};
use testcloud::Cloud;

/// `printf 'the model' | sha256sum`
const SHA256: &str = "36cc7e3d6f6200756c81e18470827e9dac1c602fcd87761cbb0b8f015611c098";

async fn client() -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::new(&Cloud::shared().unwrap().tenant().config().await)
}

/// Names of buckets are everybody's: one for each test.
async fn put(client: &aws_sdk_s3::Client, bucket: &str) {
    client.create_bucket().bucket(bucket).send().await.unwrap();
    client.put_object().bucket(bucket).key("models/tiny.gguf").body(b"the model".to_vec().into()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_downloaded_once_and_verified() {
    let (client, folder) = (client().await, tempfile::tempdir().unwrap());
    put(&client, "models-once").await;
    let source = Source { bucket: "models-once", key: "models/tiny.gguf", sha256: SHA256 };

    // Two workers that start at once, and one that starts when the bucket is gone.
    let (one, other) = tokio::join!(fetch(&client, source, folder.path()), fetch(&client, source, folder.path()));
    client.delete_object().bucket("models-once").key("models/tiny.gguf").send().await.unwrap();
    let later = fetch(&client, source, folder.path()).await;

    let file = one.unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"the model");
    assert_eq!(other.unwrap(), file);
    assert_eq!(later.unwrap(), file, "each start would download gigabytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_one_that_was_promised_is_not_kept() {
    let (client, folder) = (client().await, tempfile::tempdir().unwrap());
    put(&client, "models-other").await;
    let sha256 = "0".repeat(64);

    let error = fetch(&client, Source { bucket: "models-other", key: "models/tiny.gguf", sha256: &sha256 }, folder.path()).await;

    assert!(matches!(error, Err(ModelError::OtherFile { ref found, .. }) if found == SHA256), "{error:?}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["download.lock"], "a worker would start with a model that nobody knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_changed_on_the_volume_is_downloaded_again() {
    let (client, folder) = (client().await, tempfile::tempdir().unwrap());
    put(&client, "models-changed").await;
    let source = Source { bucket: "models-changed", key: "models/tiny.gguf", sha256: SHA256 };
    let file = fetch(&client, source, folder.path()).await.unwrap();
    fs::write(&file, "half").unwrap();

    let again = fetch(&client, source, folder.path()).await.unwrap();

    assert_eq!(fs::read(again).unwrap(), b"the model");
}
