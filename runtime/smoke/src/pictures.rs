//! Pictures in, proxies out.

use std::time::{Duration, Instant};

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::GetObjectError,
    primitives::ByteStream,
};
use contract::{
    images::{TranscodeConfig, proxy_key, reason_key, reject_key},
    smoke::{Event, Request},
};
use picture::drawn::{Picture, decoded_size, proxy_size};
use ulid::Ulid;

use crate::run::{Failure, Names, Tell, milliseconds, tell};

/// Larger than the largest box, so that every proxy is scaled.
const SIZE: (u16, u16) = (3000, 2000);
const QUALITY: u8 = 85;

/// How long proxies may take: a cold function, two pictures, a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const TELL_EVERY: Duration = Duration::from_secs(2);

/// A proxy that should come.
struct Expected {
    picture: String,
    key: String,
    size: (u32, u32),
    put_at: Instant,
}

pub(crate) async fn test(client: &Client, request: &Request, names: &Names, id: Ulid, told: Tell<'_>) -> Result<(), Failure> {
    let expected = put(client, request, names, id, told).await?;
    wait(client, request, names, expected, told).await
}

async fn put(client: &Client, request: &Request, names: &Names, id: Ulid, told: Tell<'_>) -> Result<Vec<Expected>, Failure> {
    let draw = |error| Failure { source: Some(Box::new(error)), ..Failure::new("could not draw the picture", "nothing was sent") };
    let picture = Picture::drawn(SIZE.0, SIZE.1);
    let files =
        [("picture.jpg", "image/jpeg", picture.jpeg(QUALITY).map_err(draw)?), ("picture.png", "image/png", picture.png().map_err(draw)?)];
    // The names of the buckets do not matter here, only the usual prefix.
    let prefix = TranscodeConfig::new((), ()).incoming_prefix;

    let mut expected = Vec::new();
    for (name, content_type, file) in files {
        let (bucket, key) = (names.source_bucket.clone(), format!("{prefix}smoke-{id}/{name}"));
        let bytes = file.len() as u64;
        let put_at = Instant::now();
        let sent = client.put_object().bucket(&bucket).key(&key).content_type(content_type).body(ByteStream::from(file)).send().await;
        sent.map_err(|error| Failure::call(&format!("put `{key}` into `{bucket}`"), request, error))?;
        let proxy = |&edge: &u32| Expected { picture: key.clone(), key: proxy_key(&key, edge), size: proxy_size(SIZE, edge), put_at };
        expected.extend(request.boxes.iter().map(proxy));
        tell(told, &Event::Put { bucket, key, bytes })?;
    }
    Ok(expected)
}

async fn wait(client: &Client, request: &Request, names: &Names, mut missing: Vec<Expected>, told: Tell<'_>) -> Result<(), Failure> {
    let (begun, all) = (Instant::now(), missing.len());
    let (mut last_told, mut pause) = (begun, FIRST_PAUSE);
    loop {
        let mut still_missing = Vec::new();
        for proxy in missing {
            match fetch(client, request, names, &proxy).await? {
                Some(file) => tell(told, &judge(names, &proxy, &file)?)?,
                None => still_missing.push(proxy),
            }
        }
        missing = still_missing;
        let Some(next) = missing.first() else { return Ok(()) };
        if begun.elapsed() > PATIENCE {
            let keys: Vec<_> = missing.iter().map(|proxy| format!("`{}`", proxy.key)).collect();
            let message = format!("{} of {all} proxies did not come within {} s: {}", keys.len(), PATIENCE.as_secs(), keys.join(", "));
            return Err(Failure::new(message, "read the log of the transcode function, and look into its dead-letter queue"));
        }
        if last_told.elapsed() > TELL_EVERY {
            last_told = Instant::now();
            tell(told, &Event::Waiting { found: all - missing.len(), expected: all, milliseconds: milliseconds(begun) })?;
            refused(client, names, &next.picture).await?;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The proxy's file, when it is there.
async fn fetch(client: &Client, request: &Request, names: &Names, proxy: &Expected) -> Result<Option<Vec<u8>>, Failure> {
    let bucket = &names.destination_bucket;
    let failed = |error| Failure::call(&format!("read `{}` from `{bucket}`", proxy.key), request, error);
    match client.get_object().bucket(bucket).key(&proxy.key).send().await {
        Ok(found) => {
            let file = found.body.collect().await.map_err(|error| failed(error.into()))?;
            Ok(Some(file.to_vec()))
        }
        Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() || is_not_found(error.err()) => Ok(None),
        Err(error) => Err(failed(Box::<dyn std::error::Error + Send + Sync>::from(error))),
    }
}

fn is_not_found(error: &GetObjectError) -> bool {
    error.code() == Some("NotFound")
}

/// Decodes a proxy and compares its size.
fn judge(names: &Names, proxy: &Expected, file: &[u8]) -> Result<Event, Failure> {
    let Expected { key, size, put_at, .. } = proxy;
    let bucket = &names.destination_bucket;
    let hint = || format!("look at `{key}` in `{bucket}`");
    let (width, height) = decoded_size(file)
        .map_err(|error| Failure { source: Some(Box::new(error)), ..Failure::new(format!("the proxy `{key}` is no good JPEG"), hint()) })?;
    if (width, height) != *size {
        let message = format!("the proxy `{key}` is {width} × {height} pixels, it should be {} × {}", size.0, size.1);
        return Err(Failure::new(message, hint()));
    }
    let bytes = file.len() as u64;
    Ok(Event::Proxy { bucket: bucket.clone(), key: key.clone(), width, height, bytes, milliseconds: milliseconds(*put_at) })
}

/// Fails at once when the transcoder refused the picture: then no proxy will ever come.
async fn refused(client: &Client, names: &Names, picture: &str) -> Result<(), Failure> {
    let prefix = TranscodeConfig::new((), ()).reject_prefix;
    let reason = reason_key(&reject_key(&prefix, picture, ""));
    let bucket = &names.source_bucket;
    if client.head_object().bucket(bucket).key(&reason).send().await.is_err() {
        // Usually it is just not there; whatever else it is, the wait for the proxies ends by itself.
        return Ok(());
    }
    Err(Failure::new(format!("the transcoder refused `{picture}`"), format!("the reason is in `{reason}` in `{bucket}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(size: (u32, u32)) -> Expected {
        Expected { picture: "in/a.jpg".to_owned(), key: "in/a.jpg/64.jpg".to_owned(), size, put_at: Instant::now() }
    }

    fn names() -> Names {
        Names { source_bucket: "from".to_owned(), destination_bucket: "to".to_owned(), job_queue_url: String::new() }
    }

    #[test]
    fn a_proxy_of_another_size_fails_the_test() {
        let file = Picture::drawn(64, 43).jpeg(80).unwrap();

        let right = judge(&names(), &expected((64, 43)), &file);
        let wrong = judge(&names(), &expected((64, 42)), &file);

        assert!(matches!(right, Ok(Event::Proxy { width: 64, height: 43, .. })), "{right:?}");
        let failure = wrong.unwrap_err();
        assert_eq!(failure.to_string(), "the proxy `in/a.jpg/64.jpg` is 64 × 43 pixels, it should be 64 × 42");
    }

    #[test]
    fn a_proxy_that_is_no_picture_fails_the_test() {
        let judged = judge(&names(), &expected((64, 43)), b"<Error>AccessDenied</Error>");

        assert!(judged.is_err(), "an error page would pass for a proxy");
    }
}
