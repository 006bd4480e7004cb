//! S3 and CloudWatch Logs through the SDK.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Aws, errors};
use engine::cloud::{CloudError, ErrorKind, LogLine};

const SERVICE: &str = "s3";

impl Aws {
    pub(super) fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.config)
    }

    pub(super) async fn object_is_there(&self, bucket: &str, key: &str) -> Result<bool, CloudError> {
        self.count(SERVICE);
        let head = self.s3().head_object().bucket(bucket).key(key).send().await;
        match head.map_err(|error| errors::of(SERVICE, "HeadObject", error)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn upload_text(&self, bucket: &str, key: &str, text: &str) -> Result<(), CloudError> {
        self.count(SERVICE);
        let body = ByteStream::from(text.as_bytes().to_vec());
        let call = self.s3().put_object().bucket(bucket).key(key).content_type("application/json").body(body);
        call.send().await.map(|_| ()).map_err(|error| errors::of(SERVICE, "PutObject", error))
    }

    /// Delete page by page: ListObjectVersions gives at most a thousand keys, which is what DeleteObjects takes.
    pub(super) async fn purge(&self, bucket: &str) -> Result<u64, CloudError> {
        let s3 = self.s3();
        let mut gone = 0;
        loop {
            self.count(SERVICE);
            let page =
                s3.list_object_versions().bucket(bucket).send().await.map_err(|error| errors::of(SERVICE, "ListObjectVersions", error))?;
            let versions = page.versions.unwrap_or_default().into_iter().map(|version| (version.key, version.version_id));
            let markers = page.delete_markers.unwrap_or_default().into_iter().map(|marker| (marker.key, marker.version_id));
            let object = |(key, version): (Option<String>, Option<String>)| {
                ObjectIdentifier::builder().key(key?).set_version_id(version).build().ok()
            };
            let objects: Vec<_> = versions.chain(markers).filter_map(object).collect();
            if objects.is_empty() {
                return Ok(gone);
            }
            gone += objects.len() as u64;
            let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build().map_err(|error| unbuildable(&error))?;
            self.count(SERVICE);
            let done = s3.delete_objects().bucket(bucket).delete(delete).send().await;
            let done = done.map_err(|error| errors::of(SERVICE, "DeleteObjects", error))?;
            if let Some(first) = done.errors.unwrap_or_default().into_iter().next() {
                return Err(CloudError {
                    service: SERVICE,
                    operation: "DeleteObjects",
                    code: first.code,
                    message: format!("{}: {}", first.key.unwrap_or_default(), first.message.unwrap_or_default()),
                    kind: ErrorKind::Other,
                });
            }
        }
    }

    pub(super) async fn filter_log_events(&self, group: &str, from: i64, filter: Option<&str>) -> Result<Vec<LogLine>, CloudError> {
        let client = aws_sdk_cloudwatchlogs::Client::new(&self.config);
        let mut lines = Vec::new();
        let mut token = None;
        loop {
            self.count("logs");
            let call = client
                .filter_log_events()
                .log_group_name(group)
                .start_time(from)
                .set_filter_pattern(filter.map(str::to_owned))
                .set_next_token(token);
            let page = call.send().await.map_err(|error| errors::of("logs", "FilterLogEvents", error))?;
            lines.extend(page.events.unwrap_or_default().into_iter().map(|event| LogLine {
                id: event.event_id.unwrap_or_default(),
                stream: event.log_stream_name.unwrap_or_default(),
                at_milliseconds: event.timestamp.unwrap_or_default(),
                message: event.message.unwrap_or_default(),
            }));
            token = page.next_token;
            if token.is_none() {
                lines.sort_by_key(|line| line.at_milliseconds);
                return Ok(lines);
            }
        }
    }
}

fn unbuildable(error: &dyn std::error::Error) -> CloudError {
    CloudError { service: SERVICE, operation: "DeleteObjects", code: None, message: error.to_string(), kind: ErrorKind::Other }
}
